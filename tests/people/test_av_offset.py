"""How late sound is, out of movement that goes with it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.people.av_offset import ENOUGH, REACH, OffsetMeter
from edge.people.lips import TICK_US

WEIGHTS = np.array((0.7, 0.3), np.float32)
TICKS = 40


def smooth(draw: np.random.Generator, length: int) -> np.ndarray:
    """Syllables: what changes within two or three ticks."""
    steps = draw.normal(size=(length + 4, 2))
    return np.asarray(sum(steps[i : i + length] for i in range(3)) / 3, np.float32)


def measured(late: int, noise: float, seed: int, ticks: int = ENOUGH) -> int | None:
    """Have sound follow lips by `late` ticks."""
    draw = np.random.default_rng(seed)
    length = ticks + 2 * TICKS
    moves = smooth(draw, length)
    sound = np.roll(moves, late, axis=0) + np.float32(noise) * smooth(draw, length)
    meter = OffsetMeter(WEIGHTS)
    for tick in range(TICKS, TICKS + ticks):
        rows = slice(tick - TICKS, tick)
        meter.add(tick, moves[rows], sound[rows])
        meter.add(tick, moves[rows], sound[rows])  # frames come more often than ticks
    assert meter.count == ticks
    return meter.late_us()


@given(late=st.integers(-REACH, REACH), seed=st.integers(0, 1000))
def test_it_is_found_to_a_fraction_of_a_tick(late: int, seed: int) -> None:
    found = measured(late, noise=0.5, seed=seed)
    assert found is not None
    assert abs(found - late * TICK_US) < TICK_US // 4


@given(seed=st.integers(0, 1000))
def test_nothing_is_said_of_lips_that_go_with_nothing(seed: int) -> None:
    draw = np.random.default_rng(seed)
    moves, sound = smooth(draw, 400), smooth(draw, 400)
    meter = OffsetMeter(WEIGHTS)
    for tick in range(TICKS, 400):
        meter.add(tick, moves[tick - TICKS : tick], sound[tick - TICKS : tick])
        assert meter.late_us() is None


def test_ten_seconds_are_heard_first() -> None:
    assert measured(3, noise=0.1, seed=0, ticks=ENOUGH - 1) is None
    assert measured(3, noise=0.1, seed=0) is not None


def test_still_lips_say_nothing() -> None:
    meter = OffsetMeter(WEIGHTS)
    for tick in range(2 * ENOUGH):
        meter.add(tick, np.zeros((TICKS, 2), np.float32), np.ones((TICKS, 2), np.float32))
    assert meter.late_us() is None
