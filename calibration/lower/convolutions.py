"""Passes on convolutions."""

import struct
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from calibration.flatbuffer import Network

CUSTOM_TRANSPOSE = "Convolution2DTransposeBias"
POINTWISE = {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


def lower_transpose_convolution(network: Network) -> None:
    """Replace MediaPipe's custom transposed convolution by the builtin one with bias. Exact.

    Only XNNPACK's float path knows the custom operator. Its options are those of the builtin one's
    C structure: padding (1 same, 2 valid), stride across, stride down, each an int32.
    """
    for operator in network.of_kind(CUSTOM_TRANSPOSE):
        _, weights, bias = operator.inputs
        padding, across, down = struct.unpack_from("<3i", bytes(operator.customOptions))
        where = {"padding": SAME if padding == 1 else VALID, "strideW": across, "strideH": down}
        _transpose(network, operator, weights, bias, where)


def deepen_transpose_convolution(network: Network) -> None:
    """Replace a transposed convolution whose windows don't overlap by one of single pixels. Exact.

    It makes all pixels of a window as channels, which DEPTH_TO_SPACE lays out: a fifth of the
    time in XNNPACK (selfie, int8: 850 against 120 µs).
    """
    for operator in network.of_kind("TRANSPOSE_CONV"):
        _, weights, x, *bias = operator.inputs
        kernel, options = network.stored(weights), operator.builtinOptions
        side, (y,) = options.strideW, operator.outputs
        _, height, width, _ = network.shape(x)
        if (
            not bias
            or not kernel.shape[1] == kernel.shape[2] == side == options.strideH
            or network.shape(y)[1:3] != (height * side, width * side)
        ):
            continue
        name, window = network.name(y), side * side
        deep = network.add_tensor(f"{name}/deep", (*network.shape(x)[:3], window * len(kernel)))
        # Channels in the order row of the window, column, output.
        flat = kernel.transpose(1, 2, 0, 3).reshape(-1, 1, 1, kernel.shape[3])
        wide = network.add_constant(f"{name}/weights", np.ascontiguousarray(flat))
        biases = network.add_constant(f"{name}/bias", np.tile(network.stored(bias[0]), window))
        network.replace(
            operator,
            network.operator(
                "CONV_2D",
                [x, wide, biases],
                [deep],
                fusedActivationFunction=options.fusedActivationFunction,
                **POINTWISE,
            ),
            network.operator("DEPTH_TO_SPACE", [deep], [y], blockSize=side),
        )


def lower_depth_to_space(network: Network) -> None:
    """Replace DEPTH_TO_SPACE by a transposed convolution that only moves values. Exact.

    An Edge TPU has no DEPTH_TO_SPACE.
    """
    for operator in network.of_kind("DEPTH_TO_SPACE"):
        (x,), (y,) = operator.inputs, operator.outputs
        side, outputs = operator.builtinOptions.blockSize, network.shape(y)[3]
        moves = np.eye(network.shape(x)[3], dtype=np.float32)
        kernel = moves.reshape(side, side, outputs, -1).transpose(2, 0, 1, 3)
        name = network.name(y)
        weights = network.add_constant(f"{name}/weights", np.ascontiguousarray(kernel))
        bias = network.add_constant(f"{name}/bias", np.zeros(outputs, np.float32))
        where = {"padding": SAME, "strideW": side, "strideH": side}
        _transpose(network, operator, weights, bias, where)


def average_by_mean(network: Network) -> None:
    """Replace an average pooling of the whole picture by MEAN, which is quicker. Exact."""
    for operator in network.of_kind("AVERAGE_POOL_2D"):
        (x,), (y,), options = operator.inputs, operator.outputs, operator.builtinOptions
        whole = (options.filterHeight, options.filterWidth) == network.shape(x)[1:3]
        if whole and network.shape(y)[1:3] == (1, 1) and not options.fusedActivationFunction:
            axes = network.add_constant(f"{network.name(y)}/axes", np.array([1, 2], np.int32))
            network.replace(operator, network.operator("MEAN", [x, axes], [y], keepDims=True))


def pack_columns(network: Network) -> None:
    """Let the first convolution of a picture read its pixels in pairs, as six channels. Exact.

    Kernels work on eight or sixteen channels at a time whether or not they are there: three waste
    most of it. A picture's memory is the same either way, so the RESHAPE is free.
    """
    for operator in network.of_kind("CONV_2D"):
        x, weights = operator.inputs[:2]
        options = operator.builtinOptions
        if x not in network.graph.inputs or options.strideW != 2 or options.padding != SAME:
            continue
        _, height, width, channels = network.shape(x)
        kernel = network.stored(weights)
        if width % 2 or options.dilationWFactor != 1:
            continue
        left = _zeros_before(width, kernel.shape[2], 2)
        pairs_left = -(-left // 2)
        pairs = pairs_left + -(-(kernel.shape[2] - left) // 2)
        while (pairs - 1) // 2 < pairs_left:
            pairs += 1
        if (pairs - 1) // 2 > pairs_left:
            continue
        front = 2 * pairs_left - left
        back = 2 * pairs - front - kernel.shape[2]
        wide = np.pad(kernel, ((0, 0), (0, 0), (front, back), (0, 0)))
        packed = network.add_tensor(
            f"{network.name(x)}/pairs", (1, height, width // 2, 2 * channels)
        )
        size = np.array(network.shape(packed), np.int32)
        shape = network.add_constant(f"{network.name(x)}/pairs/shape", size)
        reshape = network.operator("RESHAPE", [x, shape], [packed], newShape=size)
        _set_kernel(network, operator, wide.reshape(*kernel.shape[:2], pairs, 2 * channels))
        operator.inputs[0] = packed
        options.strideW = 1
        network.replace(operator, reshape, operator)


def _transpose(
    network: Network, operator: Any, weights: int, bias: int, options: dict[str, int]
) -> None:
    """Put a builtin transposed convolution into an operator's place."""
    (y,) = operator.outputs
    size = np.array(network.shape(y), np.int32)
    shape = network.add_constant(f"{network.name(y)}/shape", size)
    inputs = [shape, weights, operator.inputs[0], bias]
    network.replace(operator, network.operator("TRANSPOSE_CONV", inputs, [y], **options))


def _zeros_before(size: int, kernel: int, stride: int) -> int:
    """Return the zeros that padding SAME puts before an axis; an odd one goes to its end."""
    outputs = -(-size // stride)
    return max((outputs - 1) * stride + kernel - size, 0) // 2


def _set_kernel(network: Network, operator: Any, kernel: Any) -> None:
    """Give a convolution a kernel of its own: others may share the old one's tensor."""
    name = f"{network.name(operator.outputs[0])}/kernel"
    operator.inputs[1] = network.add_constant(name, np.ascontiguousarray(kernel))
