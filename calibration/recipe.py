"""Recipes: how each model is quantized, and what with (`calibration/recipes/NAME.yaml`)."""

from pathlib import Path

import msgspec

from calibration.flatbuffer import Network
from calibration.lower import Target
from calibration.ranges import Method, Range
from edge.errors import UserError, nearest
from edge.inference.backend import one_line

FOLDER = Path(__file__).parent / "recipes"


class Floats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which operators stay float: those that any of these picks.

    `kinds`: by the schema's name, such as ADD. `rows`, `few_rows`: whose output has so many rows
    or more, or so many or fewer.
    `first`, `last`: so many from the inputs on, and so many in a row before each output.
    """

    kinds: tuple[str, ...] = ()
    rows: int = 1 << 20
    few_rows: int = 0
    first: int = 0
    last: int = 0

    def pick(self, network: Network) -> list[str]:
        """Return the names of the outputs of the operators that stay float."""
        late = _last(network, self.last)
        picked = []
        for place, operator in enumerate(network.operators):
            output = operator.outputs[0]
            name, shape = network.name(output), network.shape(output)
            if (
                network.kind(operator) in self.kinds
                or (len(shape) == 4 and not self.few_rows < shape[1] < self.rows)
                or place < self.first
                or output in late
            ):
                picked.append(name)
        return picked


class Build(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one variant is made.

    `dynamic`: ranges are found at each call, not in calibration. `equalize`: power of the
    equalization, 0 for none. `spans`: what an output, by its name in the manifest, has to span.
    """

    dynamic: bool = False
    ranges: Method = "minmax"
    equalize: float = 0.0
    float: Floats = Floats()
    spans: dict[str, Range] = {}


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`int8`: for processors. `edgetpu`: full integer; `blocked`: why there is none of a kind.

    `calibration`, `verification`: sha256 of the sample sets with which the committed files were
    made and measured.
    """

    calibration: str
    verification: str
    int8: Build | None = None
    edgetpu: Build | None = None
    blocked: dict[str, str] = {}

    def builds(self) -> dict[Target, Build]:
        builds: dict[Target, Build | None] = {"int8": self.int8, "edgetpu": self.edgetpu}
        return {target: build for target, build in builds.items() if build is not None}


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read(model: str) -> Recipe:
    """Return the recipe of a model; UserError for an unknown model or a recipe with a mistake."""
    path = FOLDER / f"{model}.yaml"
    if not path.is_file():
        raise UserError(f"no recipe for '{model}'{nearest(model, names())}")
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Recipe)
    except msgspec.MsgspecError as error:
        raise UserError(f"{path.name}: {one_line(error)}") from error


def _last(network: Network, depth: int) -> set[int]:
    """Return the tensors made by the last `depth` operators on the way to each output."""
    late: set[int] = set()
    front = list(network.graph.outputs)
    for _ in range(depth):
        makers = [network.producer(index) for index in front]
        late |= {maker.outputs[0] for maker in makers if maker is not None}
        front = [
            index
            for maker in makers
            if maker is not None
            for index in maker.inputs
            if index >= 0 and network.constant(index) is None
        ]
    return late
