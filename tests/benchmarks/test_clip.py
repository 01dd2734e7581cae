"""What the contestants play."""

import cv2
import numpy as np
import pytest

from benchmarks import clip
from benchmarks.clip import FRAMES, SAMPLE, crowds, decode, noisy_room
from edge.errors import UserError


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(clip, "FRAMES", 4)


def test_both_orders_of_colours_hold_the_same_pictures(tmp_path):
    found = decode(SAMPLE, 0, tmp_path)
    bgr, rgb = np.load(found.bgr, mmap_mode="r"), np.load(found.rgb, mmap_mode="r")
    assert bgr.shape == rgb.shape == (found.frames, found.size[1], found.size[0], 3)
    assert 2 <= found.frames <= FRAMES
    assert np.array_equal(cv2.cvtColor(bgr[3], cv2.COLOR_BGR2RGB), rgb[3])


def test_a_start_behind_the_end_is_the_users_error(tmp_path):
    with pytest.raises(UserError, match="earlier --start"):
        decode(SAMPLE, 1000, tmp_path)


def test_a_room_is_one_picture_with_fresh_noise(tmp_path):
    bgr = np.load(noisy_room(None, 0, tmp_path).bgr).astype(float)
    difference = bgr[1] - bgr[0]
    assert difference.mean() == pytest.approx(0, abs=0.05)
    assert difference.std() == pytest.approx(np.sqrt(2) * clip.NOISE_LEVELS, rel=0.05)


def test_a_crowd_grows_window_by_window(tmp_path):
    clips = crowds(None, 0, tmp_path, 3)
    assert {each.size for each in clips} == {clip.CROWD_SIZE}
    one, two, _ = (np.load(each.bgr) for each in clips)
    changed = (one != two).any(axis=(0, 3))
    rows, columns = np.nonzero(changed)
    assert columns.min() >= clip.CROWD_SIZE[0] // clip.COLUMNS
    assert columns.max() < 2 * (clip.CROWD_SIZE[0] // clip.COLUMNS)
    assert rows.max() < clip.CROWD_SIZE[1] // clip.ROWS
    assert (one[:, 400:] == clip.GREY).all()


def test_a_folder_without_videos_is_the_users_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no video"):
        crowds(tmp_path / "empty", None, tmp_path, 2)
