"""What has changed between two sittings of benchmarks, and what has got worse."""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.figures import Figure, Goal
from benchmarks.findings import Findings, Rows, text
from benchmarks.outcome import Outcome

NOISE = 0.1
"""By so much figures of a shared machine differ from one sitting to the next without a reason;
those of repeated rounds only count where what half of the rounds lay between is apart, too."""
COST = re.compile(r", (ms|µs|MB|s)\b|(error|missed), %|% of a core|\bratio$|ours of it$")
"""Figures that are better small, by what stands above them."""
GAIN = re.compile(r"results a second$|within 5 %, %$")
"""What is better large. All other figures count things: they may change, but not get worse."""
ROW = ("", "at", "of", "variant")
"""Columns that say what a row is about."""


Number = Figure | float | int
Key = tuple[str, ...]


class Change(NamedTuple):
    """`where`: benchmark, row and what stood above the figure. `worse`: beyond the noise."""

    where: str
    old: Number
    new: Number
    ratio: float
    worse: bool


class Comparison(NamedTuple):
    """`lost`: goals reached in the old sitting and missed in the new. `warnings`: what makes the
    two hard to compare."""

    changes: list[Change]
    lost: list[str]
    warnings: list[str]


def compare(old: Outcome, new: Outcome) -> Comparison:
    """Return what both sittings have."""
    changes: list[Change] = []
    lost: list[str] = []
    for name in old.found:
        if name not in new.found:
            continue
        before, after = dict(_figures(old.found[name])), dict(_figures(new.found[name]))
        both = [key for key in before if key in after]
        changes += [_change(name, key, before[key], after[key]) for key in both]
        goals = {goal.name: goal for goal in new.found[name].goals}
        lost += [f"{name}: {goals[goal.name].text()}" for goal in old.found[name].goals
                 if goal.reached and _missed(goals.get(goal.name))]  # fmt: skip
    return Comparison(changes, lost, list(_warnings(old, new)))


def _figures(findings: Findings) -> Iterator[tuple[Key, Number]]:
    """Yield all numbers by table, row and column. A row is known by its words up to its figures."""
    for title, rows in {"": findings.rows, **findings.more}.items():
        yield from _of_table(title, rows)


def _of_table(title: str, rows: Rows) -> Iterator[tuple[Key, Number]]:
    for row in rows:
        words = [cell for key, cell in row.items() if isinstance(cell, str) and key in ROW]
        for key, cell in row.items():
            if not isinstance(cell, str):
                yield (title, *words, key), cell


def _change(name: str, key: Key, old: Number, new: Number) -> Change:
    before, after = float(old), float(new)
    ratio = after / before if before else math.nan if after else 1.0
    where = ": ".join(part for part in (name, *key) if part)
    return Change(where, old, new, ratio, _worse(f"{key[0]} {key[-1]}", old, new))


def _worse(what: str, old: Number, new: Number) -> bool:
    """Return whether a figure has got worse beyond the noise. `what`: its table and column."""
    before, after = float(old), float(new)
    if GAIN.search(what):
        before, after = after, before
    elif not COST.search(what):
        return False
    if after <= before * (1 + NOISE):
        return False
    return not (isinstance(old, Figure) and isinstance(new, Figure) and new.low <= old.high)


def _missed(goal: Goal | None) -> bool:
    return goal is not None and not goal.reached


def _warnings(old: Outcome, new: Outcome) -> Iterator[str]:
    if old.machine.cpu != new.machine.cpu or old.machine.cores != new.machine.cores:
        yield (
            f"other machines: {old.machine.cpu}, {old.machine.cores} cores; "
            f"{new.machine.cpu}, {new.machine.cores} cores"
        )
    if old.short or new.short:
        yield "short runs: their figures spread widely"
    for name, version in old.machine.versions.items():
        now = new.machine.versions.get(name, "none")
        if now != version:
            yield f"{name} {version}, then {now}"


def lines(changes: list[Change]) -> list[tuple[str, ...]]:
    """Return a table of changes."""
    head = ("", "old", "new", "new / old", "")
    return [head, *((each.where, text(each.old), text(each.new), f"{each.ratio:.2f}",
                     "WORSE" if each.worse else "") for each in changes)]  # fmt: skip
