"""`edge bench`, which is also `python -m benchmarks`: measure this machine."""

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from benchmarks.catalogue import BENCHMARKS, Benchmark
from benchmarks.compare import compare, lines
from benchmarks.findings import Findings
from benchmarks.live import Options
from benchmarks.machine import this_machine
from benchmarks.outcome import Outcome, read, show, write
from benchmarks.process import Dead
from edge.cli.options import Group, print_table
from edge.errors import UserError

FILE = "FILE"
COMMON = (
    click.Option(["--short"], is_flag=True, help="Seconds of each; not what percentiles need."),
    click.Option(["--json"], type=Path, metavar=FILE, help="Write JSON; - is standard output."),
    click.Option(["--markdown"], type=Path, metavar=FILE, help="Write Markdown; likewise."),
    click.Option(["--plot"], type=Path, metavar="FOLDER", help="Write pictures of it there."),
    click.Option(["--clip"], type=Path, metavar=FILE, help="A video to play. [default: the "
                 "sample]"),
    click.Option(["--start"], type=click.FloatRange(min=0), metavar="S", help="Of it, seconds."),
)  # fmt: skip
Draw = Callable[[Findings], None]


@click.group(cls=Group)
def bench() -> None:
    """Measure what edge costs on this machine, beside MediaPipe, and whether budgets are kept.

    Better with nothing else running. Needs a checkout: make bench installs what it takes.
    """


def measure(names: Collection[str], given: dict[str, Any], own: dict[str, Any]) -> None:
    """Measure, print and write down what was found, after each benchmark: the next may fail."""
    report = _to_stderr
    options = Options(given["clip"], given["start"], given["short"], report, own.pop("data", None))
    draw = _plots(given["plot"])
    machine = this_machine()
    files = [path for path in (given["json"], given["markdown"]) if path is not None]
    quiet = any(str(path) == "-" for path in files)
    found: dict[str, Findings] = {}
    if not quiet:
        click.echo(machine.text())
    for name in names:
        if len(names) > 1:
            report(name)
        found[name] = _find(BENCHMARKS[name], options, own)
        outcome = Outcome(machine, options.short, found)
        if not quiet:
            show(found[name])
        _write(outcome, given, final=False)
        draw(found[name])
    _write(outcome, given, final=True)


def _find(benchmark: Benchmark, options: Options, own: dict[str, Any]) -> Findings:
    wanted = {option.name: own.get(str(option.name)) for option in benchmark.own}
    wanted.pop("data", None)
    with tempfile.TemporaryDirectory(prefix="edge-benchmark-") as folder:
        try:
            return benchmark.measure(options, Path(folder), **wanted)
        except Dead as error:
            raise UserError(str(error)) from error


def _write(outcome: Outcome, given: dict[str, Any], final: bool) -> None:
    """Write the files that were asked for; to standard output only once."""
    for path, text in ((given["json"], outcome.json), (given["markdown"], outcome.markdown)):
        if path is not None and final is (str(path) == "-"):
            write(path, text())


def _plots(folder: Path | None) -> Draw:
    """Return what draws; find out before the measuring whether it can be done."""
    if folder is None:
        return lambda found: None
    try:
        from benchmarks import plot

        folder.mkdir(parents=True, exist_ok=True)
    except ImportError:
        raise UserError("--plot needs matplotlib: make bench installs it") from None
    except OSError as error:
        raise UserError(f"can't write to {folder}: {error.strerror}") from None

    def draw(found: Findings) -> None:
        for path in plot.draw(found, folder):
            _to_stderr(f"wrote {path}")

    return draw


def _to_stderr(doing: str) -> None:
    click.echo(doing, err=True)


def _command(name: str, benchmark: Benchmark) -> click.Command:
    common = {str(option.name) for option in COMMON}

    def run(**given: Any) -> None:
        own = {key: given.pop(key) for key in list(given) if key not in common}
        measure([name], given, own)

    return click.Command(name, callback=run, params=[*benchmark.own, *COMMON], help=benchmark.help)


def _all(**given: Any) -> None:
    """All of them, one after the other."""
    measure(BENCHMARKS, given, {})


for _name, _benchmark in BENCHMARKS.items():
    bench.add_command(_command(_name, _benchmark))
bench.add_command(click.Command("all", callback=_all, params=[*COMMON], help=_all.__doc__))


@bench.command("compare")
@click.argument("old", type=Path, metavar="OLD.json")
@click.argument("new", type=Path, metavar="NEW.json")
def compare_(old: Path, new: Path) -> int:
    """Compare what two sittings have found, as --json wrote it; say what has got worse.

    Exit code: 1 where a goal that was reached is missed now.
    """
    found = compare(read(old), read(new))
    if not found.changes:
        raise UserError(f"{old} and {new} have no figure in common")
    print_table(lines(found.changes))
    for warning in found.warnings:
        click.echo(f"note: {warning}")
    for goal in found.lost:
        click.echo(f"no longer reached: {goal}")
    return 1 if found.lost else 0


if __name__ == "__main__":
    from edge.cli import end

    end(bench, "python -m benchmarks")
