"""Passes on convolutions."""

import struct
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from calibration.flatbuffer import Network

CUSTOM_TRANSPOSE = "Convolution2DTransposeBias"
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID
WIDER = 3
"""Rows or columns of zeros that a kernel may get to take its padding in: a PAD of its own costs
more than a 4 × 4 kernel does in place of 3 × 3 (body landmarks: 670 against 60 µs)."""


def lower_transpose_convolution(network: Network) -> None:
    """Replace MediaPipe's custom transposed convolution by the builtin one with bias. Exact.

    Only XNNPACK's float path knows the custom operator. Its options are those of the builtin one's
    C structure: padding (1 same, 2 valid), stride across, stride down, each an int32.
    """
    for operator in network.of_kind(CUSTOM_TRANSPOSE):
        x, weights, bias = operator.inputs
        (y,) = operator.outputs
        padding, across, down = struct.unpack_from("<3i", bytes(operator.customOptions))
        size = np.array(network.shape(y), np.int32)
        shape = network.add_constant(f"{network.name(y)}/shape", size)
        network.replace(
            operator,
            network.operator(
                "TRANSPOSE_CONV",
                [shape, weights, x, bias],
                [y],
                padding=SAME if padding == 1 else VALID,
                strideW=across,
                strideH=down,
            ),
        )


def fold_padding(network: Network) -> None:
    """Make a PAD with zeros part of the convolutions that read it, as padding SAME. Exact.

    Where SAME puts its zeros elsewhere (frameworks differ at even sizes), the kernel gets rows and
    columns of zeros until the two agree.
    """
    for pad in network.of_kind("PAD"):
        x, amounts = pad.inputs
        (y,) = pad.outputs
        readers = network.consumers(y)
        padding = network.constant(amounts)
        if padding is None or y in network.graph.outputs or padding[[0, 3]].any():
            continue
        wider = [_widened(network, reader, x, padding) for reader in readers]
        if None in wider:
            continue
        for reader, kernel in zip(readers, wider, strict=True):
            _set_kernel(network, reader, np.pad(network.constant(reader.inputs[1]), kernel))
            reader.inputs[0] = x
            reader.builtinOptions.padding = SAME
        network.replace(pad)


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
        kernel = network.constant(weights)
        if width % 2 or options.dilationWFactor != 1:
            continue
        left = _same(width, kernel.shape[2], 2).before
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


class Same(NamedTuple):
    """What padding SAME does along one axis: zeros before, and how many outputs there are."""

    before: int
    outputs: int


def _same(size: int, kernel: int, stride: int) -> Same:
    """As TensorFlow defines it: the outputs as if nothing were missing, the odd zero at the end."""
    outputs = -(-size // stride)
    return Same(max((outputs - 1) * stride + kernel - size, 0) // 2, outputs)


def _widened(network: Network, reader: Any, x: int, padding: Any) -> list[tuple[int, int]] | None:
    """Return the zeros around a convolution's kernel with which SAME does what a PAD did.

    None where that can't be, or it isn't a convolution of the padded tensor.
    """
    options = reader.builtinOptions
    if network.kind(reader) not in CONVOLUTIONS or options.padding != VALID:
        return None
    if options.dilationHFactor != 1 or options.dilationWFactor != 1:
        return None
    kernel = network.shape(reader.inputs[1])
    wider = [(0, 0)]
    for axis, stride in ((1, options.strideH), (2, options.strideW)):
        size, (before, after) = network.shape(x)[axis], padding[axis]
        outputs = (size + before + after - kernel[axis]) // stride + 1
        for zeros in range(WIDER + 1):
            same = _same(size, kernel[axis] + zeros, stride)
            front = same.before - before
            if same.outputs == outputs and 0 <= front <= zeros:
                wider.append((int(front), int(zeros - front)))
                break
        else:
            return None
    return [*wider, (0, 0)]


def _set_kernel(network: Network, operator: Any, kernel: Any) -> None:
    """Give a convolution a kernel of its own: others may share the old one's tensor."""
    name = f"{network.name(operator.outputs[0])}/kernel"
    operator.inputs[1] = network.add_constant(name, np.ascontiguousarray(kernel))
