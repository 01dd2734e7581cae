"""Voice embedding: Resemblyzer's network rebuilt from its checkpoint (GE2E, Wan et al. 2018)."""

import numpy as np

from calibration.flatbuffer import Network
from calibration.rebuild.checkpoint import tensors
from calibration.rebuild.layers import (
    Floats,
    dense,
    layer,
    lstm_cell,
    lstm_weights,
    reshape,
    whole_number,
)
from calibration.rebuild.loops import save_with

STEPS = 160
"""Spectra of one call: 1.6 s."""
BANDS = 40
SIZE = 256
LAYERS = 3
OUTPUTS = ("embedding",)
CONDITION, BODY = 1, 2
"""The numbers of the loop's graphs in the file."""
STATE = (1, 1, 1, SIZE)
MULTIPLY_ADDS = STEPS * 4 * SIZE * (BANDS + (2 * LAYERS - 1) * SIZE) + SIZE * SIZE
"""Of one call; a file doesn't say how often its loop goes round."""


def build(content: bytes, int8: bool = False) -> bytes:
    """Return the network as TensorFlow Lite, from Resemblyzer's `pretrained.pt`.

    Input: mel (1, 160, 40), `edge.audio.features.mel_spectra` of 1.6 s. Output: embedding
    (1, 256), of length 1. `int8`: all weights that meet what the network itself made have 8 bits;
    those of the input stay float, as mel power spans more powers of ten than 8 bits hold.

    A loop over the steps, not UNIDIRECTIONAL_SEQUENCE_LSTM: that operator's state can't be
    reset by the network, and it takes twice the time in float, three times in 8 bits.
    """
    return assemble(tensors(content, "model_state"), int8)


def assemble(weights: dict[str, Floats], int8: bool = False) -> bytes:
    network = Network()
    mel = network.add_tensor("mel", (1, STEPS, BANDS))
    network.graph.inputs = [mel]
    zeros = network.add_constant("zeros", np.zeros(STATE, np.float32))
    start = [whole_number(network, "first step", 0), mel, *[zeros] * 2 * LAYERS]
    end = _state(network, "last")
    network.append("WHILE", start, end, condSubgraphIndex=CONDITION, bodySubgraphIndex=BODY)
    h = end[-2]
    raw = dense(network, "raw", h, weights["linear.weight"], weights["linear.bias"], relu=True)
    flat = reshape(network, "flat", raw, (1, SIZE))
    network.graph.outputs = [layer(network, "L2_NORMALIZATION", OUTPUTS[0], [flat], (1, SIZE))]
    return save_with(network, _condition(), _body(weights, int8))


def _state(network: Network, name: str) -> list[int]:
    """Add what goes round the loop: the step's number, the input, then h and c of each layer."""
    step = network.add_tensor(f"{name} step", (), np.int32)
    mel = network.add_tensor(f"{name} mel", (1, STEPS, BANDS))
    layers = [
        network.add_tensor(f"{name} {part} {place}", STATE)
        for place in range(LAYERS)
        for part in ("h", "c")
    ]
    return [step, mel, *layers]


def _condition() -> Network:
    network = Network()
    network.graph.inputs = _state(network, "now")
    steps = whole_number(network, "steps", STEPS)
    network.graph.outputs = [
        layer(network, "LESS", "go on", [network.graph.inputs[0], steps], (), np.bool_)
    ]
    return network


def _body(weights: dict[str, Floats], int8: bool) -> Network:
    network = Network()
    network.graph.inputs = _state(network, "now")
    step, mel, *state = network.graph.inputs
    one = whole_number(network, "one", 1)
    results = [layer(network, "ADD", "next step", [step, one], (), np.int32), mel]
    row = layer(network, "GATHER", "row", [mel, step], (1, BANDS), axis=1)
    x = reshape(network, "spectrum", row, (1, 1, 1, BANDS))
    for place in range(LAYERS):
        h, c = state[2 * place : 2 * place + 2]
        name = f"layer {place}"
        of_x, of_h, bias = lstm_weights(
            weights[f"lstm.weight_ih_l{place}"],
            weights[f"lstm.weight_hh_l{place}"],
            weights[f"lstm.bias_ih_l{place}"] + weights[f"lstm.bias_hh_l{place}"],
        )
        if place == 0:
            from_x = dense(network, f"{name} of input", x, of_x, bias)
            from_h = dense(network, f"{name} of h", h, of_h, np.zeros_like(bias), int8=int8)
            sums = layer(network, "ADD", name, [from_x, from_h], (1, 1, 1, 4 * SIZE))
        else:
            joined = layer(
                network, "CONCATENATION", f"{name} joined", [x, h], (1, 1, 1, 2 * SIZE), axis=3
            )
            both = np.concatenate([of_x, of_h], axis=1)
            sums = dense(network, name, joined, both, bias, int8=int8)
        x, c = lstm_cell(network, name, sums, c)
        results += [x, c]
    network.graph.outputs = results
    return network
