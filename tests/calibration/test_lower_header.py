"""What stands around a network: codes, names, a signature."""

from ai_edge_litert.interpreter import Interpreter
from hypothesis import given
from hypothesis import strategies as st

from calibration.flatbuffer import CODES
from calibration.lower.header import SIGNATURE, add_signature, name_tensors, repair_codes
from edge.inference.backend import without_information
from tests.calibration.networks import Net


def test_old_codes_get_their_new_field_and_new_ones_stay() -> None:
    net = Net()
    x = net.input(1, 4)
    y = net.add("RELU", [x], 1, 4)
    # 127 is all that the old field can hold: a newer operator's code is in the new one.
    net.ends(net.add("GELU", [y], 1, 4))
    relu, gelu = net.model.operatorCodes
    relu.builtinCode = 0
    repair_codes(net)
    assert (relu.builtinCode, gelu.builtinCode) == (CODES["RELU"], CODES["GELU"])
    assert gelu.deprecatedBuiltinCode == 127


@given(st.lists(st.sampled_from(["", "a", "a_1", "a_2", "b", "tensor", "tensor_3"]), max_size=9))
def test_every_tensor_gets_a_name_of_its_own(names: list[str]) -> None:
    net = Net()
    for name in names:
        net.add_tensor(name, (1,))
    name_tensors(net)
    given = [net.name(index) for index in range(len(names))]
    assert len(set(given)) == len(names)
    assert all(given)
    # Who had a name first keeps it: recipes pick layers by name.
    assert all(given[names.index(name)] == name for name in names if name not in ("", "tensor"))


def test_a_network_can_be_called_by_name() -> None:
    net = Net()
    x, y = net.input(1, 4, name="left"), net.input(1, 4, name="right")
    total, product = (net.add(kind, [x, y], 1, 4) for kind in ("ADD", "MUL"))
    net.ends(total, product)
    for _ in range(2):  # the old one is replaced
        add_signature(net)
    with without_information():
        interpreter = Interpreter(model_content=net.save())
    assert interpreter.get_signature_list() == {
        SIGNATURE: {
            "inputs": ["left", "right"],
            "outputs": sorted([net.name(index) for index in net.graph.outputs]),
        }
    }
