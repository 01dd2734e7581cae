"""Movement that goes with the sound stands out from chance; anything else doesn't."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.paths import resource
from edge.people.lip_sync import (
    FILE,
    LONGEST,
    SHIFTS,
    LipSync,
    compared,
    competed,
    correlation,
    statistics,
)
from edge.vision.targets import Floats

ROOM = LONGEST + int(SHIFTS[-1])
WEIGHTS = np.array((0.5, 0.3, 0.2), np.float32)
MODEL = LipSync.load(resource(FILE))


def speech(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=(ROOM, 3)).astype(np.float32)


def log_odds(moves: np.ndarray, sound: np.ndarray, spoken: int = 200) -> float:
    values = statistics(moves, sound, WEIGHTS, spoken, len(moves), len(sound))
    return float(MODEL.log_odds(compared(values[None]))[0])


def test_movement_that_goes_with_the_sound_is_told_from_all_else() -> None:
    noise = np.random.default_rng(99).normal(size=(ROOM, 3)).astype(np.float32)
    sound = speech(1)
    own = log_odds(0.7 * sound + 0.7 * noise, sound)
    other = log_odds(0.7 * speech(2) + 0.7 * noise, sound)
    shifted = log_odds(0.7 * np.roll(sound, 13, axis=0) + 0.7 * noise, sound)
    still = log_odds(0.02 * noise, sound)
    assert own > 1
    assert max(other, shifted, still) < 0


def test_a_correlation_is_numpys() -> None:
    moves, sound = speech(3)[:40], speech(3)[5:45]
    expected = [np.corrcoef(moves[:, k], sound[:, k])[0, 1] for k in range(3)]
    found = correlation(moves, sound[None], WEIGHTS)
    # Less what keeps tiny movements from counting: a tenth at most of movements of size 1.
    assert found[0] == pytest.approx(np.dot(expected, WEIGHTS), abs=0.1)


FINITE = st.floats(-4, 4, width=32)


@settings(max_examples=40)
@given(
    arrays.arrays(np.float32, (ROOM, 3), elements=FINITE),
    arrays.arrays(np.float32, (ROOM, 3), elements=st.floats(-30, 30, width=32)),
    st.integers(0, 1000), st.integers(1, LONGEST), st.integers(1, 1000),
)  # fmt: skip
def test_whatever_comes_in_a_number_comes_out(
    moves: np.ndarray, sound: np.ndarray, spoken: int, known: int, heard: int
) -> None:
    values = statistics(moves, sound, WEIGHTS, spoken, known, heard)
    assert np.isfinite(values).all()
    assert np.abs(values[:4]).max() <= 1.001
    assert np.isfinite(MODEL.log_odds(compared(values[None]))).all()


@given(st.lists(st.floats(-50, 50), max_size=6), st.floats(0, 1))
def test_probabilities_compete(odds: list[float], share: float) -> None:
    found = competed(np.array(odds, np.float32), share)
    assert ((found >= 0) & (found <= 1)).all()
    alone = [competed(np.array([one], np.float32), share)[0] for one in odds]
    assert (found <= np.array(alone, np.float32) + 1e-6).all()
    if share == 1:
        assert found.sum() <= 1 + 1e-5


def test_who_alone_moves_their_lips_is_more_likely_heard_than_one_of_two_who_do() -> None:
    noise = np.random.default_rng(99).normal(size=(ROOM, 3)).astype(np.float32)
    sound = speech(1)
    moves: list[Floats] = [0.5 * sound + 0.8 * noise, 0.02 * noise, 0.5 * sound + 0.8 * speech(5)]
    one, still, two = (statistics(m, sound, WEIGHTS, 200, ROOM, ROOM) for m in moves)
    alone = MODEL.log_odds(compared(np.array((one, still))))
    beside = MODEL.log_odds(compared(np.array((one, two))))
    assert alone[0] > beside[0]
    assert alone[1] < 0


@settings(max_examples=40)
@given(
    arrays.arrays(
        np.float32, st.tuples(st.integers(1, 5), st.just(10)), elements=st.floats(-9, 9, width=32)
    )
)
def test_whom_one_is_compared_with_doesnt_depend_on_their_order(values: np.ndarray) -> None:
    found = compared(values)
    assert found.shape == (len(values), 14)
    np.testing.assert_array_equal(found[:, :10], values)
    np.testing.assert_array_equal(compared(values[::-1])[::-1], found)
