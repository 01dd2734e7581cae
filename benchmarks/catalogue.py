"""All benchmarks by name. A new one is a function of `Options` and a folder, and a line here."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks import budgets, contest, overhead, power, squeeze
from benchmarks.clients import clients
from benchmarks.contests import CONTESTS
from benchmarks.findings import Findings
from benchmarks.graphs import graphs
from benchmarks.idle import idle
from benchmarks.live import Options
from benchmarks.memory import memory
from benchmarks.models import models
from benchmarks.planning import planning
from benchmarks.prediction import prediction
from benchmarks.report import of_contest, of_overhead
from benchmarks.soak import MINUTES, SHORT_MINUTES, soak
from benchmarks.startup import startup

ROUNDS, SHORT_ROUNDS = 8, 2
FRAMES, SHORT_FRAMES = 100, 30
PACKETS, SHORT_PACKETS = 500, 100


class Benchmark(NamedTuple):
    """`measure(options, folder, **own)` returns what it found; its docstring is the help.

    `folder`: for what it needs on disk meanwhile. `own`: options of its own. Raises UserError,
    and Dead where a process that it started gave no answer.
    """

    measure: Callable[..., Findings]
    own: tuple[click.Option, ...] = ()
    about: str = ""

    @property
    def help(self) -> str:
        return self.about or self.measure.__doc__ or ""


def number(name: str, full: int, short: int, text: str) -> click.Option:
    """Return an option for how much is measured."""
    help_ = f"{text} [default: {full}, --short: {short}]"
    return click.Option([name], type=click.IntRange(min=1), help=help_)


ROUNDS_OPTION = number("--rounds", ROUNDS, SHORT_ROUNDS, "How often all take turns.")


def _overhead(options: Options, folder: Path, rounds: int | None, packets: int | None) -> Findings:
    """What the graph costs for each node that a packet passes."""
    rounds = rounds or (SHORT_ROUNDS if options.short else ROUNDS)
    packets = packets or (SHORT_PACKETS if options.short else PACKETS)
    return of_overhead(overhead.measure(packets, rounds))


def _contest(name: str, about: str) -> Benchmark:
    def measure(
        options: Options, folder: Path, rounds: int | None, frames: int | None, variant: str | None
    ) -> Findings:
        rounds = rounds or (SHORT_ROUNDS if options.short else ROUNDS)
        frames = frames or (SHORT_FRAMES if options.short else FRAMES)
        found = contest.measure(
            CONTESTS[name], options.clip, options.start_s, frames, rounds, variant
        )
        return of_contest(found)

    own = (
        ROUNDS_OPTION,
        number("--frames", FRAMES, SHORT_FRAMES, "In each round."),
        click.Option(["--variant"], help=f"Of our models. [default: {CONTESTS[name].variant}]"),
    )
    return Benchmark(measure, own, about)


PACKETS_OPTION = number("--packets", PACKETS, SHORT_PACKETS, "In each round.")
BESIDE = "CPU time a frame of the {} graph at fast pace, beside MediaPipe's for the same."
DATA_OPTION = click.Option(
    ["--data"], type=Path, metavar="FOLDER", help="Published landmarks of clips are there."
)
MINUTES_OPTION = click.Option(
    ["--minutes"],
    type=click.FloatRange(min=0.2),
    help=f"How long. [default: {MINUTES:g}, --short: {SHORT_MINUTES:g}]",
)
BENCHMARKS = {
    "overhead": Benchmark(_overhead, (ROUNDS_OPTION, PACKETS_OPTION)),
    "faces": _contest("faces", BESIDE.format("faces")),
    "people": _contest("people", BESIDE.format("people")),
    "hands": _contest("hands", BESIDE.format("hands")),
    "room": _contest("room", "The people graph at fast pace where nobody is."),
    "scaling": _contest("scaling", "The people graph at fast pace with one to six people."),
    "versus": Benchmark(budgets.versus),
    "streaming": Benchmark(budgets.streaming, (DATA_OPTION,)),
    "contention": Benchmark(squeeze.contention),
    "step": Benchmark(squeeze.step),
    "power": Benchmark(power.power),
    "planning": Benchmark(planning),
    "prediction": Benchmark(prediction),
    "idle": Benchmark(idle),
    "startup": Benchmark(startup),
    "memory": Benchmark(memory),
    "soak": Benchmark(soak, (MINUTES_OPTION,)),
    "clients": Benchmark(clients),
    "models": Benchmark(models),
    "graphs": Benchmark(graphs),
}
