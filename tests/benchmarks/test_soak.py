"""Growth is told from noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.soak import Sample, findings, growth, risen
from edge.errors import UserError


def samples(grow_mb: float, noise_mb: float = 1.0, threads: int = 0) -> list[Sample]:
    random = np.random.default_rng(1)
    return [
        Sample(float(s), 250 + grow_mb * s / 600 + noise_mb * random.normal(), 120.0,
               20 + threads * (s > 500), 30)
        for s in range(600)
    ]  # fmt: skip


def missed(found: list[Sample]) -> list[str]:
    return [goal.name for goal in findings(found, "Soak").goals if not goal.reached]


def test_noise_is_no_growth():
    assert not missed(samples(0.0, 3.0))


def test_memory_that_grows_steadily_is_found():
    assert missed(samples(30.0)) == ["resident memory, added beyond noise"]


def test_a_thread_that_stays_is_found():
    assert missed(samples(0.0, threads=1)) == ["threads added"]


def test_too_short_a_run_says_nothing():
    with pytest.raises(UserError, match="--minutes"):
        findings(samples(0.0)[:5], "Soak")


@given(st.floats(-100, 100), st.floats(50, 1000))
def test_a_straight_line_is_measured_as_it_is(slope, begin):
    times = np.linspace(0, 100, 200)
    grown = growth(times.tolist(), (begin + slope * times / 100).tolist())
    assert grown.added == pytest.approx(slope, abs=0.02 * abs(slope) + 1e-6)
    assert grown.error == pytest.approx(0, abs=1e-3)


@given(st.lists(st.integers(0, 50), min_size=4))
def test_what_comes_and_goes_hasnt_risen(counts):
    assert risen([*counts, *counts]) <= max(counts)
    assert risen(sorted(counts, reverse=True)) == 0
