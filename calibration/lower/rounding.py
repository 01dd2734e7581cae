"""Weights rounded together instead of one by one, so that their errors cancel in the output.

Each weight's error is made up for by those not yet rounded, as far as their inputs go together
(GPTQ, Frantar et al. 2022, arXiv:2210.17323, equation 2). Weights end on the very steps that
litert-quantizer finds again: the largest of a channel is 127.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from calibration.flatbuffer import Network
from calibration.ranges import Inputs, watch

Floats = NDArray[np.float64]

LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D")
LEVELS = 127
PLACES = 200
"""Places of every sample at which a layer's inputs are looked at, evenly spread."""
DAMPING = 0.01
"""Part of the mean of the diagonal that is added to it: without it, inputs that never vary would
have their weights moved without end."""


def round_weights(
    network: Network, samples: Iterable[Inputs], keep_float: Iterable[str] = ()
) -> None:
    """Round the weights of convolutions to 8 bits, one scale a channel; biases take up what the
    mean of the inputs makes of the errors.

    `keep_float`: the names of the outputs of layers that aren't rounded.
    """
    spared = set(keep_float)
    content = network.save()  # which numbers tensors anew: layers are looked up after it
    layers = [
        layer
        for layer in network.of_kind(*LAYERS)
        if network.name(layer.outputs[0]) not in spared
        and len(layer.inputs) == 3
        and layer.builtinOptions.dilationWFactor == layer.builtinOptions.dilationHFactor == 1
    ]
    gathered = _gathered(network, layers, watch(content, samples))
    for layer, inputs in zip(layers, gathered, strict=True):
        kernel = network.stored(layer.inputs[1])
        depthwise = network.kind(layer) == "DEPTHWISE_CONV_2D"
        # Rows of weights that meet the same inputs: (groups, rows, inputs).
        rows = kernel.transpose(3, 0, 1, 2) if depthwise else kernel[None]
        rows = rows.reshape(len(inputs), -1, inputs.shape[2]).astype(np.float64)
        rounded = _rounded(rows, inputs)
        lost = np.einsum("gri,gi->gr", rows - rounded, inputs.mean(axis=1)).reshape(-1)
        back = rounded.reshape(kernel.shape if not depthwise else (-1, *kernel.shape[:3]))
        result = back.transpose(1, 2, 3, 0) if depthwise else back
        _store(network, layer, result, lost)


def _rounded(rows: Floats, inputs: Floats) -> Floats:
    """Return rows of weights (g, r, i) on their steps, given the inputs (g, n, i) they meet."""
    step = np.abs(rows).max(axis=2) / LEVELS
    step[step == 0] = 1
    together = inputs.transpose(0, 2, 1) @ inputs
    diagonal = np.einsum("gii->gi", together)
    diagonal += DAMPING * diagonal.mean(axis=1, keepdims=True) + 1e-9
    upper = np.linalg.cholesky(np.linalg.inv(together)).transpose(0, 2, 1)
    left, result = rows.copy(), np.empty_like(rows)
    for place in range(rows.shape[2]):
        # Moved weights stay inside of the steps that the largest one set.
        codes = np.clip(np.round(left[..., place] / step), -LEVELS, LEVELS)
        result[..., place] = codes * step
        error = (left[..., place] - result[..., place]) / upper[:, None, place, place]
        left[..., place + 1 :] -= error[..., None] * upper[:, None, place, place + 1 :]
    largest = np.abs(rows).argmax(axis=2)[..., None]
    # Its 127 stays as it was: the scale is found again from it.
    scaled = np.sign(np.take_along_axis(rows, largest, 2)) * LEVELS * step[..., None]
    np.put_along_axis(result, largest, scaled, 2)
    return result


def _store(network: Network, layer: Any, kernel: Floats, lost: Floats) -> None:
    x, _, bias = layer.inputs
    name = network.name(layer.outputs[0])
    values = network.stored(bias) + lost
    layer.inputs = [
        x,
        network.add_constant(f"{name}/rounded", np.ascontiguousarray(kernel, np.float32)),
        network.add_constant(f"{name}/rounded/bias", values.astype(np.float32)),
    ]


def _gathered(
    network: Network, layers: list[Any], watched: Iterable[dict[str, NDArray[np.float32]]]
) -> Iterator[Floats]:
    """Yield for each layer the inputs that its weights meet: (groups, n, inputs).

    One group for a convolution; one for every channel of a depthwise one.
    """
    found: list[list[NDArray[np.float32]]] = [[] for _ in layers]
    for tensors in watched:
        for layer, patches in zip(layers, found, strict=True):
            patches.append(_patches(network, layer, tensors[network.name(layer.inputs[0])]))
    for patches in found:
        yield np.concatenate(patches, axis=1).astype(np.float64)


def _patches(network: Network, layer: Any, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a layer's window sees at `PLACES` places: (groups, places, inputs)."""
    kernel, options = network.shape(layer.inputs[1]), layer.builtinOptions
    stride = (options.strideH, options.strideW)
    padding = [(0, 0)]
    for axis in (0, 1):
        size, window = values.shape[axis + 1], kernel[axis + 1]
        whole = -(-size // stride[axis])
        missing = max((whole - 1) * stride[axis] + window - size, 0)
        same = options.padding == schema.Padding.SAME
        padding.append((missing // 2, missing - missing // 2) if same else (0, 0))
    padded = np.pad(values, [*padding, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel[1:3], axis=(1, 2))
    windows = windows[0, :: stride[0], :: stride[1]]  # rows, columns, channels, window
    places = np.linspace(0, windows.shape[0] * windows.shape[1] - 1, PLACES).astype(int)
    places = np.unique(places)
    picked = windows[np.unravel_index(places, windows.shape[:2])]  # places, channels, h, w
    if network.kind(layer) == "DEPTHWISE_CONV_2D":
        return picked.reshape(*picked.shape[:2], -1).transpose(1, 0, 2)
    return picked.transpose(0, 2, 3, 1).reshape(1, len(places), -1)
