"""Quantization: int8 where it's asked for, pixels as they are, results near the parent's."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.flatbuffer import Network, schema
from calibration.lower import add_signature, name_tensors
from calibration.quantize import quantize
from calibration.ranges import Inputs, observe
from tests.calibration.networks import RELU, Net, run

# litert-quantizer keeps all tensors, as it means to; ai-edge-litert thinks it debugs.
pytestmark = pytest.mark.filterwarnings("ignore:Warning. Enabling .experimental_preserve_all")

INT8, FLOAT32 = schema.TensorType.INT8, schema.TensorType.FLOAT32
PICTURE = (-1.0, 1.0)


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return a network of three convolutions and a vector, its names given."""
    net = Net(3)
    x = net.input(1, 16, 16, 3)
    y = net.convolution(x, 8, (3, 3), stride=2, activation=RELU)
    y = net.depthwise(y, activation=RELU)
    y = net.convolution(y, 8, activation=RELU)
    y = net.add("MEAN", [y, net.const(np.array([1, 2], np.int32))], 1, 8, keepDims=False)
    net.ends(net.add("FULLY_CONNECTED", [y, net.weights(4, 8), net.weights(4)], 1, 4))
    for operator, name in zip(net.operators, LAYERS, strict=True):
        net.tensor(operator.outputs[0]).name = name.encode()
    name_tensors(net)
    add_signature(net)
    return net.save()


LAYERS = ("first", "depthwise", "(second)/a+b", "mean", "vector")


def pictures(count: int, seed: int) -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (1, 16, 16, 3), np.uint8) for _ in range(count)]


def floats(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return picture.astype(np.float32) / 127.5 - 1


@pytest.fixture(scope="module")
def samples() -> list[Inputs]:
    return [(floats(picture),) for picture in pictures(20, seed=0)]


def quantized(content: bytes, samples: list[Inputs], **options: Any) -> Network:
    ranges = observe(content, samples, "minmax")
    return Network(quantize(content, ranges, **{"pictures": [PICTURE], **options}))


def layer(network: Network, name: str) -> Any:
    """Return the operator whose output is called so; litert-quantizer appends to some names."""
    (found,) = [
        operator
        for operator in network.operators
        if network.name(operator.outputs[0]) in (name, f"{name}_quantized")
        and network.kind(operator) not in ("QUANTIZE", "DEQUANTIZE")
    ]
    return found


def types(network: Network, operator: Any) -> list[int]:
    """Return the types of an operator's input, weights and output."""
    return [network.tensor(index).type for index in (*operator.inputs[:2], operator.outputs[0])]


def test_weights_are_int8_with_a_scale_for_each_channel(
    content: bytes, samples: list[Inputs]
) -> None:
    network = quantized(content, samples)
    for kind, channels in (("CONV_2D", 8), ("DEPTHWISE_CONV_2D", 8)):
        for operator in network.of_kind(kind):
            assert types(network, operator) == [INT8, INT8, INT8]
            assert len(network.tensor(operator.inputs[1]).quantization.scale) == channels


def test_codes_of_the_input_are_the_pixels_shifted(content: bytes, samples: list[Inputs]) -> None:
    network = quantized(content, samples)
    (x,) = network.graph.inputs
    quantization = network.tensor(x).quantization
    (scale,), (zero,) = quantization.scale, quantization.zeroPoint
    assert network.tensor(x).type == INT8
    pixels = np.arange(256)
    codes = np.round(floats(pixels.astype(np.uint8)) / scale + zero)
    # White and black may be at half a step: then zero is one of the two codes beside it.
    np.testing.assert_allclose(codes, pixels - 128, atol=1)
    assert scale == pytest.approx(2 / 255, rel=1e-5)


def test_the_input_does_not_follow_what_was_seen(content: bytes) -> None:
    """Dark samples: bright pixels are to come."""
    dark: list[Inputs] = [(floats(picture // 4),) for picture in pictures(20, seed=0)]
    network = quantized(content, dark)
    (scale,) = network.tensor(network.graph.inputs[0]).quantization.scale
    assert scale == pytest.approx(2 / 255, rel=1e-5)


def test_other_inputs_stay_float(content: bytes, samples: list[Inputs]) -> None:
    network = quantized(content, samples, pictures=[None])
    assert network.tensor(network.graph.inputs[0]).type == FLOAT32
    assert types(network, layer(network, "depthwise")) == [INT8, INT8, INT8]


@pytest.mark.parametrize("name", LAYERS[:3])
def test_what_is_kept_float_is_float_and_nothing_else(
    content: bytes, samples: list[Inputs], name: str
) -> None:
    network = quantized(content, samples, keep_float=[name])
    for other in LAYERS[:3]:
        expected = FLOAT32 if other == name else INT8
        assert network.tensor(layer(network, other).inputs[1]).type == expected, other


def test_outputs_are_near_the_parents(content: bytes, samples: list[Inputs]) -> None:
    network = quantized(content, samples)
    (y,) = network.graph.outputs
    quantization = network.tensor(y).quantization
    fresh = pictures(10, seed=1)
    expected = np.concatenate([run(content, floats(picture))[0] for picture in fresh])
    codes = np.concatenate(
        [run(network.save(), (picture ^ 128).view(np.int8))[0] for picture in fresh]
    )
    found = (codes.astype(np.float32) - quantization.zeroPoint[0]) * quantization.scale[0]
    # On average: what is beyond all that was seen is cut off.
    assert np.abs(found - expected).mean() < 0.01 * np.ptp(expected)


def test_the_same_gives_the_same_bytes(content: bytes, samples: list[Inputs]) -> None:
    assert quantized(content, samples).save() == quantized(content, samples).save()


def test_nothing_is_printed(
    content: bytes, samples: list[Inputs], capfd: pytest.CaptureFixture[str]
) -> None:
    quantized(content, samples)
    assert capfd.readouterr() == ("", "")
