"""On which wrists a hand is missing, and where it's looked for."""

import numpy as np
import pytest

from edge.vision.hands import Palms
from edge.vision.motion import Motion
from edge.vision.targets import follow, select
from edge.vision.wrists import SETTINGS, Wrists, held, regions_of_wrists
from tests.vision.driving_hands import body

WRIST, ELBOW = (500.0, 300.0), (500.0, 400.0)
"""A forearm of 100 pixels that points up."""
NONE = follow(Palms, None, 0)


def known(x, y, side=90):
    regions = np.array([[x, y, side, side, 0]], np.float32)
    return Palms(0, regions[:, :4], regions, np.ones(1, np.float32), np.ones(1, bool))


def searches(wrists, seconds, moving=True, fps=25):
    """Return at which seconds it guesses and at which it has the palm detector look."""
    at = Motion(0, np.full((9, 16), moving), (80, 80))
    guesses, looks = [], []
    for t in range(0, seconds * 1_000_000, 1_000_000 // fps):
        search = wrists.search(t, body(WRIST, ELBOW), NONE, at)
        guesses += [t / 1e6] * len(search.guesses)
        looks += [t / 1e6] * len(search.regions)
    return guesses, looks


@pytest.mark.parametrize(("dx", "dy"), [(0, -100), (100, 0), (-70, 70), (0, 100)])
def test_a_hand_is_looked_for_beyond_the_wrist_and_upright(dx, dy):
    wrist = (ELBOW[0] + dx, ELBOW[1] + dy)
    regions, seen = regions_of_wrists(body(wrist, ELBOW).landmarks)
    assert seen.tolist() == [False, True]
    x, y, width, height, angle = regions[1]
    length = np.hypot(dx, dy)
    assert (x - wrist[0], y - wrist[1]) == pytest.approx((0.3 * dx, 0.3 * dy), abs=1e-2)
    assert width == height == pytest.approx(SETTINGS.side * length)
    assert (np.sin(angle), -np.cos(angle)) == pytest.approx((dx / length, dy / length), abs=1e-3)


def test_an_arm_that_points_at_the_camera_has_no_smaller_hand():
    landmarks = body((500, 305), ELBOW).landmarks
    landmarks[0, [11, 12], :2] = (400, 300), (600, 300)
    landmarks[0, 13:21, :2] = 500, 400
    regions, _ = regions_of_wrists(landmarks)
    assert np.isfinite(regions).all()
    assert regions[1, 2] == pytest.approx(0.6 * 200 * SETTINGS.side)


def test_hidden_and_tiny_wrists_are_left_alone():
    hidden = body(WRIST, ELBOW)
    hidden.landmarks[..., 3] = 0.2
    for bodies in (hidden, body((500, 390), ELBOW)):
        search = Wrists().search(0, bodies, NONE, None)
        assert len(search.guesses) == len(search.regions) == 0
        assert len(search.settled) == 1


def test_guesses_and_looks_take_turns_more_and_more_seldom():
    guesses, looks = searches(Wrists(), 4)
    assert guesses[:2] == [0, pytest.approx(0.32, abs=0.03)]
    assert looks[:2] == [pytest.approx(0.12, abs=0.03), pytest.approx(0.72, abs=0.03)]
    every = np.diff(sorted(guesses + looks))[4:]
    assert every == pytest.approx(SETTINGS.moving_s, abs=0.05)
    guesses, looks = searches(Wrists(), 8, moving=False)
    assert len(guesses) + len(looks) < 9


def test_a_hand_that_is_held_is_not_missing_and_looked_for_at_once_when_it_is_lost():
    wrists = Wrists()
    for t in range(0, 1_000_000, 40_000):
        wrists.search(t, body(WRIST, ELBOW), NONE, None)
    search = wrists.search(1_000_000, body(WRIST, ELBOW), known(505, 280), None)
    assert len(search.guesses) == len(search.regions) == 0
    assert len(search.settled) == 1
    search = wrists.search(1_040_000, body(WRIST, ELBOW), NONE, None)
    assert len(search.guesses) == 1
    assert len(search.settled) == 0


def test_one_hand_is_on_one_wrist():
    two = np.array([[500, 300, 90, 90, 0], [510, 300, 90, 90, 0]], np.float32)
    assert held(two, known(508, 300).regions).tolist() == [False, True]
    assert held(two, known(700, 300).regions).tolist() == [False, False]
    assert held(two, NONE.regions).tolist() == [False, False]
    assert held(two[:0], two).tolist() == []


def test_no_bodies_miss_no_hands():
    nobody = select(body(WRIST, ELBOW), np.empty(0, np.intp))
    search = Wrists().search(0, nobody, NONE, None)
    assert len(search.guesses) == len(search.regions) == len(search.settled) == 0
