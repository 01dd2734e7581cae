"""Which variant of a model is run here, and with how many threads: the candidates are timed.

Once for each device, library and set of files; the figures are kept in the cache's `timings.json`
by the files' hashes, so that a new file, library or machine is timed again and nothing else is.
"""

import contextlib
import functools
import importlib.metadata
import logging
import math
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from edge.errors import UserError
from edge.inference.backend import interpreter_class, open_interpreter
from edge.inference.fetch import lock
from edge.inference.manifest import Variant
from edge.paths import cache_dir

log = logging.getLogger(__name__)
FILE = "timings.json"


class Settings(NamedTuple):
    threads: tuple[int, ...] = (1, 2, 4)
    """Small boards have four cores, and the graph's other nodes want some of them."""
    busy_waiting: tuple[str, ...] = ("tflite_runtime",)
    """Libraries whose threads wait for each other without sleep: where another program has the
    core of one, a call takes a hundred times as long. With them, one thread is all."""
    worthwhile: float = 0.25
    """The part of the time that twice the threads have to save. Perfect ones save half; with less
    than half of that the second core mostly waits, and another node could have used it."""
    faster: float = 0.05
    """The part of the time that a variant has to save to be taken instead of one that stands
    before it in the manifest: less is the noise of timing, and would differ from day to day."""
    budget_s: float = 0.4
    """For all candidates of a model together: a graph of five models starts 2 s later, once."""
    warm_up: int = 2
    """Calls that aren't counted: the first packs weights and touches memory."""
    least_rounds: int = 3
    """A median needs them, however slow the model."""
    most_rounds: int = 100
    """More don't change the median of a model that takes microseconds."""
    quiet_s: float = 1.0
    """Timing that takes longer altogether is told of: the user waits for it."""


SETTINGS = Settings()


class Choice(NamedTuple):
    variant: Variant
    threads: int

    @property
    def key(self) -> str:
        return f"{self.variant.sha256}/{self.threads}"


Milliseconds = Annotated[float, Meta(gt=0)]
Figures = dict[str, Milliseconds | None]
"""Median times of a call by `Choice.key`; None for a file that the library can't run."""
Measure = Callable[[Sequence[tuple[Path, int]]], list[float | None]]
"""From files and thread counts to the median ms of a call of each."""


class _Process:
    """What this process has to remember. `unsaved`: figures that couldn't be written."""

    def __init__(self) -> None:
        self.unsaved: Figures = {}
        self.spent_s = 0.0


_process = _Process()


def choose(
    name: str,
    variants: Sequence[Variant],
    threads: int | None,
    path_of: Callable[[Variant], Path],
    measure: Measure | None = None,
) -> Choice:
    """Return the fastest of a model's variants on this device, and how many threads pay.

    `threads`: given, variants are compared with so many. `path_of` returns a variant's checked
    file, and is called only if there is something to time. Where only one choice is left, nothing
    is timed.
    """
    group = _group(variants, threads)
    if len(group) == 1:
        return group[0]
    figures = _recall()
    if not _complete(group, figures):
        with contextlib.ExitStack() as stack:
            # Two that are timed at once slow each other down: the second waits for the first's
            # figures. Where nothing can be written, there is nobody to wait for.
            with contextlib.suppress(OSError, UserError):
                stack.enter_context(lock(cache_dir()))
            figures = _recall()
            if not _complete(group, figures):
                figures = _time(name, group, path_of, measure or time_calls)
                _remember(figures)
    choice = _best(group, figures)
    log.info("%s: %s, threads: %d", name, choice.variant.name, choice.threads)
    return choice


def recalled(variants: Sequence[Variant]) -> Choice | None:
    """Return what `choose` would without timing anything.

    None where it would have to, and where the library can't run any of the variants.
    """
    group = _group(variants, None)
    if len(group) == 1:
        return group[0]
    figures = _recall()
    best = _best(group, figures) if _complete(group, figures) else None
    return best if best and figures[best.key] else None


def times(variant: Variant) -> dict[int, float | None]:
    """Return what is known of a variant's time on this device: ms of a call by threads."""
    figures = _recall()
    candidates = [Choice(variant, threads) for threads in SETTINGS.threads]
    return {c.threads: figures[c.key] for c in candidates if c.key in figures}


