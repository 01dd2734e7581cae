import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.faces import (
    MARGIN,
    Faces,
    Meshes,
    eye_angles,
    regions_of_boxes,
    regions_of_landmarks,
)
from edge.vision.targets import bounds, follow


def mesh(angle: float = 0, scale: float = 100, centre: tuple[float, float] = (300, 200)) -> Meshes:
    """478 points scattered over an upright face 1 wide and 1.2 high, eyes apart, then turned."""
    points = np.random.default_rng(5).uniform((-0.5, -0.6), (0.5, 0.6), (478, 2))
    points[:4] = (-0.5, -0.6), (0.5, -0.6), (0.5, 0.6), (-0.5, 0.6)
    points[[33, 133], :] = (-0.25, -0.2)
    points[[362, 263], :] = (0.25, -0.2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = (points @ turn.T * scale + centre).astype(np.float32)
    landmarks = np.concatenate((flat, np.zeros((478, 1), np.float32)), axis=1)[None]
    one = np.ones(1, np.float32)
    regions = regions_of_landmarks(landmarks, np.array([angle], np.float32))
    yes = np.ones(1, bool)
    return Meshes(7, landmarks, bounds(landmarks), regions, one, fresh=yes, lost=0, trusted=yes)


@given(st.floats(-3.1, 3.1), st.floats(5, 2000))
def test_a_followed_region_turns_and_grows_with_the_face(angle, scale):
    faces = follow(Faces, mesh(angle, scale), 8)
    x, y, width, height, turned = faces.regions[0].tolist()
    assert faces.t == 8
    assert faces.followed.all()
    assert turned == pytest.approx(angle, abs=1e-3)
    assert width == height == pytest.approx(1.2 * MARGIN * scale, rel=2e-3)
    assert (x, y) == pytest.approx((300, 200), abs=2e-3 * scale)


def test_an_upside_down_face_has_a_region_upside_down():
    keypoints = np.zeros((1, 6, 2), np.float32)
    keypoints[0, 0] = 10, 0  # the person's right eye, at the right
    assert abs(eye_angles(keypoints)[0]) == pytest.approx(np.pi)


def test_a_detection_has_a_square_region_with_a_margin():
    regions = regions_of_boxes(np.array([[10, 20, 40, 60]], np.float32), np.zeros(1, np.float32))
    assert regions.tolist() == [[30, 50, 90, 90, 0]]


def test_regions_cover_every_landmark():
    landmarks = mesh(0.4).landmarks
    (region,) = regions_of_landmarks(landmarks, np.array([0.4], np.float32))
    corners = cv2.boxPoints((region[:2].tolist(), region[2:4].tolist(), np.degrees(region[4])))
    inside = [cv2.pointPolygonTest(corners, point, True) for point in landmarks[0, :, :2].tolist()]
    # The margin is split between both sides.
    assert min(inside) > (1 - 1 / MARGIN) / 2 * region[2] - 1
