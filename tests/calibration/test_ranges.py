"""Ranges: what tensors span, on the samples that are shown."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from calibration.ranges import BINS, LEVELS, Histogram, Range, _least_error, channel_spans, observe
from calibration.ranges import Method as Methods
from tests.calibration.networks import Net

METHODS: tuple[Methods, ...] = ("minmax", "percentile", "mse")


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return a network with a tensor between its ends, and one that is its own mirror."""
    net = Net()
    x = net.input(1, 64, 64, 2)
    y = net.add("MUL", [x, net.const(np.array([1, -2], np.float32))], 1, 64, 64, 2)
    net.ends(net.add("TANH", [y], 1, 64, 64, 2))
    return net.save()


def samples(*values: float) -> list[tuple[NDArray[np.float32], ...]]:
    """Return for each value a sample of noise in which one place has that value."""
    result: list[tuple[NDArray[np.float32], ...]] = []
    for seed, value in enumerate(values):
        noise = np.random.default_rng(seed).normal(size=(1, 64, 64, 2)).astype(np.float32)
        noise[0, 5, 5, 0] = value
        result.append((noise,))
    return result


def names(content: bytes) -> list[str]:
    return list(observe(content, samples(0), "minmax"))


def test_all_that_was_seen_is_spanned(content: bytes) -> None:
    shown = samples(-30, 20)
    x, y, z = names(content)
    values = np.concatenate([sample for (sample,) in shown])
    found = observe(content, shown, "minmax")
    assert found[x] == (values.min(), values.max()) == (-30, 20)
    scaled = values * np.array([1, -2], np.float32)
    assert found[y] == (scaled.min(), scaled.max())
    assert found[z] == pytest.approx((-1, 1), abs=1e-6)
    assert len(found) == 3  # constants need no range


@pytest.mark.parametrize("method", ["percentile", "mse"])
def test_rare_values_are_cut_off_but_at_the_ends_of_the_network(
    content: bytes, method: Methods
) -> None:
    shown = samples(-30, 20)
    x, y, z = names(content)
    whole, found = observe(content, shown, "minmax"), observe(content, shown, method)
    assert found[x] == whole[x]
    assert found[z] == whole[z]
    assert whole[y].low < found[y].low < -5
    assert 5 < found[y].high < whole[y].high


@pytest.mark.parametrize("method", METHODS)
def test_no_method_spans_more_than_was_seen_and_zero(content: bytes, method: Methods) -> None:
    shown = samples(1, 2)
    whole = observe(content, shown, "minmax")
    for name, (low, high) in observe(content, shown, method).items():
        assert min(whole[name].low, 0) <= low < high <= max(whole[name].high, 0)


COUNTS = arrays.arrays(np.int64, BINS, elements=st.integers(0, 50), fill=st.just(0))


@given(counts=COUNTS, low=st.floats(-100, 99, width=32), width=st.floats(0.5, 100, width=32))
def test_least_error_is_never_more_than_that_of_the_whole_span(
    counts: Any, low: float, width: float
) -> None:
    histogram = Histogram(low, low + width, counts)
    found = _least_error(histogram)
    whole = Range(min(histogram.low, 0), max(histogram.high, 0))
    assert whole.low <= found.low <= found.high <= whole.high
    assert _error(histogram, found) <= _error(histogram, whole) * (1 + 1e-9)


def _error(histogram: Histogram, span: Range) -> float:
    """Return the summed squared error of values that are clipped to a span and rounded in it."""
    step = (span.high - span.low) / (LEVELS - 1)
    clipped = np.clip(histogram.centres, span.low, span.high)
    rounded = np.round((clipped - span.low) / step) * step + span.low
    return float(histogram.counts @ (rounded - histogram.centres) ** 2)


def test_a_tensor_that_never_varies_has_a_range() -> None:
    net = Net()
    x = net.input(1, 4)
    y = net.add("MUL", [x, net.const(np.zeros(4, np.float32))], 1, 4)
    net.ends(net.add("TANH", [y], 1, 4))
    shown = [(np.ones((1, 4), np.float32),)]
    for method in METHODS:
        low, high = observe(net.save(), shown, method)[net.name(y)]
        assert low <= 0 <= high
        assert high - low < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_a_single_number_has_a_range(method: Methods) -> None:
    net = Net()
    x = net.input(3)
    axes = net.const(np.array([0], np.int32))
    y = net.add("SUM", [x, axes], keepDims=False)
    net.ends(net.add("TANH", [y]))
    found = observe(net.save(), [(np.array([1, 2, 3], np.float32),)], method)
    assert found[net.name(y)].high == pytest.approx(6, rel=1e-3)


def test_channels_are_spanned_each(content: bytes) -> None:
    shown = samples(-30, 20)
    x, y, _ = names(content)
    spans = channel_spans(content, shown)
    expected = np.abs(np.concatenate([sample for (sample,) in shown])).max(axis=(0, 1, 2))
    assert list(spans[x]) == list(expected)
    assert list(spans[y]) == [expected[0], 2 * expected[1]]
