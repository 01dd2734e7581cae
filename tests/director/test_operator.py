"""The operator: calm, bounded, and never lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.director.operator import Operator, OperatorSettings
from edge.director.shots import Box

SIZE, FPS = (1920, 1080), 30
SETTINGS = OperatorSettings()
HERE: Box = (600.0, 300.0, 640.0, 360.0)


def shifted(box: Box, x: float, y: float = 0.0) -> Box:
    return box[0] + x, box[1] + y, box[2], box[3]


def followed(shots: list[Box]) -> tuple[list[Box], list[bool]]:
    operator = Operator(SIZE, 16 / 9, SETTINGS)
    crops, cuts = [], []
    for frame, shot in enumerate(shots):
        crops.append(operator.follow(frame / FPS, shot))
        cuts.append(operator.cut_now)
    return crops, cuts


def motion(crops: list[Box]) -> np.ndarray:
    """Return the velocity of middle and height, heights a second, (n - 1, 3)."""
    boxes = np.array(crops)
    state = np.column_stack((boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 3]))
    return np.diff(state, axis=0) * FPS / state[:-1, 2:]


def test_the_first_shot_is_taken_at_once_and_a_still_scene_stays() -> None:
    rng = np.random.default_rng(0)
    sway = [shifted(HERE, *rng.normal(0, 6, 2)) for _ in range(300)]
    crops, cuts = followed([HERE, *sway])
    assert crops[0] == pytest.approx(HERE)
    assert cuts == [True] + [False] * 300
    assert np.ptp(np.array(crops), axis=0).max() == pytest.approx(0, abs=1e-9)


def test_who_leans_over_and_comes_back_is_waited_for() -> None:
    away = round(0.7 * SETTINGS.hold_s * FPS)
    crops, _ = followed([HERE] * 30 + [shifted(HERE, 100)] * away + [HERE] * 60)
    assert np.ptp(np.array(crops)[:, 0]) == pytest.approx(0, abs=1e-9)


def test_who_moves_away_is_followed_without_a_jerk_or_overshoot() -> None:
    there = shifted(HERE, 300, 40)
    crops, cuts = followed([HERE] * 30 + [there] * 240)
    assert not any(cuts[1:])
    off = np.array(crops[-1]) - there
    assert np.abs(off).max() < 2 * SETTINGS.settled * HERE[3]
    assert max(box[0] for box in crops) <= there[0] + SETTINGS.settled * HERE[3]
    speed = np.linalg.norm(motion(crops), axis=1)
    assert speed.max() <= SETTINGS.speed * 1.001
    assert speed.max() > 0.9 * SETTINGS.speed


def test_what_is_across_the_room_is_cut_to_once_it_lasts() -> None:
    there = shifted(HERE, 600)
    crops, cuts = followed([HERE] * 30 + [there] * 60)
    assert cuts.count(True) == 2
    at = cuts.index(True, 1)
    assert at - 30 == pytest.approx(SETTINGS.cut_hold_s * FPS, abs=1)
    assert crops[at - 1] == crops[0]
    assert crops[at] == pytest.approx(there)
    _, cuts = followed([HERE] * 30 + [there] * 10 + [HERE] * 60)
    assert cuts.count(True) == 1


def test_a_cut_in_the_picture_is_followed_on_its_frame() -> None:
    operator = Operator(SIZE, 16 / 9, SETTINGS)
    operator.follow(0, HERE)
    assert operator.follow(1 / FPS, shifted(HERE, 50), scene_cut=True) == pytest.approx(
        shifted(HERE, 50)
    )
    assert operator.cut_now


@given(
    st.lists(
        st.tuples(st.floats(0, 1200), st.floats(0, 600), st.floats(250, 1080), st.integers(1, 90)),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_wanted_the_crop_is_in_the_picture_and_calm(
    steps: list[tuple[float, float, float, int]],
) -> None:
    shots = [(x, y, height * 16 / 9, height) for x, y, height, n in steps for _ in range(n)]
    crops, cuts = followed(shots)
    boxes = np.array(crops)
    assert (boxes[:, :2] >= -1e-9).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= np.array(SIZE) + 1e-6).all()
    assert boxes[:, 2] == pytest.approx(boxes[:, 3] * 16 / 9)
    if all(0 <= x <= SIZE[0] - h * 16 / 9 and 0 <= y <= SIZE[1] - h for x, y, _, h in shots):
        calm = np.linalg.norm(motion(crops), axis=1)[~np.array(cuts[1:], bool)]
        assert (calm <= SETTINGS.speed * 1.01 + 1e-6).all()
