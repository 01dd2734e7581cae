"""Convolutions in another form give the same numbers."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from calibration.flatbuffer import CODES, Network, pack, schema
from calibration.lower.convolutions import (
    CUSTOM_TRANSPOSE,
    average_by_mean,
    deepen_transpose_convolution,
    lower_depth_to_space,
    lower_transpose_convolution,
    pack_columns,
)
from tests.calibration.networks import RELU, SAME, VALID, Net, assert_same, drawn, run

SIDES = st.integers(1, 5)
CHANNELS = st.integers(1, 5)


def kinds(net: Network) -> list[str]:
    return [net.kind(operator) for operator in net.operators]


def transposed(
    x: NDArray[Any], kernel: NDArray[Any], bias: NDArray[Any], stride: int, padding: int
) -> NDArray[Any]:
    """Return a transposed convolution by its definition: every pixel adds its own window.

    With padding SAME the outer pixels of what that makes are cut off, an odd one at the end.
    """
    _, height, width, _ = x.shape
    outputs, side = kernel.shape[0], kernel.shape[1]
    full = np.zeros(((height - 1) * stride + side, (width - 1) * stride + side, outputs))
    for row in range(height):
        for column in range(width):
            window = np.einsum("ohwi,i->hwo", kernel, x[0, row, column])
            top, left = row * stride, column * stride
            full[top : top + side, left : left + side] += window
    if padding == SAME:
        cut = max(side - stride, 0)
        missing = max(stride - side, 0)  # pixels that no window reaches
        full = np.pad(full, ((0, missing), (0, missing), (0, 0)))
        before = cut // 2
        full = full[before:, before:][: height * stride, : width * stride]
    return (full + bias)[None]


def custom(side: int, stride: int, padding: int, sides: tuple[int, int], outputs: int = 2) -> Net:
    """Return MediaPipe's operator as its files hold it."""
    net = Net()
    x = net.input(1, *sides, 3)
    reach = stride if padding == SAME else side
    shape = [(size - 1) * stride + reach for size in sides]
    y = net.add_tensor("y", (1, *shape, outputs))
    operator = schema.OperatorT()
    operator.inputs = [x, net.weights(outputs, side, side, 3), net.weights(outputs)]
    operator.outputs = [y]
    operator.customOptions = np.frombuffer(
        struct.pack("<3i", 1 if padding == SAME else 2, stride, stride), np.uint8
    )
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = CODES["CUSTOM"]
    code.customCode, code.version = CUSTOM_TRANSPOSE.encode(), 1
    operator.opcodeIndex = len(net.model.operatorCodes)
    net.model.operatorCodes.append(code)
    net.operators.append(operator)
    return net.ends(y)


