"""A hand's shape: the same wherever, however large, and in whichever mirror it is seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.gestures.hand import BENDS, POSE, TURN, UP, pictured
from edge.people.hand_shape import FACING, FINGERS, PINCH, hand_shape, in_own_axes, straightness

FIST, OPEN = 1.0, 0.0


def hand(bends: float = OPEN, turn: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """Landmarks (21, 3) of a right hand, palm to the camera, fingers up, as in a mirror."""
    pose = np.zeros((1, POSE))
    pose[:, 2], pose[:, BENDS], pose[:, UP], pose[:, TURN] = 0.7, bends, 1, turn
    return np.asarray(pictured(pose, np.ones((5, 3)), 700, False)[0], np.float32)


def test_straight_fingers_are_straight_and_bent_ones_are_not() -> None:
    assert (straightness(hand(OPEN))[1:] > 0.5).all()
    assert (straightness(hand(FIST))[1:] < 0).all()
    _, _, open_ = hand_shape(hand(OPEN), True, True)
    _, _, fist = hand_shape(hand(FIST), True, True)
    assert open_[FINGERS].mean() - fist[FINGERS].mean() > 0.6
    assert open_[PINCH] > fist[PINCH]


def test_palm_and_back_of_a_hand_face_otherwise() -> None:
    _, _, palm = hand_shape(hand(), True, True)
    _, _, back = hand_shape(hand(turn=(0, 0, np.pi)), True, True)
    assert palm[FACING] > 0.5
    assert back[FACING] < -0.5


@given(
    st.floats(0.2, 5), st.floats(-2000, 2000), st.floats(-2000, 2000), st.floats(0, 1),
)  # fmt: skip
def test_size_and_place_make_no_difference_to_the_shape(
    scale: float, x: float, y: float, bend: float
) -> None:
    landmarks = hand(bend)
    place, size, shape = hand_shape(landmarks, True, True)
    moved = (landmarks * scale + (x, y, 0)).astype(np.float32)
    there, larger, same = hand_shape(moved, True, True)
    assert same == pytest.approx(shape, abs=2e-3)
    assert larger == pytest.approx(scale * size, rel=1e-3)
    assert there == pytest.approx(scale * place + (x, y), abs=0.1)


@given(st.floats(0, 1), st.tuples(*[st.floats(-0.6, 0.6)] * 3))
def test_a_mirrored_picture_says_the_same(bend: float, turn: tuple[float, float, float]) -> None:
    """What a camera sees of a right hand, a selfie view shows with x the other way."""
    landmarks = hand(bend, turn)
    mirrored = hand_shape(landmarks, True, True)
    unmirrored = hand_shape((landmarks * (-1, 1, 1)).astype(np.float32), True, False)
    for one, other in zip(mirrored, unmirrored, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


@given(st.floats(-3.1, 3.1), st.floats(0.2, 5), st.floats(0, 1))
def test_in_its_own_axes_a_hand_is_the_same_turned_and_as_the_other_hand(
    angle: float, scale: float, bend: float
) -> None:
    landmarks = hand(bend)
    c, s = np.cos(angle), np.sin(angle)
    turned = landmarks @ np.array(((c, -s, 0), (s, c, 0), (0, 0, 1))).T * scale + (50, -20, 3)
    here = in_own_axes(landmarks, True)
    assert in_own_axes(turned.astype(np.float32), True) == pytest.approx(here, abs=2e-3)
    other = (turned * (-1, 1, 1)).astype(np.float32)
    assert in_own_axes(other, False) == pytest.approx(here, abs=2e-3)


def test_points_that_are_all_one_are_no_division_by_nothing() -> None:
    nothing = np.full((21, 3), 7, np.float32)
    assert np.isfinite(hand_shape(nothing, True, False)[2]).all()
    assert np.isfinite(in_own_axes(nothing, True)).all()
