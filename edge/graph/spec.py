"""A graph as it is written down: YAML read with its line numbers, checked against the nodes."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from edge.document import Document, Lines, read_text, read_yaml
from edge.errors import UserError, nearest
from edge.graph.node import Alignment, Node, Source
from edge.graph.signature import Signature, find, signature


class Budget(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a graph promises. `latency_ms`: from capture to result. `power_w`: mean power."""

    latency_ms: Annotated[float, msgspec.Meta(gt=0)] | None = None
    power_w: Annotated[float, msgspec.Meta(gt=0)] | None = None


class NodeSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One entry of `nodes:`. `queue`: packets that each reader of its output may leave waiting.

    `weight`: what the node's best is worth to its user, beside the others'.
    """

    uses: Any
    inputs: dict[str, str] = {}
    with_: dict[str, Any] = msgspec.field(default_factory=dict, name="with")
    queue: int | None = None
    limit_ms: float | None = None
    wait_ms: float | None = None
    weight: Annotated[float, msgspec.Meta(ge=0)] | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    nodes: dict[str, Any]
    outputs: list[str] | dict[str, Budget] = []
    budget: Budget = Budget()


@dataclasses.dataclass
class Checked:
    """A node whose class is found, whose settings are converted and whose wires fit.

    `inputs`: those that are wired and that it reads.
    """

    name: str
    node: type[Node]
    settings: Node.Settings
    inputs: dict[str, str]
    spec: NodeSpec
    rank: int = 0

    @property
    def signature(self) -> Signature:
        return signature(self.node)


class Spec:
    """A graph's description: `nodes`, `outputs` (name → budget), `budget`. Checked by `check`."""

    def __init__(self, document: Any, lines: Lines | None = None, name: str = "graph",
                 folder: Path | None = None) -> None:  # fmt: skip
        self.name = name
        self.folder = folder
        written = Document(lines or {}, name, "the graph")
        self.fail, self._convert = written.fail, written.convert
        parsed = self._convert(document, _Document)
        self.nodes = {
            node: self._convert(entry, NodeSpec, "nodes", node)
            for node, entry in parsed.nodes.items()
        }
        self.budget = parsed.budget
        outputs = parsed.outputs
        self.outputs = outputs if isinstance(outputs, dict) else dict.fromkeys(outputs, Budget())

    @classmethod
    def load(cls, path: str | Path) -> "Spec":
        """Read a graph's YAML file. Raises UserError that names the file and the line."""
        path = Path(path)
        document, lines = read_yaml(read_text(path, "graph"), str(path))
        return cls(document, lines, str(path), path.parent)

    def check(self) -> dict[str, Checked]:
        """Return the nodes in an order in which each follows those it reads.

        Raises UserError, with the line, for an unknown node or option, an input that is
        missing, unknown or of another type, and a circle that no `Previous` closes.
        """
        checked = {name: self._check_node(name) for name in self.nodes}
        for name in self.outputs:
            if name not in checked:
                self.fail(f"output '{name}' is no node{nearest(name, checked)}", "outputs")
        for node in checked.values():
            self._check_wires(node, checked)
        return self._sorted(self._needed(checked))

    def _check_node(self, name: str) -> Checked:
        spec = self.nodes[name]
        at = ("nodes", name)
        try:
            node = find(spec.uses, self.folder)
            declared = signature(node)
        except UserError as error:
            self.fail(f"node '{name}': {error}", *at, "uses")
        for given in spec.inputs:
            if given not in declared.inputs:
                self.fail(
                    f"node '{name}' has no input '{given}'{nearest(given, declared.inputs)}",
                    *at, "inputs", given,
                )  # fmt: skip
        for wanted, wire in declared.inputs.items():
            if wire.required and wanted not in spec.inputs:
                self.fail(f"node '{name}' needs the input '{wanted}' ({wire})", *at)
        settings = self._convert(spec.with_, node.Settings, *at, "with")
        unread = node.unread(settings)
        read = {given: of for given, of in spec.inputs.items() if given not in unread}
        return Checked(name, node, settings, read, spec)

    def _check_wires(self, node: Checked, all_nodes: dict[str, Checked]) -> None:
        for given, producer in node.spec.inputs.items():
            at = ("nodes", node.name, "inputs", given)
            if producer not in all_nodes:
                self.fail(f"there is no node '{producer}'{nearest(producer, all_nodes)}", *at)
            wanted = node.signature.inputs[given].type
            output = all_nodes[producer].signature.output
            if output is None or not issubclass(output, wanted):
                fitting = [
                    f"'{n.name}'" for n in all_nodes.values()
                    if n.signature.output and issubclass(n.signature.output, wanted)
                ]  # fmt: skip
                gives = output.__name__ if output else "nothing"
                hint = f"; {', '.join(fitting)} would do" if fitting else ""
                self.fail(
                    f"input '{given}' of '{node.name}' takes {wanted.__name__}, "
                    f"but '{producer}' gives {gives}{hint}",
                    *at,
                )

    def _needed(self, checked: dict[str, Checked]) -> dict[str, Checked]:
        """Leave out nodes that neither an output nor a sink depends on: nothing runs for nobody."""
        wanted = [*self.outputs, *(n.name for n in checked.values() if n.signature.output is None)]
        needed = _upstream(checked, *wanted)
        if not needed:
            self.fail("nothing is asked of this graph: name an output or add a sink", "nodes")
        return {name: node for name, node in checked.items() if name in needed}

    def _sorted(self, nodes: dict[str, Checked]) -> dict[str, Checked]:
        done: dict[str, Checked] = {}

        def visit(name: str, path: list[str]) -> None:
            if name in path:
                circle = " → ".join([*path[path.index(name) :], name])
                self.fail(
                    f"{circle} is a circle: one of its inputs must be a Previous[…]", "nodes", name
                )
            if name in done:
                return
            node = nodes[name]
            for given, producer in node.inputs.items():
                if node.signature.inputs[given].alignment is not Alignment.PREVIOUS:
                    visit(producer, [*path, name])
                    node.rank = max(node.rank, nodes[producer].rank + 1)
            done[name] = node

        for name in nodes:
            visit(name, [])
        return done

    def latency_ms(self, name: str) -> float | None:
        """Return the tightest deadline among the outputs that depend on a node, None for none."""
        found = [
            budget.latency_ms or self.budget.latency_ms
            for output, budget in self.outputs.items()
            if name in _upstream(self.nodes, output)
        ]
        return min((ms for ms in found if ms), default=None)

    def promise(self, budget: dict[str, Any]) -> None:
        """Replace the budget, that of the outputs too. Raises UserError."""
        self.budget = self._convert(budget, Budget, "budget")
        self.outputs = dict.fromkeys(self.outputs, Budget())

    @property
    def promised(self) -> Budget:
        """The graph's budget, with the tightest latency that it or one of its outputs states."""
        stated = [self.budget, *self.outputs.values()]
        latencies = [budget.latency_ms for budget in stated if budget.latency_ms]
        return Budget(latency_ms=min(latencies, default=None), power_w=self.budget.power_w)

    def sources(self, medium: str | None = None) -> dict[str, type[Source]]:
        """Return the source nodes, by name; only those of a medium, "picture" or "sound"."""
        found = {name: find(spec.uses, self.folder) for name, spec in self.nodes.items()}
        return {
            name: node
            for name, node in found.items()
            if issubclass(node, Source) and medium in (None, node.medium)
        }


def _upstream(nodes: Mapping[str, NodeSpec | Checked], *names: str) -> set[str]:
    """Return the given nodes and all that they depend on."""
    wanted, found = list(names), set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += nodes[name].inputs.values()
    return found
