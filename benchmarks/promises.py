"""`python -m benchmarks.promises`: are budgets kept, and what does it take beside MediaPipe?"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from benchmarks.budgets import streaming, versus
from benchmarks.findings import Findings
from benchmarks.live import Options
from benchmarks.machine import this_machine
from benchmarks.power import power
from benchmarks.process import Dead
from benchmarks.squeeze import contention, step
from edge.errors import UserError

PROMISES: dict[str, Callable[[Options, Path], Findings]] = {
    "versus": versus,
    "streaming": streaming,
    "contention": contention,
    "step": step,
    "power": power,
}


def find(name: str, options: Options) -> Findings:
    """Measure one of `PROMISES`. Raises UserError, and Dead where a process gave no answer."""
    with tempfile.TemporaryDirectory(prefix="edge-benchmark-") as folder:
        return PROMISES[name](options, Path(folder))


@click.command()
@click.argument("names", type=click.Choice([*PROMISES]), nargs=-1, metavar="[WHAT]…")
@click.option("--clip", type=Path, metavar="FILE", help="A video of one person. [the sample]")
@click.option("--start", type=click.FloatRange(min=0), metavar="S", help="Of the clip, seconds.")
@click.option("--short", is_flag=True, help="Five seconds of each; not what percentiles need.")
@click.option("--data", type=Path, metavar="FOLDER", help="streaming: published landmarks, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=Path, metavar="FOLDER", help="Write pictures of it there.")
def main(
    names: tuple[str, ...],
    clip: Path | None,
    start: float | None,
    short: bool,
    data: Path | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Measure in real time, at 30 frames a second; WHAT, all by default:

    versus: CPU time of the people graph under its own budget, beside MediaPipe's four and Holistic.

    streaming: how right the newest result is, with and without a budget, and MediaPipe's.

    contention: one core, half of which a neighbour takes.

    step: the neighbour begins and stops.

    power: three budgets of watts.
    """
    options = Options(clip, start, short, lambda doing: click.echo(doing, err=True), data)
    found = {name: find(name, options) for name in names or PROMISES}
    if as_json:
        click.echo(json.dumps({"machine": msgspec.to_builtins(this_machine()),
                               **{name: msgspec.to_builtins(each) for name, each in found.items()}},
                              indent=2))  # fmt: skip
    else:
        click.echo(this_machine().text() + "\n")
        for each in found.values():
            click.echo(each.markdown())
    if plot is not None:
        from benchmarks.curves import draw

        plot.mkdir(parents=True, exist_ok=True)
        for each in found.values():
            for path in draw(each, plot):
                click.echo(f"wrote {path}", err=True)


if __name__ == "__main__":
    try:
        main()
    except (UserError, Dead) as error:
        sys.exit(f"benchmarks: {error}")
