"""Activations in another form give the same numbers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.lower.activations import (
    FUSED,
    fuse_activations,
    lower_hard_swish,
    lower_prelu,
    tile_slopes,
)
from tests.calibration.networks import Net, assert_same

SIDES = st.integers(1, 5)
SLOPES = st.floats(-3, 3, width=32)


def kinds(net: Net) -> list[str]:
    return [net.kind(operator) for operator in net.operators]


def maker(net: Net, kind: str) -> int:
    """Append an operator that may take an activation in."""
    x = net.input(1, 4, 4, 3)
    if kind == "CONV_2D":
        return net.convolution(x, 5, (3, 3))
    if kind == "DEPTHWISE_CONV_2D":
        return net.depthwise(x, 2)
    if kind == "FULLY_CONNECTED":
        return net.add(kind, [x, net.weights(7, 48), net.weights(7)], 1, 7)
    return net.add(kind, [x, net.input(1, 4, 4, 3, name="y")], 1, 4, 4, 3)


@pytest.mark.parametrize("activation", FUSED)
@pytest.mark.parametrize(
    "kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MUL", "SUB"]
)
def test_an_activation_becomes_part_of_what_is_before_it(kind: str, activation: str) -> None:
    net = Net()
    y = maker(net, kind)
    net.ends(net.add(activation, [y], *net.shape(y)))
    before = net.save()
    fuse_activations(net)
    assert kinds(net) == [kind]
    assert_same(before, net.save())


def another_reader(net: Net, y: int, z: int) -> tuple[int, ...]:
    return (net.add("ADD", [y, z], *net.shape(y)),)


def an_output(net: Net, y: int, z: int) -> tuple[int, ...]:
    return (z, y)


@pytest.mark.parametrize("use", [another_reader, an_output])
def test_what_others_see_before_the_activation_stays(use: Any) -> None:
    net = Net()
    y = maker(net, "CONV_2D")
    z = net.add("RELU", [y], *net.shape(y))
    net.ends(*use(net, y, z))
    before = net.save()
    fuse_activations(net)
    assert kinds(net)[:2] == ["CONV_2D", "RELU"]
    assert_same(before, net.save())


def test_an_activation_after_an_activation_stays() -> None:
    net = Net()
    y = maker(net, "CONV_2D")
    z = net.add("RELU", [y], *net.shape(y))
    net.ends(net.add("RELU6", [z], *net.shape(y)))
    before = net.save()
    fuse_activations(net)
    assert kinds(net) == ["CONV_2D", "RELU6"]
    assert_same(before, net.save())


def test_an_activation_after_what_has_none_stays() -> None:
    net = Net()
    x = net.input(1, 4)
    y = net.add("LOGISTIC", [net.add("RELU", [x], 1, 4)], 1, 4)
    net.ends(net.add("RELU", [y], 1, 4))
    fuse_activations(net)
    assert kinds(net) == ["RELU", "LOGISTIC", "RELU"]


@given(shape=st.lists(SIDES, min_size=1, max_size=4))
def test_hard_swish_is_a_product(shape: list[int]) -> None:
    net = Net()
    x = net.input(1, *shape)
    net.ends(net.add("HARD_SWISH", [x], 1, *shape))
    before = net.save()
    lower_hard_swish(net)
    assert kinds(net) == ["ADD", "MUL", "MUL"]
    assert_same(before, net.save())


def prelu(slopes: Any, *shape: int) -> Net:
    net = Net()
    x = net.input(*shape)
    y = net.add("PRELU", [x, net.const(np.asarray(slopes, np.float32))], *shape)
    return net.ends(y)


@given(sides=st.tuples(SIDES, SIDES), slopes=st.lists(SLOPES, min_size=1, max_size=6))
def test_prelu_is_a_depthwise_convolution(sides: tuple[int, int], slopes: list[float]) -> None:
    net = prelu([[slopes]], 1, *sides, len(slopes))
    before = net.save()
    lower_prelu(net)
    assert kinds(net) == ["RELU", "SUB", "DEPTHWISE_CONV_2D", "ADD"]
    assert_same(before, net.save())


@given(sides=st.tuples(SIDES, SIDES), slopes=st.lists(SLOPES, min_size=1, max_size=6))
def test_slopes_are_stored_for_a_row(sides: tuple[int, int], slopes: list[float]) -> None:
    net = prelu([[slopes]], 1, *sides, len(slopes))
    before = net.save()
    tile_slopes(net)
    (operator,) = net.operators
    assert net.shape(operator.inputs[1]) == (1, sides[1], len(slopes))
    assert_same(before, net.save())


@pytest.mark.parametrize("change", [lower_prelu, tile_slopes])
@pytest.mark.parametrize("slopes", [(1, 1, 1), (1,)])
def test_one_slope_may_be_for_all_channels(change: Any, slopes: tuple[int, ...]) -> None:
    net = prelu(np.full(slopes, -0.3), 1, 3, 4, 5)
    before = net.save()
    change(net)
    assert_same(before, net.save())


@pytest.mark.parametrize("change", [lower_prelu, tile_slopes])
@pytest.mark.parametrize(
    ("slopes", "shape"), [((3, 4, 5), (1, 3, 4, 5)), ((1, 4, 1), (1, 3, 4, 5)), ((5,), (1, 5))]
)
def test_slopes_of_places_and_of_rows_of_numbers_stay(
    change: Any, slopes: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    net = prelu(np.random.default_rng(3).normal(size=slopes), *shape)
    before = net.save()
    change(net)
    assert kinds(net) == ["PRELU"]
    assert_same(before, net.save())


@pytest.mark.parametrize("change", [lower_prelu, tile_slopes])
def test_computed_slopes_stay(change: Any) -> None:
    net = Net()
    x, slope = net.input(1, 3, 4, 5), net.input(1, 1, 5, name="slope")
    net.ends(net.add("PRELU", [x, slope], 1, 3, 4, 5))
    before = net.save()
    change(net)
    assert kinds(net) == ["PRELU"]
    assert_same(before, net.save())
