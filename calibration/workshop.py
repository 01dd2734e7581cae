"""From a published model and its recipe to the variants that the project ships."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration import rebuild
from calibration.flatbuffer import Network
from calibration.lower import Target, lower, lower_for
from calibration.lower.equalize import equalize
from calibration.lower.rounding import round_weights
from calibration.quantize import is_large, quantize
from calibration.ranges import Inputs, channel_spans, narrow, observe
from calibration.rebuild import voice_activity, voice_embedding
from calibration.recipe import Build, Recipe
from calibration.samples import Sample
from edge.inference import registry
from edge.inference.manifest import ModelSpec, TensorSpec

OBSERVED = 128
"""Calibration samples that are enough: twice as many moved no range by more than a hundredth."""

ROUNDED = 32
"""Calibration samples by which weights are rounded, of 200 places each: for 1,152 channels more
than five times as many as there are weights in a row."""


class Made(NamedTuple):
    """A variant's file, and the names of its outputs in the manifest's order."""

    content: bytes
    tensors: tuple[str, ...]

    @classmethod
    def of(cls, content: bytes) -> "Made":
        """Of a file whose outputs are in the manifest's order."""
        network = Network(content)
        return cls(content, tuple(network.name(index) for index in network.graph.outputs))


def parent(spec: ModelSpec) -> Made:
    """Return the file that a model's variants are made of and measured by, fetched if need be."""
    if spec.name in rebuild.PARENTS:
        return Made(rebuild.parent(spec.name), spec.variants[0].tensors)
    published = next(variant for variant in spec.variants if variant.sources)
    file = registry.find(spec.name, published.name).file
    return Made(file if isinstance(file, bytes) else file.read_bytes(), published.tensors)


def make(
    spec: ModelSpec, recipe: Recipe, origin: Made, samples: Sequence[Sample]
) -> dict[str, Made]:
    """Make all variants that a model's recipe names. The same arguments give the same bytes.

    `origin`: the model's parent; `samples`: its calibration set.
    """
    if spec.name == "voice_activity":
        content = voice_activity.build(rebuild.published(spec.name), int8=True)
        return {"float": origin, "int8": Made(content, origin.tensors)}
    if spec.name == "voice_embedding":
        content = voice_embedding.build(rebuild.published(spec.name), int8=True)
        return {"int8": Made(content, origin.tensors)}
    return {
        target: quantized(spec, origin, target, build, samples)
        for target, build in recipe.builds().items()
    }


def quantized(
    spec: ModelSpec, origin: Made, target: Target, build: Build, samples: Sequence[Sample]
) -> Made:
    """Lower and quantize a model for a target."""
    inputs = [numbers(sample, spec.inputs) for sample in evenly(samples, OBSERVED)]
    network = Network(origin.content)
    lower(network, origin.tensors)
    if build.equalize:
        equalize(network, channel_spans(network.save(), inputs), build.equalize)
    lower_for(target, network)
    keep_float = build.float.pick(network)
    round_weights(network, evenly(inputs, ROUNDED), _float_weights(network, build, keep_float))
    content = network.save()
    ranges = {} if build.dynamic else observe(content, inputs, build.ranges)
    if not build.dynamic:
        by_name = dict(zip((tensor.name for tensor in spec.outputs), origin.tensors, strict=True))
        narrow(network, ranges, {by_name[name]: span for name, span in build.spans.items()})
    result = quantize(
        content,
        ranges,
        keep_float=keep_float,
        pictures=[tensor.range for tensor in spec.inputs],
        dynamic=build.dynamic,
    )
    return Made.of(result)


def _float_weights(network: Network, build: Build, keep_float: list[str]) -> list[str]:
    """Return the names of the outputs of layers whose weights aren't rounded."""
    names = []
    for layer in network.of_kind("CONV_2D", "DEPTHWISE_CONV_2D"):
        name = network.name(layer.outputs[0])
        # Ranges found at each call are for what meets a matrix only.
        depthwise = build.dynamic and network.kind(layer) == "DEPTHWISE_CONV_2D"
        if depthwise or (name in keep_float and not is_large(network, layer)):
            names.append(name)
    return names


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
