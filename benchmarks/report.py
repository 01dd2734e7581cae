"""Results as a person reads them."""

import click

from benchmarks.faces import Faces
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


def print_faces(faces: Faces) -> None:
    click.echo(
        f"\nFaces: CPU ms per frame; {faces.clip}, {faces.size[0]} × {faces.size[1]}, "
        f"{faces.variant} models, {faces.rounds} rounds of {faces.frames} frames\n"
    )
    head = ("", "CPU ms", "ratio", "faces a frame")
    rows = [
        (row.name, row.cpu_ms.text(2), _text(row.ratio, 2), f"{row.faces:.2f}")
        for row in faces.rows
    ]
    print_table([head, *rows])
    click.echo("\nWhere the graph's CPU time goes, ms per frame\n")
    parts = sorted({part for row in faces.rows for part in row.parts_ms})
    parted = [
        (row.name, *(_text(row.parts_ms.get(part), 2) for part in parts))
        for row in faces.rows
        if row.parts_ms
    ]
    print_table([("", *parts), *parted])
    _print_rest(faces.goals, faces.notes)
    if not faces.goals:
        click.echo("FaceMesh isn't here (make bench installs it where it exists): no ratios.")


def _text(figure: Figure | None, digits: int) -> str:
    return "" if figure is None else figure.text(digits)


def _print_rest(goals: list[Goal], notes: list[str]) -> None:
    click.echo()
    for goal in goals:
        click.echo(f"goal  {goal.text()}")
    for note in notes:
        click.echo(click.wrap_text(note, 100, "      ", "      "))
