"""Passes that put activations where integer kernels have them: inside the operator before."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from calibration.flatbuffer import Network

FUSED = {
    "RELU": schema.ActivationFunctionType.RELU,
    "RELU6": schema.ActivationFunctionType.RELU6,
}
CAN_FUSE = ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "FULLY_CONNECTED", "MUL", "SUB")


def fuse_activations(network: Network) -> None:
    """Make a RELU part of the operator before it. Exact.

    LiteRT runs a RELU of its own on int8 without XNNPACK, a hundred times slower.
    """
    for activation in network.of_kind(*FUSED):
        before = network.producer(activation.inputs[0])
        if (
            before is not None
            and network.kind(before) in CAN_FUSE
            and before.builtinOptions.fusedActivationFunction == 0
            and len(network.consumers(before.outputs[0])) == 1
            and before.outputs[0] not in network.graph.outputs
        ):
            before.builtinOptions.fusedActivationFunction = FUSED[network.kind(activation)]
            before.outputs = list(activation.outputs)
            network.replace(activation)


def lower_hard_swish(network: Network) -> None:
    """Replace HARD_SWISH by x · relu6(x + 3) / 6 (Howard et al. 2019, section 5.2). Exact.

    An Edge TPU has no HARD_SWISH.
    """
    for operator in network.of_kind("HARD_SWISH"):
        (x,), (y,) = operator.inputs, operator.outputs
        name, shape = network.name(y), network.shape(x)
        gate = network.add_tensor(f"{name}/gate", shape)
        product = network.add_tensor(f"{name}/product", shape)
        three = network.add_constant(f"{name}/three", np.array([3], np.float32))
        sixth = network.add_constant(f"{name}/sixth", np.array([1 / 6], np.float32))
        network.replace(
            operator,
            network.operator("ADD", [x, three], [gate], fusedActivationFunction=FUSED["RELU6"]),
            network.operator("MUL", [x, gate], [product]),
            network.operator("MUL", [product, sixth], [y]),
        )


def lower_prelu(network: Network) -> None:
    """Replace PRELU by operators that litert-quantizer and an Edge TPU know. Exact.

    relu(x) + slope · (x - relu(x)). The product is made by a depthwise convolution of one pixel:
    its weights have a scale for each channel, so that small slopes lose nothing beside large ones.
    """
    for operator in network.of_kind("PRELU"):
        slopes = _slopes(network, operator)
        if slopes is None:
            continue
        x, (y,) = operator.inputs[0], operator.outputs
        name, shape = network.name(y), network.shape(x)
        above, below, scaled = (
            network.add_tensor(f"{name}/{part}", shape) for part in ("above", "below", "scaled")
        )
        weights = network.add_constant(f"{name}/slopes", slopes.reshape(1, 1, 1, -1))
        bias = network.add_constant(f"{name}/bias", np.zeros(shape[-1], np.float32))
        network.replace(
            operator,
            network.operator("RELU", [x], [above]),
            network.operator("SUB", [x, above], [below]),
            network.operator(
                "DEPTHWISE_CONV_2D",
                [below, weights, bias],
                [scaled],
                strideW=1,
                strideH=1,
                depthMultiplier=1,
                dilationWFactor=1,
                dilationHFactor=1,
            ),
            network.operator("ADD", [above, scaled], [y]),
        )


def tile_slopes(network: Network) -> None:
    """Store the slopes of PRELU for a whole row of pixels. Exact.

    XNNPACK then works on rows instead of pixels; of 8 channels a pixel has only half of what it
    takes at a time (128 × 128 × 8: 25 instead of 106 µs).
    """
    for operator in network.of_kind("PRELU"):
        slopes, x = _slopes(network, operator), operator.inputs[0]
        if slopes is None:
            continue
        row = np.broadcast_to(slopes, (1, *network.shape(x)[2:]))
        name = f"{network.name(operator.outputs[0])}/slopes"
        operator.inputs = [x, network.add_constant(name, np.ascontiguousarray(row))]


def _slopes(network: Network, operator: Any) -> NDArray[np.float32] | None:
    """Return the slope of every channel, None where slopes differ by place or aren't stored."""
    x, slope = operator.inputs
    slopes, shape = network.constant(slope), network.shape(x)
    if slopes is None or len(shape) != 4 or slopes.size != slopes.shape[-1]:
        return None
    return np.broadcast_to(slopes.reshape(-1), shape[-1:])
