"""Equalization: channels get more alike, and what is computed stays as it was."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.flatbuffer import Network
from calibration.lower.equalize import MOST, equalize
from calibration.ranges import channel_spans
from tests.calibration.networks import NONE, RELU, RELU6, Net, assert_same, drawn


def uneven(net: Net) -> None:
    """Make the channels of every convolution differ by a factor of up to a hundred."""
    for operator in net.of_kind("CONV_2D", "DEPTHWISE_CONV_2D"):
        _, weights, *bias = operator.inputs
        kernel = net.stored(weights)
        last = net.kind(operator) == "DEPTHWISE_CONV_2D"
        sizes = 10.0 ** net.random.uniform(-1, 1, kernel.shape[-1 if last else 0])
        factors = sizes.astype(np.float32)
        shaped = factors if last else factors[:, None, None, None]
        net.set_constant(weights, kernel * shaped)
        for one in bias:
            net.set_constant(one, net.stored(one) * factors)


def equalized(net: Net, power: float = 1.0) -> tuple[bytes, bytes]:
    """Return an uneven network before and after, the ranges seen on what `assert_same` draws."""
    uneven(net)
    before = net.save()
    equalize(net, channel_spans(before, [tuple(drawn(Network(before)))]), power)
    return before, net.save()


def weights_of(content: bytes) -> list[Any]:
    net = Network(content)
    return [net.stored(operator.inputs[1]) for operator in net.of_kind("CONV_2D")]


def prelu(net: Net, x: int) -> int:
    *_, channels = net.shape(x)
    return net.add("PRELU", [x, net.weights(1, 1, channels)], *net.shape(x))


@given(
    seed=st.integers(0, 99),
    activation=st.sampled_from([NONE, RELU, RELU6]),
    multiplier=st.integers(1, 3),
    power=st.floats(0, 1),
)
def test_a_chain_stays_exact(seed: int, activation: int, multiplier: int, power: float) -> None:
    """RELU6 too, on the very inputs that the ranges were seen on."""
    net = Net(seed)
    y = net.convolution(net.input(1, 4, 4, 3), 4, (3, 3), activation=activation)
    y = net.depthwise(y, multiplier, activation)
    y = prelu(net, net.convolution(y, 5))
    before, after = equalized(net.ends(net.convolution(y, 2)), power)
    assert_same(before, after)


def residual(net: Net) -> int:
    """Two branches that are added: with a PAD of channels on one, as in BlazeFace."""
    y = net.convolution(net.input(1, 4, 4, 3), 4, activation=RELU)
    z = net.convolution(y, 6)
    pads = net.const(np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32))
    padded = net.add("PAD", [y, pads], 1, 4, 4, 6)
    return prelu(net, net.add("ADD", [z, padded], 1, 4, 4, 6))


def padded_in_front(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    pads = net.const(np.array([[0, 0], [1, 0], [0, 2], [3, 1]], np.int32))
    return net.add("PAD", [y, pads], 1, 5, 6, 8)


def concatenated(net: Net) -> int:
    x = net.input(1, 4, 4, 3)
    parts = [net.convolution(x, 4), net.convolution(x, 2)]
    return net.add("CONCATENATION", parts, 1, 4, 4, 6, axis=3)


def concatenated_with_constant(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    return net.add("CONCATENATION", [y, net.weights(1, 4, 4, 2)], 1, 4, 4, 6, axis=3)


def concatenated_below(net: Net) -> int:
    x = net.input(1, 4, 4, 3)
    parts = [net.convolution(x, 4), net.convolution(x, 4)]
    return net.add("CONCATENATION", parts, 1, 8, 4, 4, axis=1)


def pooled(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    options = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    y = net.add("MAX_POOL_2D", [y], 1, 2, 2, 4, **options)
    size = net.const(np.array([6, 6], np.int32))
    return net.add("RESIZE_BILINEAR", [y, size], 1, 6, 6, 4)


def averaged(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    return net.add("MEAN", [y, net.const(np.array([1, 2], np.int32))], 1, 1, 1, 4, keepDims=True)


def the_larger_of_it_and_a_constant(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    return net.add("MAXIMUM", [y, net.weights(1, 1, 1, 4)], 1, 4, 4, 4)


def the_larger_of_two(net: Net) -> int:
    x = net.input(1, 4, 4, 3)
    return net.add("MAXIMUM", [net.convolution(x, 4), net.convolution(x, 4)], 1, 4, 4, 4)


def with_a_constant_added(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    return net.add("ADD", [y, net.weights(1, 1, 1, 4)], 1, 4, 4, 4)


def with_computed_slopes(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    slopes = net.convolution(net.input(1, 4, 4, 3, name="z"), 4)
    return net.add("PRELU", [y, slopes], 1, 4, 4, 4)


def squashed(net: Net) -> int:
    y = net.convolution(net.input(1, 4, 4, 3), 4)
    gate = net.add("LOGISTIC", [y], 1, 4, 4, 4)
    return net.add("MUL", [y, gate], 1, 4, 4, 4)


def with_weights_that_are_shared(net: Net) -> int:
    x = net.input(1, 4, 4, 3)
    first, second = net.convolution(x, 4), net.convolution(x, 4)
    net.operators[1].inputs = list(net.operators[0].inputs)
    return net.add("CONCATENATION", [first, second], 1, 4, 4, 8, axis=3)


BODIES = [
    residual,
    padded_in_front,
    concatenated,
    concatenated_with_constant,
    concatenated_below,
    pooled,
    averaged,
    the_larger_of_it_and_a_constant,
    the_larger_of_two,
    with_a_constant_added,
    with_computed_slopes,
    squashed,
    with_weights_that_are_shared,
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("seed", [0, 1])
def test_whatever_lies_between_convolutions_stays_exact(body: Any, seed: int) -> None:
    net = Net(seed)
    y = net.convolution(body(net), 5)
    before, after = equalized(net.ends(net.convolution(y, 2)))
    assert_same(before, after)
    changed = [
        not np.array_equal(one, other)
        for one, other in zip(weights_of(before), weights_of(after), strict=True)
    ]
    assert any(changed)


def chain(net: Net) -> int:
    return net.convolution(net.convolution(net.input(1, 4, 4, 3), 4), 6, activation=RELU)


@pytest.mark.parametrize("body", [chain, concatenated])
def test_channels_get_as_large_as_their_tensors_largest(body: Any) -> None:
    net = Net(5)
    before, after = equalized(net.ends(net.convolution(body(net), 2)))
    inputs = [tuple(drawn(Network(before)))]
    spans, found = channel_spans(before, inputs), channel_spans(after, inputs)
    *made, _ = [net.name(operator.outputs[0]) for operator in net.of_kind("CONV_2D")]
    for name in made:
        expected = np.minimum(MOST * spans[name], spans[name].max())
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


@pytest.mark.parametrize("body", BODIES)
def test_no_tensor_gets_wider(body: Any) -> None:
    net = Net(6)
    before, after = equalized(net.ends(net.convolution(body(net), 2)))
    inputs = [tuple(drawn(Network(before)))]
    spans, found = channel_spans(before, inputs), channel_spans(after, inputs)
    for name, span in spans.items():
        assert found[name].max() <= span.max() * (1 + 1e-5)


def test_relu6_never_cuts_off_what_was_seen() -> None:
    net = Net(7)
    y = net.convolution(net.input(1, 4, 4, 3), 8, activation=RELU6)
    name = net.name(y)
    before, after = equalized(net.ends(net.convolution(y, 2)))
    inputs = [tuple(drawn(Network(before)))]
    span, found = channel_spans(before, inputs)[name], channel_spans(after, inputs)[name]
    assert found.max() <= 6 * (1 + 1e-5)
    expected = np.minimum(6 / np.maximum(span, 1e-6), MOST).clip(1) * span
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("activation", [NONE, RELU, RELU6])
def test_outputs_and_what_is_tied_to_them_are_not_scaled(activation: int) -> None:
    net = Net(8)
    x = net.input(1, 4, 4, 3)
    first, second = (net.convolution(x, 4, activation=activation) for _ in range(2))
    net.ends(net.add("ADD", [first, second], 1, 4, 4, 4))
    before, after = equalized(net)
    for one, other in zip(weights_of(before), weights_of(after), strict=True):
        assert np.array_equal(one, other)


def test_power_zero_changes_nothing() -> None:
    net = Net(9)
    before, after = equalized(net.ends(net.convolution(residual(net), 2)), power=0)
    for one, other in zip(weights_of(before), weights_of(after), strict=True):
        assert np.array_equal(one, other)
