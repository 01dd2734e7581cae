"""Loudness, worked out bit by bit, is that of the whole sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.audio.loudness import BANDS, FLOOR, TAPS, Loudness, loudness

RATE = 16_000
DRAW = np.random.default_rng(2)
SOUND = (0.1 * DRAW.normal(size=4 * RATE) * np.repeat(DRAW.random(40), RATE // 10)).astype(
    np.float32
)


@given(st.lists(st.integers(100, 3000), min_size=3, max_size=12), st.integers(0, 10**9))
def test_it_is_the_same_in_whatever_pieces_sound_comes(sizes: list[int], start: int) -> None:
    start -= start % 10_000
    heard = Loudness(6.0)
    at = 0
    for size in sizes:
        heard.add(SOUND[at : at + size], start + at * 1_000_000 // RATE)
        heard.features(np.array([start]))  # what is worked out early stays right
        at += len(SOUND[at : at + size])
    whole = loudness(np.concatenate((np.zeros(1600, np.float32), SOUND[:at])))[10:]
    times = np.arange(start, heard.complete_us - 60_000, 40_000)
    found = heard.features(times).reshape(len(times), len(TAPS), BANDS)
    for row, time in zip(found, times, strict=True):
        steps = (time - start) // 10_000 + TAPS
        inside = (steps >= 2) & (steps < len(whole))
        np.testing.assert_allclose(row[inside], whole[steps[inside]], atol=1e-4)


def test_a_gap_is_silence() -> None:
    heard = Loudness(4.0)
    heard.add(SOUND[:RATE], 0)
    heard.add(SOUND[:RATE], 2_000_000)
    (quiet,) = heard.features(np.array([1_500_000]))
    np.testing.assert_allclose(quiet, np.log(FLOOR), atol=1e-3)
    (loud,) = heard.features(np.array([500_000]))
    again = heard.features(np.array([2_500_000]))[0]
    np.testing.assert_allclose(loud, again, atol=1e-3)


def test_what_was_heard_before_isnt_heard_again() -> None:
    once, twice = Loudness(4.0), Loudness(4.0)
    once.add(SOUND[:RATE], 0)
    twice.add(SOUND[:RATE], 0)
    twice.add(SOUND[RATE // 2 : RATE], 500_000)
    assert once.complete_us == twice.complete_us
    times = np.array([300_000, 800_000])
    np.testing.assert_array_equal(once.features(times), twice.features(times))


def test_minutes_without_sound_cost_nothing() -> None:
    heard = Loudness(4.0)
    heard.add(SOUND[:RATE], 0)
    heard.add(SOUND[:RATE], 600_000_000)
    assert heard.complete_us == pytest.approx(601_000_000, abs=100_000)
    assert len(heard._samples) == 4 * RATE
