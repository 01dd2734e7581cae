"""`edge diff`: where two results part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge.cli.options import json_option, print_json

if TYPE_CHECKING:
    from edge.io.diff import Report

LINES_NAMED = 5
"""Lines that only one side has: so many are named, the rest counted."""


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="X",
    help="Numbers that differ by up to X count as equal (pixels, degrees, scores alike).",
)
@json_option
def diff(a: str, b: str, tolerance: float, as_json: bool) -> int:
    """Compare two results (.jsonl) or recordings (.mcap) and say where they part.

    What is measured anew in every run (ages, latencies, processor time) is left out.

    Exit code: 0 the same, 1 different, 2 one can't be read.

    \b
    Example:
      edge diff before.jsonl after.jsonl --tolerance 0.5
    """
    from edge.io.diff import compare

    report = compare(a, b, tolerance)
    if as_json:
        print_json(report)
    else:
        _print(report)
    return 0 if report.same else 1


def _print(report: Report) -> None:
    if report.same:
        click.echo(f"the same: {report.lines} lines")
    else:
        click.echo(f"{report.differing} of {report.lines} lines differ")
    for side, names in (("first", report.only_a), ("second", report.only_b)):
        if names:
            more = ", …" if len(names) > LINES_NAMED else ""
            click.echo(f"only in the {side}: {len(names)} ({', '.join(names[:LINES_NAMED])}{more})")
    if report.first:
        first = report.first
        at = "" if first.t is None else f" at {first.t:.3f} s"
        click.echo(f"they part in {first.line}{at}: {first.key or 'the line'}")
        click.echo(f"  first:  {_short(first.a)}\n  second: {_short(first.b)}")
    for key, amount in sorted(report.largest.items(), key=lambda item: -item[1])[:LINES_NAMED]:
        click.echo(f"largest difference of {key}: {amount:g}")


def _short(value: object) -> str:
    import msgspec

    text = "absent" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else f"{text[:200]}…"
