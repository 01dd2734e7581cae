"""Where the time goes: each operator by itself does what it does in the network."""

import numpy as np

from calibration.flatbuffer import Network
from calibration.profile import alone, profile
from calibration.ranges import watch
from tests.calibration.networks import RELU, Net, drawn, run


def network() -> Net:
    net = Net()
    y = net.convolution(net.input(1, 8, 8, 3), 4, (3, 3), activation=RELU)
    z = net.depthwise(y)
    return net.ends(net.add("ADD", [y, z], 1, 8, 8, 4))


def test_an_operator_alone_gives_what_it_gives_in_the_network() -> None:
    content = network().save()
    whole = Network(content)
    inputs = drawn(whole)
    (values,) = watch(content, [tuple(inputs)])
    for place, operator in enumerate(whole.operators):
        part = alone(content, place)
        taken = [values[Network(part).name(index)] for index in Network(part).graph.inputs]
        (found,) = run(part, *taken)
        np.testing.assert_array_equal(found, values[whole.name(operator.outputs[0])])
        assert len(Network(part).operators) == 1


def test_an_operator_that_reads_a_tensor_twice_has_one_input() -> None:
    net = Net()
    x = net.input(1, 4)
    net.ends(net.add("MUL", [x, x], 1, 4))
    part = alone(net.save(), 0)
    (found,) = run(part, np.array([[1, 2, 3, 4]], np.float32))
    assert found.tolist() == [[1, 4, 9, 16]]


def test_all_operators_are_timed_in_their_order() -> None:
    costs = profile(network().save())
    assert [cost.kind for cost in costs] == ["CONV_2D", "DEPTHWISE_CONV_2D", "ADD"]
    assert [cost.shape for cost in costs] == [(1, 8, 8, 4)] * 3
    assert len({cost.name for cost in costs}) == 3
    assert all(0 < cost.us < np.inf for cost in costs)
