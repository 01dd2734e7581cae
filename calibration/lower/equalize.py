"""Cross-layer equalization: channels of one tensor brought to a similar span.

An int8 tensor has one scale for all its channels. Where one spans ±0.1 and another ±50, the first
is left with a single step. A channel may be made larger by any factor where it is made, if those
who read it divide by as much (Nagel et al. 2019, arXiv:1906.04721, section 4.1). Exact, but for
RELU6, which then cuts off at the largest value that was seen.
"""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from calibration.flatbuffer import Network

Floats = NDArray[np.float64]

MAKERS = ("CONV_2D", "DEPTHWISE_CONV_2D")
"""Operators with weights for every channel, which take a factor in."""
TYING = {
    "ADD": 2,
    "AVERAGE_POOL_2D": 1,
    "MAXIMUM": 2,
    "MAX_POOL_2D": 1,
    "MEAN": 1,
    "PRELU": 1,
    "RESIZE_BILINEAR": 1,
}
"""Operators through which a positive factor passes, if so many computed inputs all have it."""
HOMOGENEOUS = (schema.ActivationFunctionType.NONE, schema.ActivationFunctionType.RELU)
RELU6 = schema.ActivationFunctionType.RELU6
MOST = 64.0
"""No channel is made larger than by this: beyond, its weights at the readers would vanish."""


class Channels:
    """All channels of all tensors, and which of them must have the same factor.

    A channel's number is `first[tensor] + channel`.
    """

    def __init__(self, network: Network) -> None:
        sizes = [network.shape(index)[-1:] or (1,) for index in range(len(network.graph.tensors))]
        self.first = np.cumsum([0, *(size[0] for size in sizes)])
        self.parent = np.arange(self.first[-1])
        self.fixed = np.zeros(self.first[-1], bool)

    def of(self, tensor: int) -> NDArray[np.int64]:
        return np.arange(self.first[tensor], self.first[tensor + 1])

    def root(self, channel: int) -> int:
        while self.parent[channel] != channel:
            self.parent[channel] = self.parent[self.parent[channel]]
            channel = int(self.parent[channel])
        return channel

    def tie(self, some: NDArray[np.int64], others: NDArray[np.int64]) -> None:
        for one, other in zip(some, others, strict=True):
            one, other = self.root(int(one)), self.root(int(other))
            self.parent[other] = one
            self.fixed[one] |= self.fixed[other]

    def fix(self, tensor: int) -> None:
        for channel in self.of(tensor):
            self.fixed[self.root(int(channel))] = True


def equalize(network: Network, spans: dict[str, Floats], power: float) -> None:
    """Make small channels larger: by `power` 1 as large as their tensor's largest, by 0 not at all.

    `spans`: the largest absolute value of every channel of every tensor, by name. Between 0 and 1
    the precision of activations is weighed against that of the readers' weights.
    """
    channels = _tied(network)
    factors = _factors(network, channels, spans) ** power
    for operator in network.of_kind(*MAKERS):
        _scale_weights(network, operator, factors, channels)


def _tied(network: Network) -> Channels:
    channels = Channels(network)
    for index in network.graph.inputs + network.graph.outputs:
        channels.fix(index)
    for operator in network.operators:
        kind = network.kind(operator)
        moving = [i for i in operator.inputs if i >= 0 and network.constant(i) is None]
        activation = getattr(operator.builtinOptions, "fusedActivationFunction", 0)
        allowed = (*HOMOGENEOUS, RELU6) if kind in MAKERS else HOMOGENEOUS
        y = operator.outputs[0]
        if activation not in allowed:
            channels.fix(y)
        if kind in MAKERS:
            continue
        if kind == "PAD":
            before = int(network.stored(operator.inputs[1])[-1, 0])
            x = channels.of(moving[0])
            channels.tie(channels.of(y)[before : before + len(x)], x)
        elif kind == "CONCATENATION" and operator.builtinOptions.axis in (-1, 3):
            parts = np.concatenate([channels.of(x) for x in operator.inputs])
            channels.tie(channels.of(y), parts)
            for x in set(operator.inputs) - set(moving):
                channels.fix(x)
        elif kind in TYING and all(network.shape(x)[-1] == network.shape(y)[-1] for x in moving):
            for x in moving:
                channels.tie(channels.of(y), channels.of(x))
            if len(moving) != TYING[kind]:
                channels.fix(y)
        else:
            for index in (*moving, *operator.outputs):
                channels.fix(index)
    return channels


def _factors(network: Network, channels: Channels, spans: dict[str, Floats]) -> Floats:
    """Return the largest factor of every channel that makes no tensor's span larger."""
    factors = np.full(channels.first[-1], MOST)
    six = {o.outputs[0] for o in network.of_kind(*MAKERS) if _activation(o) == RELU6}
    roots = np.array([channels.root(channel) for channel in range(channels.first[-1])])
    for index in range(len(network.graph.tensors)):
        span = spans.get(network.name(index))
        if span is None:
            continue
        span = np.maximum(span, 1e-6)
        largest = 6.0 if index in six else span.max()
        np.minimum.at(factors, roots[channels.of(index)], np.maximum(largest / span, 1))
    factors[channels.fixed] = 1
    return factors[roots]


def _scale_weights(network: Network, operator: Any, factors: Floats, channels: Channels) -> None:
    x, weights, *bias = operator.inputs
    made, read = factors[channels.of(operator.outputs[0])], factors[channels.of(x)]
    kernel = network.stored(weights)
    if network.kind(operator) == "CONV_2D":
        kernel = kernel * made[:, None, None, None] / read
    else:
        multiplier = len(made) // len(read)
        kernel = kernel * made / np.repeat(read, multiplier)
    name = network.name(operator.outputs[0])
    operator.inputs = [x, network.add_constant(f"{name}/weights", kernel.astype(np.float32))]
    if bias:
        moved = (network.stored(bias[0]) * made).astype(np.float32)
        operator.inputs.append(network.add_constant(f"{name}/bias", moved))


def _activation(operator: Any) -> int:
    return operator.builtinOptions.fusedActivationFunction
