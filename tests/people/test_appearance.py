import numpy as np
import pytest

from edge.people.appearance import blended, distance, looks

HEADS = np.array([(100, 20, 40, 40), (400, 20, 40, 40)], np.float32)


def picture(*colours: tuple[int, int, int]) -> np.ndarray:
    frame = np.full((240, 640, 3), 128, np.uint8)
    for x, colour in zip((60, 360), colours, strict=True):
        frame[60:240, x : x + 120] = colour
    return frame


def test_clothes_of_other_colours_are_apart_and_the_same_ones_are_not():
    red, blue = looks(picture((40, 40, 200), (200, 60, 40)), HEADS)
    dim, again = looks(picture((36, 36, 180), (180, 54, 36)), HEADS)
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-5)
    assert distance(red, red) == pytest.approx(0, abs=1e-3)
    assert distance(red, dim) < 0.35 < distance(red, blue)
    assert distance(blue, again) < 0.35
    assert np.linalg.norm(blended(red, blue)) == pytest.approx(1, abs=1e-5)
    assert distance(blended(red, blue), red) < distance(blended(red, blue), blue)


def test_nothing_is_said_of_who_is_out_of_the_picture_or_no_box():
    heads = np.array([(100, 230, 40, 40), (np.nan, 0, 1, 1), (-900, 0, 40, 40)], np.float32)
    assert np.isnan(looks(picture((0, 0, 0), (0, 0, 0)), heads)).all()
