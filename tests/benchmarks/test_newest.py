"""A program that works on the newest frame whenever it is free."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.newest import in_pixels, play
from benchmarks.realtime import Task, picked_up

POINT = SimpleNamespace(x=0.5, y=0.25, visibility=0.75)


@pytest.fixture
def task(tmp_path):
    frames = np.zeros((5, 40, 80, 3), np.uint8)
    frames[:] = np.arange(5)[:, None, None, None]
    np.save(tmp_path / "frames.npy", frames)
    return Task(str(tmp_path / "frames.npy"), total=20, warm_up=4, fps=50.0)


def test_landmarks_come_in_pixels_of_the_picture():
    found = in_pixels({"face": [[POINT] * 478], "hands": [], "body": [[POINT]]}, (80, 40))
    assert found["body"] == [[[40.0, 10.0, 0.75]]]
    assert found["hands"] == []
    assert len(found["face"][0]) == 468
    assert found["face"][0][0] == [40.0, 10.0]


def test_with_all_the_time_each_frame_is_worked_on_there_and_back(task, tmp_path):
    seen = []

    def look(picture, ms):
        seen.append((picture[0, 0, 0], ms))
        return {"face": []}

    play(task, look, False, str(tmp_path / "played.json"))
    played = picked_up(str(tmp_path / "played.json"))
    assert [int(value) for value, _ in seen][:10] == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1]
    assert [ms for _, ms in seen][:3] == [0, 20, 40]
    assert [emission.frame for emission in played.emissions] == list(range(20))
    assert played.dropped == {}
    assert played.frames == 16


def test_in_real_time_whoever_is_slow_leaves_frames_out_and_counts_them(task, tmp_path):
    def look(picture, ms):
        time.sleep(0.05)
        return {"hands": [[POINT]]}

    play(task, look, True, str(tmp_path / "played.json"))
    played = picked_up(str(tmp_path / "played.json"))
    frames = [emission.frame for emission in played.emissions]
    assert len(frames) < 20
    assert len(frames) + played.dropped["busy"] == 20
    assert frames == sorted(set(frames))
    assert all(emission.at_s >= emission.frame / 50 for emission in played.emissions)
