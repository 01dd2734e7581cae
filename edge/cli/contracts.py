"""A node's contract, read off its class."""

import ast
import inspect
import textwrap
from pathlib import Path

import msgspec
from msgspec import Struct

from edge.graph import Node, Source
from edge.graph.signature import find, signature


class Wire(Struct):
    """An input. `takes`: the type and its alignment, as in Python. `required`: must be wired."""

    name: str
    takes: str
    required: bool


class Setting(Struct):
    """A YAML option. `default`: as JSON would write it, None where it has to be given."""

    name: str
    type: str
    default: str | None
    explanation: str


class Contract(Struct):
    name: str
    kind: str
    """"source", "step" or "sink"."""
    summary: str
    text: str
    inputs: list[Wire]
    output: str | None
    settings: list[Setting]


def contract(name: str) -> Contract:
    """Return the contract of a node of the catalog, or of `module:Class`. Raises UserError."""
    node = find(name, Path())
    wires = signature(node)
    text = inspect.cleandoc(node.__doc__ or "")
    is_source = issubclass(node, Source)
    return Contract(
        name=name,
        kind="source" if is_source else "step" if wires.output else "sink",
        summary=" ".join(text.partition("\n\n")[0].split()),
        text=text,
        inputs=[Wire(n, str(wire), wire.required) for n, wire in wires.inputs.items()],
        output=wires.output.__name__ if wires.output else None,
        settings=_settings(node.Settings),
    )


def _settings(settings: type[Struct], prefix: str = "") -> list[Setting]:
    """Return options, and after one that holds others those, as `option.other`."""
    written = _written(settings)
    found = []
    for field in msgspec.structs.fields(settings):
        kind, explanation = written.get(field.name, (str(field.type), ""))
        inner = field.default if isinstance(field.default, Struct) else None
        default = "{}" if inner is not None else _default(field)
        found.append(Setting(prefix + field.name, kind, default, explanation))
        if inner is not None:
            found += _settings(type(inner), f"{prefix}{field.name}.")
    return found


def _default(field: msgspec.structs.FieldInfo) -> str | None:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.json.encode(field.default).decode()
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.json.encode(field.default_factory()).decode()
    return None


def _written(settings: type[Struct]) -> dict[str, tuple[str, str]]:
    """Return each field's type as it is written and the string that stands below it.

    Python drops those strings, so they are taken from the source, where there is one.
    """
    found = {}
    root = Node.Settings if issubclass(settings, Node.Settings) else Struct
    for base in reversed(settings.__mro__[: settings.__mro__.index(root)]):
        try:
            source = textwrap.dedent(inspect.getsource(base))
        except (OSError, TypeError):
            continue
        body = ast.parse(source).body[0].body  # type: ignore[attr-defined]
        for statement, following in zip(body, [*body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                explanation = ""
                if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                    explanation = " ".join(str(following.value.value).split())
                found[statement.target.id] = (ast.unparse(statement.annotation), explanation)
    return found
