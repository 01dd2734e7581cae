"""The classifier of motions, written as TensorFlow Lite."""

from collections.abc import Sequence

import numpy as np

from calibration.flatbuffer import Network
from calibration.gestures.layout import STRIDES
from calibration.rebuild.layers import Floats, convolution, dense, layer, reshape
from edge.people.hand_motion import FEATURES, STEPS

Layer = tuple[Floats, Floats]
"""Weights, (taps, in, out) or (in, out), and bias."""


def build(layers: Sequence[Layer]) -> bytes:
    """Return the network: a window (1, STEPS, FEATURES) in, probabilities (1, classes) out."""
    network = Network()
    window = network.add_tensor("window", (1, STEPS, FEATURES))
    network.graph.inputs = [window]
    x = reshape(network, "steps", window, (1, 1, STEPS, FEATURES))
    for place, ((weights, bias), stride) in enumerate(zip(layers, STRIDES, strict=False)):
        taps = np.asarray(weights).transpose(2, 0, 1)
        name = f"convolution {place}"
        x = convolution(network, name, x, taps, bias, stride=stride, same=True, relu=True)
    x = reshape(network, "all", x, (1, 1, 1, network.shape(x)[2] * network.shape(x)[3]))
    (weights, bias), (last, last_bias) = layers[len(STRIDES) :]
    x = dense(network, "hidden", x, np.asarray(weights).T, bias, relu=True)
    x = dense(network, "logits", x, np.asarray(last).T, last_bias)
    x = layer(network, "SOFTMAX", "softmax", [x], network.shape(x), beta=1.0)
    network.graph.outputs = [reshape(network, "gestures", x, (1, network.shape(x)[3]))]
    return network.save()
