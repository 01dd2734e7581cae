"""The linter: would an accelerator run a model, and what stands in the way?"""

from collections import Counter
from pathlib import Path
from typing import Literal

from msgspec import Struct

from edge.inference.lint.compiler import CompilerVerdict, compile_model, compiler
from edge.inference.lint.edgetpu import SETTINGS, UNDISCLOSED, partition
from edge.inference.lint.network import Network, multiply_adds, read_network, sound

__all__ = ["CompilerVerdict", "Obstacle", "Verdict", "compiler", "lint", "multiply_adds"]


class Obstacle(Struct, frozen=True, kw_only=True):
    """An operator that stays on the CPU: its place in the order of execution, from 0; its kind;
    the tensor that it makes; and why.
    """

    place: int
    kind: str
    tensor: str
    reason: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What an Edge TPU would run of a file.

    `share`: of the multiply-adds, 0 to 1. `operators`: all but those that unpack weights, `mapped`
    those on the Edge TPU, `edges` the conversions from and to float at both ends, which the CPU
    does. `obstacles`: all operators that can't be mapped; what depends on the first one follows it
    to the CPU. `undisclosed`: mapped operators that are now and then refused for sizes that Google
    doesn't publish, by kind. `parameter_bytes`: of all constants. `on_chip`: whether
    they fit into the Edge TPU's memory; what doesn't is sent again at every call. `compiler`: what
    edgetpu_compiler says, None where it wasn't asked.
    """

    name: str
    share: float
    multiply_adds: int
    operators: int
    mapped: int
    edges: int
    obstacles: tuple[Obstacle, ...]
    undisclosed: dict[str, int]
    parameter_bytes: int
    on_chip: Literal["yes", "perhaps", "no"]
    compiler: CompilerVerdict | None

    @property
    def whole(self) -> bool:
        """Whether all of it runs on the Edge TPU, conversions at both ends aside."""
        agreed = self.compiler is None or self.compiler.compiled
        return self.mapped > 0 and not self.obstacles and agreed


def lint(file: Path | bytes, name: str, program: str | None = None) -> Verdict:
    """Return what an Edge TPU would run of a .tflite file, or of its bytes; `name` is for messages.

    By Google's list of operators, for the compiler's default of one subgraph on the Edge TPU.
    `program`: edgetpu_compiler (see `compiler`), which is asked too. Raises UserError.
    """
    content = file if isinstance(file, bytes) else file.read_bytes()
    network = read_network(content, name)
    with sound(name):
        return _verdict(name, network, compile_model(program, content) if program else None)


def _verdict(name: str, network: Network, compiled: CompilerVerdict | None) -> Verdict:
    parts = partition(network)
    operators = network.operators
    mapped = [operators[index] for index in parts.mapped]
    total = network.multiply_adds
    return Verdict(
        name=name,
        share=sum(operator.multiply_adds for operator in mapped) / total if total else 0.0,
        multiply_adds=total,
        operators=sum(not operator.prepares_weights for operator in operators),
        mapped=len(mapped),
        edges=len(parts.edges),
        obstacles=tuple(
            Obstacle(
                place=index,
                kind=operators[index].kind,
                tensor=operators[index].outputs[0].name,
                reason=reason,
            )
            for index, reason in parts.obstacles.items()
        ),
        undisclosed=dict(Counter(op.kind for op in mapped if op.kind in UNDISCLOSED)),
        parameter_bytes=network.parameter_bytes,
        on_chip=_on_chip(network.parameter_bytes),
        compiler=compiled,
    )


def _on_chip(parameter_bytes: int) -> Literal["yes", "perhaps", "no"]:
    if parameter_bytes <= SETTINGS.sure_bytes:
        return "yes"
    return "perhaps" if parameter_bytes <= SETTINGS.on_chip_bytes else "no"
