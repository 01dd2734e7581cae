"""From a published model and its recipe to the variants that the project ships."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.flatbuffer import Network
from calibration.lower import Target, lower, lower_for
from calibration.lower.equalize import equalize
from calibration.quantize import quantize
from calibration.ranges import Inputs, channel_spans, observe
from calibration.recipe import Build
from calibration.samples import Sample
from edge.inference.manifest import ModelSpec, TensorSpec

OBSERVED = 128
"""Calibration samples that are enough: twice as many moved no range by more than a hundredth."""


class Made(NamedTuple):
    """A variant's file, and the names of its outputs in the manifest's order."""

    content: bytes
    tensors: tuple[str, ...]


def make(
    spec: ModelSpec, parent: bytes, target: Target, build: Build, samples: list[Sample]
) -> Made:
    """Lower and quantize a model for a target. The same arguments give the same bytes.

    `parent`: the float file; `samples`: the calibration set.
    """
    inputs = [numbers(sample, spec.inputs) for sample in evenly(samples, OBSERVED)]
    network = Network(parent)
    lower(network, spec.variant("float").tensors)
    if build.equalize:
        equalize(network, channel_spans(network.save(), inputs), build.equalize)
    lower_for(target, network)
    content = network.save()
    quantized = quantize(
        content,
        observe(content, inputs, build.ranges),
        keep_float=build.float.pick(Network(content)),
        pictures=[tensor.range for tensor in spec.inputs],
    )
    result = Network(quantized)
    return Made(quantized, tuple(result.name(index) for index in result.graph.outputs))


def numbers(sample: Sample, inputs: Iterable[TensorSpec]) -> Inputs:
    """Return a sample as a float network takes it: (1, …), pictures scaled to the input's range."""
    return tuple(
        _scaled(value, tensor.range)[None] for value, tensor in zip(sample, inputs, strict=True)
    )


def evenly(samples: Sequence[Any], count: int) -> list[Any]:
    """Return `count` samples spread over all of them, or all."""
    places = np.linspace(0, len(samples) - 1, min(count, len(samples))).round().astype(int)
    return [samples[place] for place in places]


def _scaled(value: NDArray[Any], span: tuple[float, float] | None) -> NDArray[np.float32]:
    if value.dtype != np.uint8 or span is None:
        return value.astype(np.float32)
    low, high = span
    return value.astype(np.float32) * np.float32((high - low) / 255) + np.float32(low)
