"""What a node class declares: its wires, its options, its contract."""

import importlib
import importlib.util
import inspect
import sys
import types
import typing
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from edge.errors import UserError, nearest
from edge.graph.node import Alignment, Node, Packet, Source

CATALOG: dict[str, str] = {}
"""Name in YAML → "package.module:Class". Filled by the `edge` package from `edge/catalog.py`."""


class Input(NamedTuple):
    """A wire into a node: which values it takes, and how they find their t."""

    type: type
    alignment: Alignment
    required: bool
    """True for a plain `T`: the node is skipped at t without it."""

    @property
    def paces(self) -> bool:
        """True if packets here make the node run; False if they are only looked up."""
        return self.alignment is Alignment.EXACT

    def __str__(self) -> str:
        if not self.paces:
            return f"{self.alignment.value.capitalize()}[{self.type.__name__}]"
        return self.type.__name__ if self.required else f"{self.type.__name__} | None"


class Signature(NamedTuple):
    inputs: dict[str, Input]
    output: type | None
    """None for a sink."""


def _split_optional(annotation: Any) -> tuple[Any, bool]:
    """Return (T, True) for `T | None`, (annotation, False) for anything else."""
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not types.NoneType]
        if len(rest) == 1:
            return rest[0], True
    return annotation, False


def _input(node: type[Node], name: str, annotation: Any) -> Input:
    alignment, required = Alignment.EXACT, True
    if get_origin(annotation) is Annotated and isinstance(get_args(annotation)[1], Alignment):
        annotation, alignment = get_args(annotation)
        if alignment is Alignment.WINDOW:
            (annotation,) = get_args(annotation)
    annotation, optional = _split_optional(annotation)
    if alignment is not Alignment.EXACT or optional:
        required = False
    kind = _class_of(annotation)
    if kind is None:
        raise UserError(f"{node.__name__}: the type of '{name}' must be a class, not {annotation}")
    return Input(kind, alignment, required)


def _output(node: type[Node], annotation: Any) -> type | None:
    annotation, _ = _split_optional(annotation)
    for part in get_args(annotation):  # Iterator[Packet[T]], list[Packet[T]]
        if get_origin(part) is Packet:
            (annotation,) = get_args(part)
    if annotation is types.NoneType:
        return None
    kind = _class_of(annotation)
    if kind is None:
        raise UserError(f"{node.__name__}: the return type must be a class, not {annotation}")
    return kind


def _class_of(annotation: Any) -> type | None:
    """Return the class that values of a type have: dict for dict[str, int]. None for any other."""
    kind = get_origin(annotation) or annotation
    return kind if isinstance(kind, type) else None


def signature(node: type[Node]) -> Signature:
    """Read a node class's wires off the annotations of `process` (a source's: of `packets`).

    Raises UserError where a parameter or the return value has no type.
    """
    method = node.packets if issubclass(node, Source) else node.process
    try:
        hints = typing.get_type_hints(method, include_extras=True)
    except NameError as error:
        raise UserError(f"{node.__name__}: a type can't be resolved: {error}") from None
    names = list(inspect.signature(method).parameters)[1:]
    untyped = [name for name in [*names, "return"] if name not in hints]
    if untyped:
        raise UserError(f"{node.__name__}.{method.__name__} has no type for '{untyped[0]}'")
    inputs = {name: _input(node, name, hints[name]) for name in names}
    if not issubclass(node, Source) and not any(i.paces for i in inputs.values()):
        raise UserError(f"{node.__name__} needs an input of a plain type: it sets the node's pace")
    return Signature(inputs, _output(node, hints["return"]))


def find(uses: str | type[Node], folder: Path | None = None) -> type[Node]:
    """Return the node class that `uses` names.

    `uses`: a name of the catalog, `package.module:Class`, or `file.py:Class` with the file
    relative to `folder` (that of the graph). Raises UserError with the nearest valid name.
    """
    if isinstance(uses, type):
        return uses
    path = CATALOG.get(uses, uses)
    module_name, colon, class_name = path.partition(":")
    if not colon:
        raise UserError(f"unknown node '{uses}'{nearest(uses, CATALOG)}")
    try:
        module = _load(module_name, folder)
    except (ImportError, OSError) as error:
        raise UserError(f"node '{uses}' can't be imported: {error}") from error
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, Node)):
        nodes = [n for n, v in vars(module).items() if isinstance(v, type) and issubclass(v, Node)]
        raise UserError(f"{module_name} has no node '{class_name}'{nearest(class_name, nodes)}")
    return found


def _load(module_name: str, folder: Path | None) -> types.ModuleType:
    if not module_name.endswith(".py"):
        return importlib.import_module(module_name)
    path = ((folder or Path()) / module_name).resolve()
    name = f"edge_user_{path.stem}_{abs(hash(path)):x}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # before it runs, so that its annotations resolve
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
