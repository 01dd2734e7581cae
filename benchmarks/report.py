"""Results as a person reads them."""

from collections.abc import Iterable, Iterator, Mapping

import click

from benchmarks.contest import Outcome, Row
from benchmarks.figures import Figure, Goal
from benchmarks.overhead import Overhead
from edge.cli.options import print_table


def print_overhead(overhead: Overhead) -> None:
    click.echo(
        f"\nThe graph's own cost: µs for each node and packet; "
        f"{overhead.rounds} rounds of {overhead.packets} packets\n"
    )
    head = ("", "median", "p99", "CPU", "waking a worker", "waking the reader")
    rows = [
        (
            row.name,
            *(_text(f, 1) for f in (row.median_us, row.p99_us, row.cpu_us)),
            *(_text(f, 0) for f in (row.worker_us, row.reader_us)),
        )
        for row in overhead.rows
    ]
    bare = ("a bare threading.Condition", "", "", "", overhead.bare_us.text(0), "")
    print_table([head, *rows, bare])
    _print_rest(overhead.goals, overhead.notes)


def print_outcome(outcome: Outcome) -> None:
    width, height = outcome.size
    click.echo(
        f"\n{outcome.title.capitalize()}: CPU ms per frame; {outcome.clip}, {width} × {height}, "
        f"{outcome.variant} models, {outcome.rounds} rounds of {outcome.frames} frames\n"
    )
    kinds = _all(row.seen for row in outcome.rows)
    rows = [
        (
            row.name,
            row.cpu_ms.text(2),
            _text(row.ratio, 2),
            *(f"{row.seen[kind]:.2f}" if kind in row.seen else "" for kind in kinds),
        )
        for row in outcome.rows
    ]
    print_table([("", "CPU ms", "ratio", *kinds), *rows])
    ours = [row for row in outcome.rows if row.parts_ms]
    click.echo("\nWhere the graph's CPU time goes, ms per frame\n")
    print_table([("", *(row.name for row in ours)), *_parts(ours)])
    if outcome.growth:
        click.echo("\nBy how much that grows, ms per frame\n")
        lines = ((part, line.nobody_ms, line.each_ms) for part, line in outcome.growth.items())
        rows = [(part, f"{nobody:.2f}", f"{each:+.2f}") for part, nobody, each in sorted(lines)]
        print_table([("", "nobody", "each person"), *rows])
    _print_rest(outcome.goals, outcome.notes)
    if not any(row.ratio for row in outcome.rows) and not outcome.growth:
        click.echo("MediaPipe isn't here (make bench installs it where it exists): no ratios.")


def _parts(ours: list[Row]) -> Iterator[tuple[str, ...]]:
    for part in sorted(_all(row.parts_ms for row in ours)):
        yield part, *(_text(row.parts_ms.get(part), 2) for row in ours)
    for node in sorted(_all(row.looks for row in ours)):
        if any(row.looks.get(node) for row in ours):
            yield f"{node} looks, a frame", *(f"{row.looks.get(node, 0):.2f}" for row in ours)


def _all(found: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the keys of all, each once."""
    return list(dict.fromkeys(key for each in found for key in each))


def _text(figure: Figure | None, digits: int) -> str:
    return "" if figure is None else figure.text(digits)


def _print_rest(goals: list[Goal], notes: list[str]) -> None:
    click.echo()
    for goal in goals:
        click.echo(f"goal  {goal.text()}")
    for note in notes:
        click.echo(click.wrap_text(note, 100, "      ", "      "))
