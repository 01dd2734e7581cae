"""One run on the command line: written down, shown as it goes, closed however it ends."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from edge.actions import Rules
from edge.actions.doing import Doing
from edge.actions.table import Table, read
from edge.budget.device import modelled, own_meter
from edge.budget.meters import PowerMeter
from edge.cli.lines import Energy, Lines, summary
from edge.cli.prepare import OFF, Request, prepare, shipped
from edge.cli.progress import Progress
from edge.cli.watched import Watched
from edge.errors import UserError
from edge.graph import Graph, Result, Run, Statistics
from edge.graph.profile import Profile
from edge.io.part_file import PartFile
from edge.io.results_file import ResultsWriter
from edge.people.results import FrameResult, Summary

log = logging.getLogger(__name__)
PROFILES = "calibration/profiles"


@dataclass(frozen=True)
class Account:
    """What a run came to. `people`: ids seen. `code`: what the program is to exit with."""

    summary: Summary
    statistics: Statistics
    people: frozenset[int]
    code: int


class Results:
    """The results file, or standard output; made with its first line, so that there is none
    where nothing came."""

    def __init__(self, path: str | None, wanted: bool) -> None:
        self._path = path
        self._wanted = wanted
        self._writer: ResultsWriter | None = None

    def write(self, line: Any) -> None:
        if not self._wanted:
            return
        try:
            self._open().write(line)
        except NotImplementedError as error:
            raise UserError(f"{error}: take it from the graph's outputs") from None

    def finish(self, summary: Summary) -> None:
        if self._wanted:
            self._open().finish(summary)

    def close(self) -> None:
        if self._writer:
            self._writer.close()

    def _open(self) -> ResultsWriter:
        if self._writer is None:
            self._writer = ResultsWriter(self._path)
        return self._writer


def perform(request: Request, *, lines_to_stdout: bool, progress: bool) -> Account:
    """Run what was asked for and write it down, the summary last, however it ends.

    Raises UserError: what the run ended with, after closing what it brought; and where the
    source brought nothing, after which no file is left.
    """
    graph = prepare(request)
    check_files(request)
    with _rules(request.rules) as rules, _whole(request.trace) as trace:
        profile = _profile(request)
        run = graph.run(
            request.source,
            request.audio,
            pace=request.pace,
            offline=request.offline,
            profile=profile,
            governed=request.budget != OFF,
            max_frames=request.max_frames,
            trace=trace,
        )
        watched, lines = Watched(run), Lines()
        results = Results(request.out, wanted=lines_to_stdout or request.out is not None)
        meter = _meter(request, profile)
        with closing(results), closing(Progress(run, progress, request.max_frames)) as bar:

            def tell(line: Any) -> None:
                results.write(line)
                rules.see(line)

            people = _write(watched, lines, tell, bar)
            if not _came(graph, run):
                _end_with_nothing(watched, request.source)
            for line in lines.rest():
                tell(line)
            statistics = run.statistics
            energy = None
            if meter is not None:
                energy = Energy(meter.joules(statistics.cpu_s, statistics.models), meter.source)
            account = summary(statistics, graph.spec.promised.latency_ms, energy)
            results.finish(account)
    if watched.failure and not watched.signal:
        raise watched.failure
    code = 128 + watched.signal if watched.signal else _code(run.statistics)
    return Account(account, run.statistics, people, code)


def _profile(request: Request) -> Profile | None:
    if request.profile is None:
        return None
    return Profile.load(shipped(PROFILES, request.profile, "device profile"))


def _meter(request: Request, profile: Profile | None) -> PowerMeter | None:
    """Return what tells the energy of a run from now on; without a profile nothing simulated has
    any."""
    if request.offline:
        return modelled(profile) if profile else None
    return own_meter()


@contextmanager
def _rules(path: str | None) -> Iterator[Rules]:
    """Have the rules of a table followed, or none; what was begun is finished at the end."""
    table = Table(rules=[]) if path is None else read(Path(path))
    if not table.rules:
        yield Rules(table, lambda action, event: None)
        return
    with closing(Doing(table)) as doing:
        yield Rules(table, doing.act)


def _write(
    watched: Watched, lines: Lines, tell: Callable[[Any], None], bar: Progress
) -> frozenset[int]:
    """Tell of all lines but the summary; return the ids of the people in them."""
    people = set[int]()
    for item in watched:
        for line in lines.of(item):
            tell(line)
        if isinstance(item, Result) and isinstance(item.value, FrameResult):
            people.update(person.id for person in item.value.people)
        bar.update(item)
    return frozenset(people)


def _end_with_nothing(watched: Watched, source: str | None) -> NoReturn:
    if watched.signal:
        sys.exit(128 + watched.signal)
    raise watched.failure or UserError(f"{source or 'the source'} ended before its first frame")


def check_files(request: Request) -> None:
    """Raise UserError now for a file that couldn't be written later, or would be lost."""
    given = [request.out, request.video, request.record, request.trace]
    for path in filter(None, given):
        if request.source and os.path.realpath(path) == os.path.realpath(request.source):
            raise UserError(f"{path} is the source: write to another file")
        if given.count(path) > 1:
            raise UserError(f"{path} is given twice: each output needs a file of its own")
        if not is_special(Path(path)):  # whoever reads a pipe would take this for its end
            PartFile(path).discard()


def is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def _whole(path: str | None) -> Iterator[Path | None]:
    """Have a file written under another name, that only gets its own if all goes well."""
    if path is None:
        yield None
        return
    target = PartFile(path)
    try:
        yield target.part
    except BaseException:
        target.discard()
        raise
    target.complete()


def _came(graph: Graph, run: Run) -> bool:
    """Did any source bring anything?"""
    names = [*graph.spec.sources("picture"), *graph.spec.sources("sound")]
    return any(run.statistics.nodes[name][0] for name in names if name in run.statistics.nodes)


def _code(statistics: Statistics) -> int:
    """A run whose every frame was lost to failing nodes did nothing, and says so."""
    if statistics.frames and not statistics.results:
        reasons = ", ".join(f"{reason} {n}" for reason, n in statistics.dropped.items())
        log.error("no frame gave a result: %s", reasons)
        return 1
    return 0
