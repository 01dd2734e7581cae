"""Voice activity: Silero VAD rebuilt from its ONNX file with TensorFlow Lite's own operators."""

import numpy as np
import onnx
import onnx.numpy_helper

from calibration.flatbuffer import Network, schema
from calibration.rebuild.layers import (
    Floats,
    convolution,
    dense,
    layer,
    lstm_cell,
    lstm_weights,
    reshape,
)

CONTEXT = 64
"""Samples of the call before that come first."""
WINDOW = 512
"""New samples of a call: 32 ms at 16 kHz."""
STATE = 128
HOP = 128
"""Samples from one spectrum to the next, half of what each is made of."""
BINS = 129
OUTPUTS = ("probability", "next h", "next c")
PREFIX = "model."
LAYERS = tuple(f"encoder.{place}.reparam_conv" for place in range(4))


def build(content: bytes, int8: bool = False) -> bytes:
    """Return the network as TensorFlow Lite, from `silero_vad_16k_op15.onnx`.

    Inputs: sound (1, 576), 16 kHz, -1 to 1, of which the first 64 samples are the last ones of
    the call before; h and c (1, 128), zeros at first, then what the call before gave.
    Outputs: probability (1, 1) of a voice in the sound; the next h and c (1, 128).
    `int8`: the recurrent layer, a third of the bytes, with weights of 8 bits. The layers before
    it stay float: spectra span so many powers of ten that 8 bits lose the quiet bins.
    """
    return assemble(weights(content), int8)


def weights(content: bytes) -> dict[str, Floats]:
    """Return the arrays of the ONNX file by their names, without their common prefix."""
    graph = onnx.load_from_string(content).graph
    return {
        tensor.name.removeprefix(PREFIX): onnx.numpy_helper.to_array(tensor)
        for tensor in graph.initializer
    }


def assemble(weights: dict[str, Floats], int8: bool = False) -> bytes:
    network = Network()
    sound = network.add_tensor("sound", (1, CONTEXT + WINDOW))
    h, c = (network.add_tensor(name, (1, STATE)) for name in ("h", "c"))
    network.graph.inputs = [sound, h, c]
    features = _encoder(network, _spectra(network, sound, weights), weights)
    vector = (1, 1, 1, STATE)
    last = [reshape(network, f"{name} as picture", x, vector) for name, x in (("h", h), ("c", c))]
    joined = layer(
        network,
        "CONCATENATION",
        "features and h",
        [features, last[0]],
        (1, 1, 1, 2 * STATE),
        axis=3,
    )
    both = np.concatenate(
        [weights["decoder.rnn.weight_ih"], weights["decoder.rnn.weight_hh"]], axis=1
    )
    bias = weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"]
    sums = dense(network, "recurrent", joined, *lstm_weights(both, bias), int8=int8)
    next_h, next_c = lstm_cell(network, "recurrent", sums, last[1])
    heard = layer(network, "RELU", "heard", [next_h], vector)
    score = dense(
        network,
        "score",
        heard,
        weights["decoder.decoder.2.weight"][..., 0],
        weights["decoder.decoder.2.bias"],
    )
    probability = layer(network, "LOGISTIC", "score as probability", [score], (1, 1, 1, 1))
    network.graph.outputs = [
        reshape(network, name, x, (1, network.shape(x)[-1]))
        for name, x in zip(OUTPUTS, (probability, next_h, next_c), strict=True)
    ]
    return network.save()


def _spectra(network: Network, sound: int, weights: dict[str, Floats]) -> int:
    """Add the magnitudes of four overlapping windows' spectra, (1, 1, 4, 129).

    The Fourier transform, Hann's window in it, is a convolution; written over hops of 128
    samples as channels, it has two taps instead of 256.
    """
    pads = network.add_constant("pads", np.array([[0, 0], [0, CONTEXT]], np.int32))
    length = 2 * CONTEXT + WINDOW
    mirrored = layer(
        network,
        "MIRROR_PAD",
        "mirrored",
        [sound, pads],
        (1, length),
        mode=schema.MirrorPadMode.REFLECT,
    )
    hops = reshape(network, "hops", mirrored, (1, 1, length // HOP, HOP))
    basis = weights["stft.forward_basis_buffer"].reshape(2, BINS, 2, HOP)
    squares = []
    for name, part in zip(("real", "imaginary"), basis, strict=True):
        values = convolution(network, name, hops, part, np.zeros(BINS, np.float32))
        shape = network.shape(values)
        squares.append(layer(network, "MUL", f"{name} squared", [values, values], shape))
    power = layer(network, "ADD", "power", squares, shape)
    return layer(network, "SQRT", "magnitudes", [power], shape)


def _encoder(network: Network, x: int, weights: dict[str, Floats]) -> int:
    """Add the four convolutions from 4 steps to 1, (1, 1, 1, 128).

    ONNX pads one step before and one after. The second layer's stride of 2 would have TensorFlow
    pad at the end only; a fourth tap of zero makes it one on each side. From there on, taps that
    only ever meet padding are left out.
    """
    taps = [weights[f"{name}.weight"].transpose(0, 2, 1) for name in LAYERS]
    bias = [weights[f"{name}.bias"] for name in LAYERS]
    widened = np.pad(taps[1], ((0, 0), (0, 1), (0, 0)))
    x = convolution(network, "encoder 0", x, taps[0], bias[0], same=True, relu=True)
    x = convolution(network, "encoder 1", x, widened, bias[1], stride=2, same=True, relu=True)
    x = convolution(network, "encoder 2", x, taps[2][:, 1:], bias[2], relu=True)
    return convolution(network, "encoder 3", x, taps[3][:, 1:2], bias[3], relu=True)
