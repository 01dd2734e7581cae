import numpy as np
import pytest

from edge.vision.eyes import CONTOURS, CORNERS, LIDS, regions_of_eyes


def test_an_eye_is_in_the_middle_of_its_region_and_turned_with_it():
    landmarks = np.zeros((1, 468, 3), np.float32)
    landmarks[0, CORNERS[0], :2] = (100, 100), (100, 140)  # the head lies on its side
    landmarks[0, CORNERS[1], :2] = (100, 180), (100, 220)
    right, left = regions_of_eyes(landmarks)[0]
    assert right == pytest.approx((100, 120, 92, 92, np.pi / 2))
    assert left == pytest.approx((100, 200, 92, 92, np.pi / 2))


def test_both_eyes_have_landmarks_of_their_own_and_their_corners_among_the_lids():
    assert CONTOURS.shape == (2, 71)
    assert len(np.unique(CONTOURS)) == CONTOURS.size
    for contour, corners in zip(CONTOURS, CORNERS, strict=True):
        assert set(corners) <= set(contour[:LIDS])
