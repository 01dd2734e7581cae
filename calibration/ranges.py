"""Which values a network's tensors take: what an int8 tensor has to span."""

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from calibration.flatbuffer import Network
from edge.inference.backend import without_information

Method = Literal["minmax", "percentile", "mse"]
Inputs = tuple[NDArray[np.float32], ...]
"""One array for every input of a network, batch dimension included."""

BINS = 2048
KEPT = 0.9999
"""Part of the values that "percentile" spans: one in ten thousand is cut off."""
COUNTED = 20_000
"""Values of one tensor and sample that are counted, evenly spread: all would take minutes."""
CANDIDATES = np.linspace(0.5, 1.0, 26)
"""Parts of the whole span that "mse" tries."""
LEVELS = 256


class Range(NamedTuple):
    low: float
    high: float


CERTAIN = Range(-8.0, 8.0)
"""Logits of the probabilities 1/3000 and 2999/3000: half a step of an int8 probability is 1/512."""
MOVING = ("RESHAPE", "CONCATENATION", "DEPTH_TO_SPACE", "TRANSPOSE_CONV")
"""Operators after which values are the same in other places; TRANSPOSE_CONV is what
`lower_depth_to_space` makes."""


class Histogram(NamedTuple):
    """How often a tensor's values fell into `BINS` equal steps from `low` to `high`."""

    low: float
    high: float
    counts: NDArray[np.int64]

    @property
    def centres(self) -> NDArray[np.float64]:
        edges = np.linspace(self.low, self.high, BINS + 1)
        return (edges[1:] + edges[:-1]) / 2


def observe(content: bytes, samples: Iterable[Inputs], method: Method) -> dict[str, Range]:
    """Return the range of every float tensor that isn't constant, by name.

    "minmax" spans all values seen, "percentile" all but the rarest, "mse" what makes the mean
    squared error of 8 bits least: a few large values can cost all the others their precision.
    Inputs and outputs are always spanned whole.
    """
    samples = list(samples)
    whole = _extremes(content, samples)
    if method == "minmax":
        return whole
    network = Network(content)
    ends = {network.name(index) for index in network.graph.inputs + network.graph.outputs}
    choose = {"percentile": _percentile, "mse": _least_error}[method]
    return {
        name: whole[name] if name in ends else choose(histogram)
        for name, histogram in _histograms(content, samples, whole).items()
    }


def narrow(network: Network, ranges: dict[str, Range], spans: dict[str, Range]) -> None:
    """Narrow ranges to what matters: logits far out are all a certain yes or no.

    `spans`: of outputs by name, and so of the parts that they are put together from. What goes
    into a LOGISTIC is cut to `CERTAIN`.
    """
    for operator in network.of_kind("LOGISTIC"):
        _cut(ranges, network.name(operator.inputs[0]), CERTAIN)
    front = [(network.index(name), span) for name, span in spans.items()]
    while front:
        index, span = front.pop()
        _cut(ranges, network.name(index), span)
        maker = network.producer(index)
        if maker is not None and network.kind(maker) in MOVING:
            front += [(i, span) for i in maker.inputs if network.constant(i) is None]


def _cut(ranges: dict[str, Range], name: str, span: Range) -> None:
    known = ranges[name]
    ranges[name] = Range(max(known.low, span.low), min(known.high, span.high))


def channel_spans(content: bytes, samples: Iterable[Inputs]) -> dict[str, NDArray[np.float64]]:
    """Return the largest absolute value in every channel (last axis) of every tensor, by name."""
    observer = _Observer(content)
    spans: dict[str, NDArray[np.float64]] = {}
    for sample in samples:
        for name, values in observer.run(sample):
            largest = np.abs(values).reshape(-1, values.shape[-1] if values.ndim else 1).max(axis=0)
            spans[name] = np.maximum(spans.get(name, 0), largest)
    return spans


def watch(content: bytes, samples: Iterable[Inputs]) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Yield the values of all tensors, by name, for one sample after the other."""
    observer = _Observer(content)
    for sample in samples:
        yield dict(observer.run(sample))


class _Observer:
    """The float network, with every tensor kept."""

    def __init__(self, content: bytes) -> None:
        with warnings.catch_warnings(), without_information():
            # It costs memory; this is what it is meant for.
            warnings.filterwarnings("ignore", message=".*preserve_all_tensors")
            # XNNPACK would keep none but the outputs.
            self.interpreter = Interpreter(
                model_content=content,
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                num_threads=2,
            )
            self.interpreter.allocate_tensors()
        network = Network(content)
        made = [index for operator in network.operators for index in operator.outputs]
        self.names = {
            index: network.name(index)
            for index in network.graph.inputs + made
            if network.tensor(index).type == 0
        }
        self.inputs = [detail["index"] for detail in self.interpreter.get_input_details()]

    def run(self, sample: Inputs) -> Iterable[tuple[str, NDArray[np.float32]]]:
        for index, value in zip(self.inputs, sample, strict=True):
            self.interpreter.set_tensor(index, value)
        self.interpreter.invoke()
        for index, name in self.names.items():
            yield name, self.interpreter.get_tensor(index)


def _extremes(content: bytes, samples: list[Inputs]) -> dict[str, Range]:
    observer = _Observer(content)
    ranges: dict[str, Range] = {}
    for sample in samples:
        for name, values in observer.run(sample):
            low, high = float(values.min()), float(values.max())
            known = ranges.get(name, Range(low, high))
            ranges[name] = Range(min(low, known.low), max(high, known.high))
    return ranges


def _histograms(
    content: bytes, samples: list[Inputs], whole: dict[str, Range]
) -> dict[str, Histogram]:
    observer = _Observer(content)
    counts = {name: np.zeros(BINS, np.int64) for name in whole}
    for sample in samples:
        for name, values in observer.run(sample):
            counts[name] += np.histogram(_some(values), BINS, whole[name])[0]
    return {name: Histogram(*whole[name], counts[name]) for name in whole}


def _some(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return every so-many-th value, in a step that meets all channels alike."""
    step, channels = max(1, values.size // COUNTED), values.shape[-1] if values.ndim else 1
    while math.gcd(step, channels) > 1:
        step += 1
    return values.reshape(-1)[::step]


def _percentile(histogram: Histogram) -> Range:
    total = np.cumsum(histogram.counts) / histogram.counts.sum()
    cut = (1 - KEPT) / 2
    low, high = np.searchsorted(total, [cut, 1 - cut])
    return Range(float(histogram.centres[low]), float(histogram.centres[min(high, BINS - 1)]))


def _least_error(histogram: Histogram) -> Range:
    """Try to cut off either end; keep what is nearest to the values, each counted."""
    values, weights = histogram.centres, histogram.counts
    best, least = Range(histogram.low, histogram.high), np.inf
    for below in CANDIDATES if histogram.low < 0 else CANDIDATES[-1:]:
        for above in CANDIDATES if histogram.high > 0 else CANDIDATES[-1:]:
            low, high = min(histogram.low * below, 0), max(histogram.high * above, 0)
            step = max(high - low, 1e-12) / (LEVELS - 1)
            error = values - (np.round((np.clip(values, low, high) - low) / step) * step + low)
            mean = float(weights @ error**2)
            if mean < least:
                best, least = Range(low, high), mean
    return best
