"""`python -m benchmarks`: measure this machine."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks.contest import Outcome, measure
from benchmarks.contests import CONTESTS
from benchmarks.machine import this_machine
from benchmarks.overhead import Overhead
from benchmarks.overhead import measure as measure_overhead
from benchmarks.process import Dead
from benchmarks.report import print_outcome, print_overhead
from edge.cli.options import print_json
from edge.errors import UserError

NAME = "python -m benchmarks"


@click.command()
@click.argument("what", type=click.Choice(["overhead", *CONTESTS, "all"]), default="all")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=Path, metavar="FOLDER", help="Write pictures of it there.")
@click.option("--rounds", type=click.IntRange(min=1), default=8, show_default=True)
@click.option(
    "--packets",
    type=click.IntRange(min=100),
    default=500,
    show_default=True,
    help="overhead: in each round.",
)
@click.option(
    "--frames",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="All others: in each round.",
)
@click.option(
    "--clip",
    type=Path,
    metavar="FILE",
    help="All but overhead: a video; scaling: of one person, or a folder of such. Default: the "
    "sample.",
)
@click.option("--start", type=click.FloatRange(min=0), metavar="S", help="Of --clip, seconds.")
@click.option("--variant", help="Of our models. Default: float for faces, int8 for the others.")
def main(
    what: str,
    as_json: bool,
    plot: Path | None,
    rounds: int,
    packets: int,
    frames: int,
    clip: Path | None,
    start: float | None,
    variant: str | None,
) -> None:
    """Measure what edge costs on this machine: ten minutes, better with nothing else running.

    overhead: what the graph costs for each node that a packet passes.

    faces, people, hands: CPU time per frame of that graph, beside MediaPipe's for the same.

    room: of the people graph where nobody is.

    scaling: of the people graph with one to six people.
    """
    draw = _plots(plot)
    machine = this_machine()
    overhead = measure_overhead(packets, rounds) if what in ("overhead", "all") else None
    outcomes = {
        name: measure(contest, clip, start, frames, rounds, variant)
        for name, contest in CONTESTS.items()
        if what in (name, "all")
    }
    if as_json:
        found = {"machine": machine, "overhead": overhead, **outcomes}
        print_json({name: value for name, value in found.items() if value is not None})
    else:
        click.echo(machine.text())
        if overhead:
            print_overhead(overhead)
        for outcome in outcomes.values():
            print_outcome(outcome)
    draw(overhead, list(outcomes.values()))


def _plots(folder: Path | None) -> Callable[[Overhead | None, list[Outcome]], None]:
    """Return what draws; find out before the measuring whether it can be done."""
    if folder is None:
        return lambda overhead, outcomes: None
    try:
        from benchmarks.plot import plot_outcome, plot_overhead

        folder.mkdir(parents=True, exist_ok=True)
    except ImportError:
        raise UserError("--plot needs matplotlib: make bench installs it") from None
    except OSError as error:
        raise UserError(f"can't write to {folder}: {error.strerror}") from None

    def draw(overhead: Overhead | None, outcomes: list[Outcome]) -> None:
        paths = [plot_overhead(overhead, folder)] if overhead else []
        paths += [plot_outcome(outcome, folder) for outcome in outcomes]
        for path in paths:
            click.echo(f"wrote {path}", err=True)

    return draw


def run() -> int:
    """Return the exit code: 0, or 2 with one line that says why nothing was measured."""
    try:
        main(prog_name=NAME, standalone_mode=False)
    except click.UsageError as error:
        return _fail(f"{error.format_message().rstrip('.')}; see {NAME} --help")
    except (UserError, Dead) as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return 130
    return 0


def _fail(message: str) -> int:
    print(f"benchmarks: {' '.join(message.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(run())
