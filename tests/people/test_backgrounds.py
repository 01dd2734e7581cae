"""Backgrounds: people stay as they are, what is behind them doesn't."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.frames import Frame
from edge.people.backgrounds import behind

SIZE = 320, 240
MASK = np.zeros((144, 256), np.uint8)
MASK[:, 128:] = 255


def letters() -> Frame:
    """A wall with something to read on it, and a red person in front, at the right."""
    picture = np.full((SIZE[1], SIZE[0], 3), 230, np.uint8)
    for y in range(20, 240, 24):
        cv2.putText(picture, "secret", (4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)
    picture[:, 160:] = (0, 0, 255)
    return Frame(picture, 0, 0)


@pytest.mark.parametrize("how", ["keep", "dim", "blur", "replace"])
def test_people_stay_as_they_are(how: Any) -> None:
    frame = letters()
    shown = behind(frame, MASK, how)
    assert shown.shape == frame.bgr.shape
    assert shown.flags.writeable
    assert (shown[:, 170:] == (0, 0, 255)).all()


def test_what_is_written_behind_cant_be_read_any_more() -> None:
    frame = letters()
    edges = [
        cv2.Laplacian(p[:, :150], cv2.CV_32F).std()
        for p in (frame.bgr, behind(frame, MASK, "blur"))
    ]
    assert edges[1] < 0.03 * edges[0]


def test_people_leave_no_halo_in_the_blur() -> None:
    frame = letters()
    strip = behind(frame, MASK, "blur")[:, 120:150].astype(int)
    assert (strip[..., 2] - strip[..., 0]).max() < 25  # red would spread by 20 px


def test_an_image_of_any_shape_fills_what_is_replaced(tmp_path: Path) -> None:
    beach = np.full((90, 400, 3), (255, 0, 0), np.uint8)
    cv2.imwrite(str(tmp_path / "beach.png"), beach)
    shown = behind(letters(), MASK, "replace", str(tmp_path / "beach.png"))
    assert (shown[:, :150] == (255, 0, 0)).all()


def test_no_image_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image there"):
        behind(letters(), MASK, "replace", str(tmp_path / "beach.png"))


def test_without_a_mask_all_stays() -> None:
    frame = letters()
    assert (behind(frame, None, "replace") == frame.bgr).all()
