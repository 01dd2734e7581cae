"""The layout: who may import whom, and how large things may grow."""

import ast
from pathlib import Path

import pytest

EDGE = Path(__file__).parents[1] / "edge"
MODULES = sorted(EDGE.rglob("*.py"))

# A package imports only packages before it.
ORDER = ("graph", "budget", "inference", "io", "vision", "audio", "people", "actions", "director")
# Imported by all, importing only the errors.
SHARED = ("errors", "paths", "catalog", "document")
# These know models without knowing what a graph is.
GRAPHLESS = ("inference",)

MODULE_LINES = 500
GRAPH_LINES = 1750  # of code: docs/decisions/0053


def imported(source: str, module: tuple[str, ...]) -> set[str]:
    """Return which parts of edge `source` imports, it being the module edge.<module>."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ("edge", *module)[: -node.level] if node.level else ()
            start = ".".join((*base, *filter(None, [node.module])))
            names |= {f"{start}.{alias.name}" for alias in node.names}
    parts = (name.split(".") for name in names)
    return {part[1] if len(part) > 1 else "*" for part in parts if part[0] == "edge"}


def allowed(part: str) -> set[str]:
    """Return which parts of edge the package or module edge.<part> may import."""
    if part in SHARED:
        return {"errors"}
    above = ORDER[: ORDER.index(part) + 1]
    return {*SHARED, *above} - ({"graph"} if part in GRAPHLESS else set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(EDGE)))
def test_a_module_imports_only_what_stands_above_it(path: Path) -> None:
    module = path.relative_to(EDGE).with_suffix("").parts
    if module[0] not in (*ORDER, *SHARED):
        return  # the command line, the daemon: on top of everything
    wrong = imported(path.read_text(), module) - allowed(module[0])
    assert not wrong, f"edge/{'/'.join(module)}.py may not import {sorted(wrong)}"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("import edge", "*"),
        ("import edge.io.frames as f", "io"),
        ("from edge import vision", "vision"),
        ("from edge.people.tracks import Track", "people"),
        ("from . import node", "graph"),
        ("from .. import io", "io"),
        ("from ..audio.voice import Voice", "audio"),
        ("def late():\n    import edge.director", "director"),
    ],
)
def test_every_way_to_import_is_seen(line: str, part: str) -> None:
    assert imported(line, ("graph", "spec")) == {part}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(EDGE)))
def test_a_module_stays_readable(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MODULE_LINES


def lines_of_code(source: str) -> int:
    """Count the lines that are neither blank, nor comment, nor docstring."""
    prose = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in prose
        for number, line in lines
    )


def test_the_graph_package_stays_small() -> None:
    lines = sum(lines_of_code(path.read_text()) for path in (EDGE / "graph").rglob("*.py"))
    assert lines <= GRAPH_LINES


def test_lines_of_code_leave_out_prose_and_blanks() -> None:
    assert lines_of_code('"""Doc\nmore."""\n\nx = 1  # code\n# not\n"""About x."""\n') == 1