def time_calls(candidates: Sequence[tuple[Path, int]]) -> list[float | None]:
    """Return the median ms of a call of each file with so many threads, its input all zeros.

    All are called in turn, so that what else the machine does slows all of them alike. None for
    a file that the library can't run.
    """
    calls: list[Callable[[], Any] | None] = []
    broken: set[Path] = set()
    for path, threads in candidates:
        calls.append(None if path in broken else _ready(path, threads))
        if calls[-1] is None:
            broken.add(path)
    taken: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + SETTINGS.budget_s
    for round_ in range(SETTINGS.most_rounds):
        if round_ >= SETTINGS.least_rounds and time.perf_counter() > end:
            break
        for call, times_ in zip(calls, taken, strict=True):
            if call:
                begun = time.perf_counter()
                call()
                times_.append((time.perf_counter() - begun) * 1000)
    return [statistics.median(times_) if times_ else None for times_ in taken]


def _ready(path: Path, threads: int) -> Callable[[], Any] | None:
    """Return the call of a model that is loaded and warm, None where it can't be run."""
    try:
        interpreter = open_interpreter(path, path.name, threads)
        for details in interpreter.get_input_details():
            interpreter.tensor(details["index"])().fill(0)
        for _ in range(SETTINGS.warm_up):
            interpreter.invoke()
    except (UserError, RuntimeError) as error:
        log.warning("left out of the choice: %s", error)
        return None
    call: Callable[[], Any] = interpreter.invoke
    return call


def _group(variants: Sequence[Variant], threads: int | None) -> list[Choice]:
    """Return all candidates: each variant with each number of threads."""
    if threads is not None:
        counts = [threads]
    elif _library() in SETTINGS.busy_waiting:
        counts = [1]
    else:
        counts = [n for n in SETTINGS.threads if n <= max(1, _cores())]
    return [Choice(variant, n) for variant in variants for n in counts]


def _complete(group: Iterable[Choice], figures: Figures) -> bool:
    return all(candidate.key in figures for candidate in group)


def _best(group: Sequence[Choice], figures: Mapping[str, float | None]) -> Choice:
    """Return the variant that is fastest with the fewest threads, and how many pay for it.

    So each model's share of the processor is small first, and its answer early second.
    """
    ms = {candidate: figures[candidate.key] or math.inf for candidate in group}
    fewest = min(candidate.threads for candidate in group)
    best, *others = [candidate for candidate in group if candidate.threads == fewest]
    for other in others:
        if ms[other] < (1 - SETTINGS.faster) * ms[best]:
            best = other
    for more in [c for c in group if c.variant is best.variant and c.threads > fewest]:
        if ms[more] >= (1 - SETTINGS.worthwhile) * ms[best]:
            break
        best = more
    return best


def _time(
    name: str, group: Sequence[Choice], path_of: Callable[[Variant], Path], measure: Measure
) -> Figures:
    files = [(path_of(candidate.variant), candidate.threads) for candidate in group]
    if _process.spent_s > SETTINGS.quiet_s:
        print(f"timing {name} on this device, once", file=sys.stderr)
    begun = time.perf_counter()
    figures = dict(zip((candidate.key for candidate in group), measure(files), strict=True))
    _process.spent_s += time.perf_counter() - begun
    return figures


def _recall() -> Figures:
    """Return what is known of this device, in its file or in this process."""
    try:
        return {**_read(cache_dir() / FILE).get(device(), {}), **_process.unsaved}
    except UserError:  # no cache folder: nothing is in it
        return _process.unsaved


def _remember(figures: Figures) -> None:
    """Add figures to the file; where that can't be, keep them while this process lasts."""
    try:
        folder = cache_dir()
        kept = _read(folder / FILE)
        kept[device()] = {**kept.get(device(), {}), **figures}
        with tempfile.TemporaryDirectory(dir=folder, prefix=".timing-") as name:
            part = Path(name) / FILE
            part.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
            os.replace(part, folder / FILE)
    except (OSError, UserError) as error:
        if not _process.unsaved:
            log.warning(
                "can't keep how fast models are here, so that it is found out every time (%s); "
                "EDGE_CACHE=FOLDER chooses a folder to keep it in",
                getattr(error, "strerror", error),
            )
        _process.unsaved |= figures


def _read(path: Path) -> dict[str, Figures]:
    """Return the figures of all devices; none where the file is missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Figures])
    except (OSError, msgspec.DecodeError) as error:
        log.debug("%s: %s", path, error)
        return {}


@functools.cache
def device() -> str:
    """Return what times depend on: "AMD EPYC x86_64, ai-edge-litert 2.1.6"."""
    library = _library().replace("_", "-")
    version = importlib.metadata.version(library)
    return f"{processor()} {platform.machine()}, {library} {version}"


def _library() -> str:
    """Return the package that runs models: "ai_edge_litert"."""
    return str(interpreter_class().__module__).partition(".")[0]


def processor() -> str:
    """Return the processor's name, or the board's where Linux knows no name of the processor."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
