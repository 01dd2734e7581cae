"""Recipes: what they pick, and what is said of a mistake in one."""

from pathlib import Path

import pytest

from calibration import recipe
from calibration.recipe import Floats, names, read
from edge.errors import UserError
from edge.inference.manifest import shipped
from tests.calibration.networks import Net


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recipe, "FOLDER", tmp_path)
    return tmp_path


GOOD = """
calibration: 0a
verification: 0b
int8:
  ranges: mse
  equalize: 0.5
  float: {kinds: [ADD], rows: 64}
blocked: {edgetpu: it has no such operator}
"""


def test_a_recipe_is_read(folder: Path) -> None:
    (folder / "palm.yaml").write_text(GOOD)
    found = read("palm")
    assert names() == ["palm"]
    assert found.int8 is not None
    assert (found.int8.ranges, found.int8.equalize) == ("mse", 0.5)
    assert found.int8.float == Floats(kinds=("ADD",), rows=64)
    assert found.builds() == {"int8": found.int8}
    assert found.blocked == {"edgetpu": "it has no such operator"}


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("ranges: mse", "range: mse", r"unknown field `range` - at `\$\.int8`"),
        ("ranges: mse", "ranges: max", r"Invalid enum value 'max' - at `\$\.int8\.ranges`"),
        ("equalize: 0.5", "equalize: much", r"Expected `float`, got `str`"),
        ("calibration: 0a\n", "", r"missing required field `calibration`"),
        ("{kinds: [ADD],", "{kinds: [ADD,", r"palm\.yaml: "),
    ],
)
def test_a_mistake_is_one_line(folder: Path, wrong: str, right: str, said: str) -> None:
    assert wrong in GOOD
    (folder / "palm.yaml").write_text(GOOD.replace(wrong, right))
    with pytest.raises(UserError, match=said) as caught:
        read("palm")
    assert str(caught.value).startswith("palm.yaml: ")
    assert "\n" not in str(caught.value)


def test_an_unknown_model_is_named_with_the_nearest(folder: Path) -> None:
    (folder / "palm.yaml").write_text(GOOD)
    with pytest.raises(UserError, match=r"no recipe for 'plam'; did you mean 'palm'\?"):
        read("plam")


@pytest.mark.parametrize("model", names())
def test_the_projects_recipes_are_of_its_models(model: str) -> None:
    found = read(model)
    assert shipped().model(model).name == model
    # What is made isn't said to be impossible.
    assert not set(found.builds()) & set(found.blocked)


@pytest.fixture
def net() -> Net:
    """Return a network of two outputs: rows 8, 8, 4, 4, then a vector, and the second's own."""
    net = Net()
    x = net.input(1, 16, 16, 3)
    first = net.convolution(x, 4, stride=2)
    second = net.convolution(first, 4)
    third = net.convolution(second, 4, stride=2)
    total = net.add("ADD", [third, third], 1, 4, 4, 4)
    shape = net.weights(2, 64)
    vector = net.add("FULLY_CONNECTED", [total, shape, net.weights(2)], 1, 2)
    other = net.convolution(second, 1)
    for index, name in zip(
        (first, second, third, total, vector, other),
        ("first", "second", "third", "total", "vector", "other"),
        strict=True,
    ):
        net.tensor(index).name = name.encode()
    return net.ends(vector, other)


@pytest.mark.parametrize(
    ("floats", "picked"),
    [
        (Floats(), []),
        (Floats(kinds=("ADD", "FULLY_CONNECTED")), ["total", "vector"]),
        (Floats(rows=8), ["first", "second", "other"]),
        (Floats(few_rows=4), ["third", "total"]),
        (Floats(first=2), ["first", "second"]),
        (Floats(last=1), ["vector", "other"]),
        (Floats(last=2), ["second", "total", "vector", "other"]),
        (Floats(kinds=("ADD",), first=1), ["first", "total"]),
        (Floats(kinds=("SUB",)), []),
    ],
)
def test_operators_stay_float_as_they_are_picked(
    net: Net, floats: Floats, picked: list[str]
) -> None:
    assert floats.pick(net) == picked
