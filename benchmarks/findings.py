"""What a benchmark found, as a table for people, Markdown and JSON."""

from collections.abc import Sequence

import msgspec

from benchmarks.figures import Goal

Cell = float | int | str


class Curve(msgspec.Struct, frozen=True):
    """Points to be drawn. `steps`: each value holds until the next."""

    name: str
    x: list[float]
    y: list[float]
    steps: bool = False


class Picture(msgspec.Struct, frozen=True):
    """A plot of curves over one axis. `limits`: values of y that are lines of their own."""

    name: str
    x_label: str
    y_label: str
    curves: list[Curve]
    limits: dict[str, float] = {}


class Findings(msgspec.Struct, frozen=True):
    """`rows`: figures by what stands above them; all rows have the same keys, the first a name.

    Keys carry their units: "CPU, ms a frame".
    """

    title: str
    rows: list[dict[str, Cell]]
    goals: list[Goal] = []
    notes: list[str] = []
    pictures: list[Picture] = []

    def table(self) -> list[tuple[str, ...]]:
        """Return the head and the rows as text."""
        head = tuple(dict.fromkeys(key for row in self.rows for key in row))
        return [head, *(tuple(text(row.get(key, "")) for key in head) for row in self.rows)]

    def markdown(self) -> str:
        """Return a section: the table, then goals and notes."""
        head, *rows = self.table()
        lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
        goals = [f"- {goal.text()}" for goal in self.goals]
        parts = [f"## {self.title}", "\n".join(lines), "\n".join(goals), "\n\n".join(self.notes)]
        return "\n\n".join(part for part in parts if part) + "\n"


def text(cell: Cell) -> str:
    """Return a figure to three digits."""
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:.0f}"
    return str(cell)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
