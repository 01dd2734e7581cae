"""What a benchmark found, as a table for people, Markdown and JSON."""

from collections.abc import Sequence

import msgspec

from benchmarks.figures import Figure, Goal

Cell = Figure | float | int | str
Rows = list[dict[str, Cell]]


class Curve(msgspec.Struct, frozen=True):
    """Points to be drawn. `steps`: each value holds until the next."""

    name: str
    x: list[float]
    y: list[float]
    steps: bool = False


class Picture(msgspec.Struct, frozen=True):
    """A plot of curves over one axis. `limits` and `moments`: values of y, of x,
    that are lines of their own."""

    name: str
    x_label: str
    y_label: str
    curves: list[Curve]
    limits: dict[str, float] = {}
    moments: dict[str, float] = {}


class Bars(msgspec.Struct, frozen=True):
    """A bar for each of `names`, as long as `whole` says, made of `parts` where they are known.

    `limits`: values that are lines of their own.
    """

    name: str
    label: str
    names: list[str]
    whole: list[Figure]
    parts: dict[str, list[float]] = {}
    limits: dict[str, float] = {}


class Findings(msgspec.Struct, frozen=True):
    """`rows`: figures by what stands above them; the first of a row is its name, "".

    Keys carry their units: "CPU, ms a frame". `more`: further tables, by title.
    """

    title: str
    rows: Rows
    goals: list[Goal] = []
    notes: list[str] = []
    pictures: list[Picture] = []
    more: dict[str, Rows] = {}
    bars: list[Bars] = []

    def markdown(self) -> str:
        """Return a section: the tables, then goals and notes."""
        parts = [f"## {self.title}", _table(self.rows)]
        for title, rows in self.more.items():
            parts += [f"### {title}", _table(rows)]
        parts += ["\n".join(f"- {goal.text()}" for goal in self.goals), *self.notes]
        return "\n\n".join(part for part in parts if part) + "\n"


def table(rows: Rows) -> list[tuple[str, ...]]:
    """Return the head and the rows as text."""
    head = tuple(dict.fromkeys(key for row in rows for key in row))
    return [head, *(tuple(text(row.get(key, "")) for key in head) for row in rows)]


def text(cell: Cell) -> str:
    """Return a figure to three digits; of repeated measurements also what half lay between."""
    if isinstance(cell, Figure):
        return f"{text(cell.median)} ({text(cell.low)} to {text(cell.high)})"
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:.0f}"
    return str(cell)


def _table(rows: Rows) -> str:
    head, *rest = table(rows)
    return "\n".join([_line(head), _line(["---"] * len(head)), *map(_line, rest)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
