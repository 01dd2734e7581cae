"""Layers added to a network one after the other, and what recurrent ones are made of."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from calibration.flatbuffer import Network

Floats = NDArray[np.floating[Any]]

INT8 = 127
"""Weights are symmetric, -127 to 127: -128 has no counterpart."""


def layer(
    network: Network,
    kind: str,
    name: str,
    inputs: list[int],
    shape: tuple[int, ...],
    dtype: Any = np.float32,
    **options: Any,
) -> int:
    """Add an operator with one output of the given shape; return that output's index."""
    output = network.add_tensor(name, shape, dtype)
    network.append(kind, inputs, [output], **options)
    return output


def whole_number(network: Network, name: str, *values: int) -> int:
    """Add an int32 constant: a scalar where there is one value; return its index."""
    array = np.array(values if len(values) > 1 else values[0], np.int32)
    return network.add_constant(name, array)


def convolution(
    network: Network,
    name: str,
    x: int,
    weights: Floats,
    bias: Floats,
    *,
    stride: int = 1,
    same: bool = False,
    relu: bool = False,
    int8: bool = False,
) -> int:
    """Add a convolution along time; return its output, (1, 1, steps, out).

    `x`: (1, 1, steps, in). `weights`: (out, taps, in). `int8`: weights of 8 bits with a scale for
    each output; the runtime then rounds what comes in, call by call, and adds up whole numbers.
    """
    steps = network.shape(x)[2]
    outputs, taps, _ = weights.shape
    kernel = weights[:, np.newaxis]
    after = -(-(steps if same else steps - taps + 1) // stride)
    Activation = schema.ActivationFunctionType
    return layer(
        network,
        "CONV_2D",
        name,
        [
            x,
            _int8(network, name, kernel) if int8 else _floats(network, f"{name} weights", kernel),
            _floats(network, f"{name} bias", bias),
        ],
        (1, 1, after, outputs),
        padding=schema.Padding.SAME if same else schema.Padding.VALID,
        strideW=stride,
        strideH=1,
        dilationWFactor=1,
        dilationHFactor=1,
        fusedActivationFunction=Activation.RELU if relu else Activation.NONE,
    )


def dense(
    network: Network, name: str, x: int, weights: Floats, bias: Floats, **options: bool
) -> int:
    """Add a fully connected layer, written as a convolution with one tap; return its output.

    `x`: (1, 1, 1, in). `weights`: (out, in). tflite-runtime 2.14 takes FULLY_CONNECTED with a
    scale for each output without complaint and uses the first scale for all of them.
    """
    return convolution(network, name, x, weights[:, np.newaxis], bias, **options)


def reshape(network: Network, name: str, x: int, shape: tuple[int, ...]) -> int:
    place = whole_number(network, f"{name} shape", *shape)
    return layer(network, "RESHAPE", name, [x, place], shape, newShape=list(shape))


def lstm_weights(*parts: Floats) -> list[Floats]:
    """Return weights or biases of PyTorch's LSTM in the form that `lstm_cell` takes.

    PyTorch's gates are input, forget, cell, output, along the first axis. Here the cell's comes
    last and is doubled, so that one sigmoid does for all: tanh x = 2 sigmoid 2x - 1.
    """
    result = []
    for part in parts:
        into, forget, cell, out = np.split(part, 4)
        result.append(np.concatenate([into, forget, out, 2 * cell]))
    return result


def lstm_cell(network: Network, name: str, sums: int, c: int) -> tuple[int, int]:
    """Add what an LSTM does after its matrix product; return its new h and c.

    `sums`: (1, 1, 1, 4 n), weights from `lstm_weights` times input and last h, plus bias.
    `c`: the last cell state, (1, 1, 1, n). Hochreiter and Schmidhuber 1997, with forget gate.
    """
    shape = network.shape(c)

    def join(kind: str, what: str, a: int, b: int) -> int:
        return layer(network, kind, f"{name} {what}", [a, b], shape)

    gates = layer(network, "LOGISTIC", f"{name} gates", [sums], network.shape(sums))
    parts = [network.add_tensor(f"{name} {part}", shape) for part in ("in", "forget", "out", "new")]
    axis = whole_number(network, f"{name} axis", len(shape) - 1)
    network.append("SPLIT", [axis, gates], parts, numSplits=4)
    into, forget, out, new = parts
    two = network.add_constant(f"{name} two", np.array([2], np.float32))
    one = network.add_constant(f"{name} one", np.array([1], np.float32))
    tanh = join("SUB", "candidate", join("MUL", "doubled", new, two), one)
    added = join("MUL", "added", into, tanh)
    next_c = join("ADD", "c", join("MUL", "kept", forget, c), added)
    bounded = layer(network, "TANH", f"{name} bounded", [next_c], shape)
    return join("MUL", "h", out, bounded), next_c


def _floats(network: Network, name: str, values: Floats) -> int:
    return network.add_constant(name, np.ascontiguousarray(values, np.float32))


def _int8(network: Network, name: str, kernel: Floats) -> int:
    """Add weights of 8 bits, (out, ...), with a scale for each output; return their index."""
    largest = np.abs(kernel).max(axis=tuple(range(1, kernel.ndim)), keepdims=True)
    scales = np.where(largest > 0, largest / INT8, 1.0)
    index = network.add_constant(f"{name} weights", np.rint(kernel / scales).astype(np.int8))
    quantization = schema.QuantizationParametersT()
    quantization.scale = scales.ravel().astype(np.float32)
    quantization.zeroPoint = np.zeros(scales.size, np.int64)
    quantization.quantizedDimension = 0
    network.tensor(index).quantization = quantization
    return index