@given(
    side=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.sampled_from([SAME, VALID]),
    sides=st.tuples(SIDES, SIDES),
)
def test_the_custom_transposed_convolution_is_the_builtin_one(
    side: int, stride: int, padding: int, sides: tuple[int, int]
) -> None:
    net = custom(side, stride, padding, sides)
    (x,), (operator,) = drawn(net), net.operators
    expected = transposed(
        x, net.stored(operator.inputs[1]), net.stored(operator.inputs[2]), stride, padding
    )
    lower_transpose_convolution(net)
    assert kinds(net) == ["TRANSPOSE_CONV"]
    (found,) = run(net.save(), x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize(("side", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_it_gives_what_xnnpacks_operator_gives(side: int, stride: int, padding: int) -> None:
    """Only XNNPACK knows the custom operator: the formula above isn't ours alone."""
    net = custom(side, stride, padding, (4, 5))
    inputs = drawn(net)
    (expected,) = run(pack(net.model), *inputs, xnnpack=True)
    lower_transpose_convolution(net)
    (found,) = run(net.save(), *inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def builtin(
    side: int, stride: int, sides: tuple[int, int], channels: tuple[int, int], short: int = 0
) -> Net:
    """Return a transposed convolution, its result `short` pixels smaller than it could be."""
    net = Net()
    x = net.input(1, *sides, channels[0])
    shape = (1, *(size * stride - short for size in sides), channels[1])
    inputs = [
        net.const(np.array(shape, np.int32)),
        net.weights(channels[1], side, side, channels[0]),
    ]
    inputs += [x, net.weights(channels[1])]
    options = {"padding": SAME, "strideW": stride, "strideH": stride}
    return net.ends(net.add("TRANSPOSE_CONV", inputs, *shape, **options))


@given(
    side=st.integers(1, 4), sides=st.tuples(SIDES, SIDES), channels=st.tuples(CHANNELS, CHANNELS)
)
def test_windows_that_dont_overlap_are_made_as_channels(
    side: int, sides: tuple[int, int], channels: tuple[int, int]
) -> None:
    net = builtin(side, side, sides, channels)
    before = net.save()
    deepen_transpose_convolution(net)
    assert kinds(net) == ["CONV_2D", "DEPTH_TO_SPACE"]
    assert_same(before, net.save())


def test_an_activation_goes_along() -> None:
    net = builtin(2, 2, (3, 4), (2, 3))
    net.operators[0].builtinOptions.fusedActivationFunction = RELU
    before = net.save()
    deepen_transpose_convolution(net)
    assert kinds(net) == ["CONV_2D", "DEPTH_TO_SPACE"]
    assert_same(before, net.save())


@pytest.mark.parametrize(
    ("side", "stride", "short", "biased"),
    [(3, 2, 0, True), (1, 2, 0, True), (2, 2, 1, True), (2, 2, 0, False)],
    ids=["windows overlap", "pixels between windows", "cut off", "no bias"],
)
def test_other_transposed_convolutions_stay(
    side: int, stride: int, short: int, biased: bool
) -> None:
    net = builtin(side, stride, (3, 4), (2, 3), short)
    if not biased:
        net.operators[0].inputs.pop()
    before = net.save()
    deepen_transpose_convolution(net)
    assert kinds(net) == ["TRANSPOSE_CONV"]
    assert_same(before, net.save())


@given(side=st.integers(2, 4), sides=st.tuples(SIDES, SIDES), outputs=CHANNELS)
def test_depth_to_space_is_a_transposed_convolution(
    side: int, sides: tuple[int, int], outputs: int
) -> None:
    net = Net()
    x = net.input(1, *sides, side * side * outputs)
    shape = (1, *(size * side for size in sides), outputs)
    net.ends(net.add("DEPTH_TO_SPACE", [x], *shape, blockSize=side))
    before = net.save()
    lower_depth_to_space(net)
    assert kinds(net) == ["TRANSPOSE_CONV"]
    assert_same(before, net.save())


@given(
    kernel=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    height=st.integers(1, 12),
    pairs=st.integers(1, 8),
    channels=st.integers(1, 4),
)
def test_columns_are_read_in_pairs(
    kernel: tuple[int, int], height: int, pairs: int, channels: int
) -> None:
    net = Net()
    x = net.input(1, height, 2 * pairs, channels)
    net.ends(net.convolution(x, 3, kernel, stride=2, activation=RELU))
    before = net.save()
    pack_columns(net)
    assert kinds(net) in (["RESHAPE", "CONV_2D"], ["CONV_2D"])
    if kinds(net) == ["RESHAPE", "CONV_2D"]:
        assert net.shape(net.operators[1].inputs[0]) == (1, height, pairs, 2 * channels)
    assert_same(before, net.save())


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 6, 7])
def test_columns_of_real_pictures_are_read_in_pairs(side: int) -> None:
    net = Net()
    x = net.input(1, 32, 32, 3)
    net.ends(net.convolution(x, 4, (side, side), stride=2))
    pack_columns(net)
    assert kinds(net) == ["RESHAPE", "CONV_2D"]


def test_who_else_reads_picture_or_kernel_sees_them_as_they_were() -> None:
    net = Net()
    x = net.input(1, 8, 8, 3)
    first = net.convolution(x, 4, (3, 3), stride=2)
    second = net.convolution(x, 4, (3, 3))
    net.operators[1].inputs[1] = net.operators[0].inputs[1]
    net.ends(first, second)
    before = net.save()
    pack_columns(net)
    assert kinds(net) == ["RESHAPE", "CONV_2D", "CONV_2D"]
    assert_same(before, net.save())


@pytest.mark.parametrize(("width", "stride"), [(7, 2), (8, 1), (9, 3)])
def test_odd_widths_and_other_strides_stay(width: int, stride: int) -> None:
    net = Net()
    net.ends(net.convolution(net.input(1, 8, width, 3), 4, (3, 3), stride))
    pack_columns(net)
    assert kinds(net) == ["CONV_2D"]


def test_later_convolutions_stay() -> None:
    net = Net()
    y = net.convolution(net.input(1, 8, 8, 3), 4)
    net.ends(net.convolution(y, 4, (3, 3), stride=2))
    pack_columns(net)
    assert kinds(net) == ["CONV_2D", "CONV_2D"]


def test_padding_valid_stays() -> None:
    net = Net()
    x = net.input(1, 8, 8, 3)
    net.ends(net.convolution(x, 4, (2, 2), stride=2))
    net.operators[0].builtinOptions.padding = VALID
    pack_columns(net)
    assert kinds(net) == ["CONV_2D"]


def test_only_an_average_of_the_whole_picture_becomes_a_mean() -> None:
    net = Net()
    x = net.input(1, 6, 4, 5)
    sides = {"strideW": 1, "strideH": 1, "padding": VALID}
    whole = net.add("AVERAGE_POOL_2D", [x], 1, 1, 1, 5, filterWidth=4, filterHeight=6, **sides)
    part = net.add("AVERAGE_POOL_2D", [x], 1, 5, 3, 5, filterWidth=2, filterHeight=2, **sides)
    before = net.ends(whole, part).save()
    average_by_mean(net)
    assert [net.kind(operator) for operator in net.operators] == ["MEAN", "AVERAGE_POOL_2D"]
    assert_same(before, net.save())
