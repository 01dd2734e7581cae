"""A network that is read, changed and written: nothing is lost, nothing dead is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.flatbuffer import Network, pack, schema
from calibration.lower import add_signature
from tests.calibration.networks import RELU, Net, assert_same, drawn, run


def small(channels: int = 3, stride: int = 1) -> Net:
    net = Net()
    x = net.input(1, 6, 6, 2)
    y = net.convolution(x, channels, (3, 3), stride, RELU)
    return net.ends(net.add("RELU", [y], *net.shape(y)))


@given(channels=st.integers(1, 5), stride=st.integers(1, 3))
def test_what_is_saved_is_saved_the_same_again(channels: int, stride: int) -> None:
    content = small(channels, stride).save()
    assert content == small(channels, stride).save()
    again = Network(content).save()
    assert again == Network(again).save()
    assert_same(content, again)


def test_what_no_output_depends_on_is_dropped() -> None:
    net = small()
    (x,) = net.graph.inputs
    lean = Network(net.save())
    net.convolution(x, 50, (3, 3))
    net.const(np.zeros(10_000, np.float32))
    unused = net.input(1, 4, name="unused")
    net.tidy()
    assert [net.kind(operator) for operator in net.operators] == ["CONV_2D", "RELU"]
    assert len(net.graph.tensors) == len(lean.graph.tensors) + 1
    assert len(net.model.buffers) == len(lean.model.buffers)
    # An input stays, so that callers needn't know what became of it.
    assert [net.name(index) for index in net.graph.inputs] == ["x", "unused"]
    assert unused not in net.graph.inputs


def test_what_a_signature_said_of_dropped_tensors_is_dropped() -> None:
    net = Net()
    x = net.input(1, 4)
    kept, dropped = (net.add(kind, [x], 1, 4) for kind in ("RELU", "LOGISTIC"))
    net.ends(dropped, kept)
    add_signature(net)
    net.graph.outputs = [kept]
    net.tidy()
    (signature,) = net.model.signatureDefs
    assert [entry.tensorIndex for entry in signature.outputs] == net.graph.outputs
    assert [entry.tensorIndex for entry in signature.inputs] == net.graph.inputs


def test_constants_behind_the_flatbuffer_are_read() -> None:
    """Large files keep them there: a buffer then holds a place and a size."""
    net = small()
    weights = net.stored(net.operators[0].inputs[1])
    buffer = net.model.buffers[net.tensor(net.operators[0].inputs[1]).buffer]
    inside = net.save()
    buffer.data, buffer.offset, buffer.size = None, 1 << 14, weights.nbytes
    outside = pack(net.model).ljust(1 << 14, b"\0") + weights.tobytes()
    read = Network(outside)
    assert np.array_equal(read.stored(read.operators[0].inputs[1]), weights)
    assert_same(inside, read.save())
    assert len(read.save()) < len(outside)


def test_a_new_constant_leaves_those_alone_who_shared_the_old() -> None:
    net = Net()
    x = net.input(1, 3)
    first, second = (net.const(np.ones(3, np.float32)) for _ in range(2))
    net.tensor(second).buffer = net.tensor(first).buffer
    net.ends(net.add("ADD", [x, first], 1, 3), net.add("ADD", [x, second], 1, 3))
    net.set_constant(first, np.full(3, 5, np.float32))
    assert [list(y[0]) for y in run(net.save(), np.zeros((1, 3), np.float32))] == [[5] * 3, [1] * 3]


def test_single_numbers_may_have_no_shape() -> None:
    net = Net()
    x, number = net.input(1, 3), net.const(np.array(2, np.float32))
    net.ends(net.add("MUL", [x, number], 1, 3))
    net.tensor(number).shape = None
    read = Network(net.save())
    number = read.operators[0].inputs[1]
    assert read.shape(number) == ()
    assert read.stored(number) == 2
    assert run(read.save(), np.ones((1, 3), np.float32))[0].tolist() == [[2, 2, 2]]


def test_rerouting_reaches_readers_and_outputs() -> None:
    net = small()
    (convolution, activation) = net.operators
    net.reroute(activation.outputs[0], convolution.outputs[0])
    net.tidy()
    assert [net.kind(operator) for operator in net.operators] == ["CONV_2D"]
    assert net.graph.outputs == net.operators[0].outputs


def test_a_network_can_be_asked_for_its_parts() -> None:
    net = small()
    convolution, activation = net.operators
    between = convolution.outputs[0]
    assert net.producer(between) is convolution
    assert net.producer(net.graph.inputs[0]) is None
    assert net.consumers(between) == [activation]
    assert net.index(net.name(between)) == between
    assert net.constant(between) is None
    assert net.constant(-1) is None
    with pytest.raises(ValueError, match="is computed"):
        net.stored(between)
    with pytest.raises(KeyError):
        net.index("nobody")


def test_an_option_that_an_operator_lacks_is_refused() -> None:
    net = Net()
    with pytest.raises(TypeError, match="CONV_2D has no option 'stride'"):
        net.operator("CONV_2D", [], [], stride=1)
    with pytest.raises(TypeError, match="RELU has no options"):
        net.operator("RELU", [], [], fast=True)


def test_files_of_several_graphs_are_refused() -> None:
    net = small()
    net.model.subgraphs.append(schema.SubGraphT())
    with pytest.raises(ValueError, match="of one graph is expected, not 2"):
        Network(pack(net.model))


def test_old_files_name_operators_in_the_old_field_only() -> None:
    net = small()
    inputs = drawn(net)
    expected = run(net.save(), *inputs)
    for code in net.model.operatorCodes:
        code.builtinCode = 0
    old = Network(pack(net.model))
    assert [old.kind(operator) for operator in old.operators] == ["CONV_2D", "RELU"]
    assert np.array_equal(run(old.save(), *inputs)[0], expected[0])
