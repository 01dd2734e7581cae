"""YAML that people write: read with its line numbers, checked against types, named in errors."""

import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec
import yaml

from edge.errors import UserError, nearest

T = TypeVar("T", bound=msgspec.Struct)

DEEPEST = 50
"""Levels within levels: no setting needs ten, and what holds itself has no end."""
MOST = 100_000
"""Values in a document, those that aliases repeat included: a few lines of them make billions."""
STEP = r"\[(\d+)\]|([^.`\[\]]+)"
"""One of those by which msgspec says where something stands, `$.rules[0].on`."""
Lines = dict[tuple[str | int, ...], int]
"""Where each key stands: its path in the document → line, from 1."""


def read_text(path: Path, kind: str) -> str:
    """Return what is in a file. `kind`: as in "can't read the graph". Raises UserError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text: a {kind} is a YAML file") from None
    except OSError as error:
        raise UserError(f"can't read the {kind} {path}: {error.strerror}") from None


def read_yaml(text: str, name: str) -> tuple[Any, Lines]:
    """Parse YAML; return the document, all keys as text, and the line of every key and item.

    Raises UserError, with file and line, for broken YAML, for a key that stands twice, and for what
    is nested without end.
    """
    lines: Lines = {}

    def fail(node: yaml.Node, message: str) -> NoReturn:
        raise UserError(f"{name}:{node.start_mark.line + 1}: {message}")

    def scalar(node: yaml.Node) -> Any:
        try:
            return loader.construct_object(node)
        except (ArithmeticError, AttributeError, LookupError, ValueError):
            # So PyYAML says that `2026-13-01` is no date, and `!!bool perhaps` is neither.
            fail(node, f"{node.value!r} isn't what it looks like: put it in quotes")

    def walk(node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > DEEPEST or len(lines) > MOST:
            fail(node, "nested too deep, or too much")
        if isinstance(node, yaml.SequenceNode):
            return [walk(item, (*path, i)) for i, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return scalar(node)
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                fail(key_node, "a key is to be a word, not a list or more keys")
            key: str = key_node.value  # as it is written: to YAML 1.1 `on` and `y` are truth itself
            if key in mapping:
                fail(key_node, f"{key!r} stands twice")
            lines[(*path, key)] = key_node.start_mark.line + 1
            mapping[key] = walk(value_node, (*path, key))
        return mapping

    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        return (walk(root, ()) if root else None), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{name}:{line}: not valid YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(f"{name}:{line}: not valid YAML: {error.reason}") from None
    except RecursionError:  # PyYAML's, which has no bound of its own
        raise UserError(f"{name}:1: nested too deep") from None


class Document:
    """What a YAML file says, and where. `name`: of the file, for errors. `whole`: what it is."""

    def __init__(self, lines: Lines, name: str, whole: str) -> None:
        self.name = name
        self._lines = lines
        self._whole = whole

    def fail(self, message: str, *path: str | int) -> NoReturn:
        """Raise UserError for what stands at `path` in the document."""
        while path and path not in self._lines:
            path = path[:-1]
        line = self._lines.get(path)
        raise UserError(f"{self.name}:{line}: {message}" if line else f"{self.name}: {message}")

    def convert(self, value: Any, struct: type[T], *path: str | int) -> T:
        """Convert what stands at `path`; msgspec's errors get file, line and nearest name."""
        try:
            return msgspec.convert(value, struct)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `$")
            steps = [int(i) if i else key for i, key in re.findall(STEP, where)]
            message = message[:1].lower() + message[1:].replace("`", "'")
            if message.startswith("object contains unknown field"):
                field = message.split("'")[1]
                message = f"unknown option '{field}'{nearest(field, _fields(struct, steps))}"
                steps = [*steps, field]
            at = (*path, *steps)
            self.fail(f"{'.'.join(map(str, at)) or self._whole}: {message}", *at)


def _fields(struct: type[msgspec.Struct], steps: list[str | int]) -> list[str]:
    """Return the names of the fields of what stands some steps within a struct."""
    for step in (step for step in steps if isinstance(step, str)):
        kinds = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
        inner = next(_structs(kinds.get(step)), None)
        if inner is None:
            return []
        struct = inner
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def _structs(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """Yield the structs that a type consists of: of `list[Rule] | None`, Rule."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in typing.get_args(kind):
        yield from _structs(part)
