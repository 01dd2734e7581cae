"""Eyes of a face whose landmarks are known: where they look, how open they are, what hides them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.io.intrinsics import Intrinsics
from edge.people.eyes import ACROSS, CORNERS, IRISES, look, openness, within
from edge.people.head_pose import HeadPose, direction, rotation

CAMERA = Intrinsics.of_view((1280, 720))
EYES_AT = np.array(((-3.15, -2.62, -3.47), (3.15, -2.62, -3.47)))
"""The middles of the canonical face's eyes, cm, in a head's axes."""


def face(
    aside: tuple[float, float] = (0, 0), yaw: float = 0, distance: float = 0.6, open_: float = 0.3
) -> tuple[np.ndarray, HeadPose]:
    """Return the landmarks (478, 3) around the eyes of a head, and its pose; irises are `aside`,
    in widths of the eye, of where they are when it looks straight ahead."""
    pose = HeadPose(rotation(yaw, 0, 0), np.array((0, 0, distance)))
    landmarks = np.zeros((478, 3), np.float32)
    for side, middle in enumerate(EYES_AT):
        x, y, z = pose.rotation @ middle / 104.5 + pose.place
        at = np.array((x, y)) / z * CAMERA.focal + CAMERA.centre
        wide = 0.03 / z * CAMERA.focal
        landmarks[CORNERS[side], :2] = at + np.array(((-wide / 2, 0), (wide / 2, 0)))
        for upper, lower in ACROSS[:, side, 1:].T:
            half = np.array((0, open_ * wide / 2))
            landmarks[[upper, lower], :2] = at - half, at + half
        iris = at + np.array(aside) * wide - (0, 0.07 * wide)
        radius = 0.0117 / 2 * 1.18 / z * CAMERA.focal
        rim = np.array(((0, 0), (radius, 0), (0, -radius), (-radius, 0), (0, radius)))
        landmarks[IRISES[side], :2] = iris + rim
    return landmarks, pose


def seen(x: float = 0, y: float = 0, **others: float) -> tuple[float, float, float]:
    landmarks, pose = face((x, y), **others)
    found = look(landmarks, pose, CAMERA, openness(landmarks))
    assert found is not None
    return *direction(found.way), found.sd


def test_irises_in_the_middle_look_straight_ahead() -> None:
    yaw, pitch, sd = seen()
    assert abs(yaw) < 1
    assert abs(pitch) < 6
    assert 4 < sd < 8


@given(st.floats(0.05, 0.15))
def test_eyes_that_go_to_the_pictures_right_look_to_their_own_left(aside: float) -> None:
    right, left = seen(aside, 0.0), seen(-aside, 0.0)
    assert right[0] > 5
    assert left[0] == pytest.approx(-right[0], abs=0.5)
    assert left[1] == pytest.approx(right[1], abs=0.5)
    up, down = seen(0.0, -0.5 * aside), seen(0.0, 0.5 * aside)
    assert up[1] - down[1] > 5


def test_farther_eyes_are_known_less_well() -> None:
    sds = [seen(distance=distance)[2] for distance in (0.4, 0.8, 1.6, 3.0, 5.0)]
    assert (np.diff(sds) > -0.02).all()  # nearby, an iris's own shape is what is uncertain
    assert sds[0] < 7
    assert sds[-1] > 11  # which is unknown


def test_of_a_head_turned_away_only_the_near_eye_counts() -> None:
    assert seen(yaw=45)[2] > seen(yaw=0)[2]
    landmarks, pose = face(yaw=110)
    assert look(landmarks, pose, CAMERA, (1.0, 1.0)) is None


def test_openness_goes_from_shut_to_wide() -> None:
    values = [openness(face(open_=open_)[0]) for open_ in (0.05, 0.1, 0.2, 0.3, 0.5)]
    assert values[0] == (0, 0)
    assert values[1] == pytest.approx((0, 0), abs=1e-4)
    assert values[2] == pytest.approx((0.5, 0.5), abs=1e-3)
    assert values[3] == pytest.approx((1, 1), abs=1e-4)
    assert values[4] == (1, 1)


def test_an_eye_in_a_hands_box_is_behind_it() -> None:
    landmarks, _ = face()
    x, y = landmarks[IRISES[0].start, :2].tolist()
    assert within(landmarks, [[0, 0, 5, 5], [x - 10, y - 10, 20, 20]])
    assert not within(landmarks, [[x + 20, y - 100, 5, 200]])
    assert not within(landmarks, [])
