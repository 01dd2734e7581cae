"""Minutes of `edge run people`: do memory, threads or open files grow?"""

import contextlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from benchmarks.clip import SAMPLE
from benchmarks.figures import Goal
from benchmarks.findings import Curve, Findings, Picture, Rows
from benchmarks.live import Options
from benchmarks.program import MB, Program, repeated
from edge.errors import UserError

MINUTES, SHORT_MINUTES = 10.0, 0.25
WARM_UP = 0.2
"""Of the time: every scene of the clip has been seen often, every pool is as large as it gets."""
EVERY_S = 1.0
CLOSING = 2
"""Samples at the end that may be of a process that is closing what it had."""
BLOCKS = 12
"""Of what follows the warm-up: as many means, far enough apart to be independent."""
SURE = 2.0
"""A slope counts as growth by as much as it exceeds so many of its standard errors."""
GOAL_MB = 2.0
"""What may be added in the whole time: an allocator's odd page, and no frame, which has 2.7 MB."""


class Sample(NamedTuple):
    """At one moment: resident memory, of it what isn't mapped from files; threads, open files."""

    at_s: float
    rss_mb: float
    own_mb: float
    threads: int
    files: int


class Growth(NamedTuple):
    """By how much something grows in the time measured, and the standard error of that."""

    added: float
    error: float

    @property
    def sure(self) -> float:
        """What is left of it when it is taken to be as small as noise allows."""
        return max(0.0, self.added - SURE * self.error)


def soak(options: Options, folder: Path, minutes: float | None) -> Findings:
    """Minutes of the people graph in real time: do memory, threads or open files grow?"""
    minutes = minutes or (SHORT_MINUTES if options.short else MINUTES)
    clip = options.clip or SAMPLE
    source = repeated(clip, folder, seconds=60 * minutes)
    samples = sampled(["people", "--source", str(source), "--pace", "realtime"], options)
    return findings(samples, f"Soak: people for {minutes:g} minutes, {clip.name} repeated")


def sampled(arguments: list[str], options: Options) -> list[Sample]:
    """Run and look at the process each second, from its first line to shortly before its last."""
    program = Program(*arguments)
    begun = threading.Event()

    def read() -> None:
        for _ in program.lines():
            begun.set()

    samples: list[Sample] = []
    try:
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            while not (begun.wait(EVERY_S) or reading.done()):
                pass
            process, start = psutil.Process(program.process.pid), time.monotonic()
            while not reading.done():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it has ended
                    samples.append(_sample(process, time.monotonic() - start))
                if len(samples) % 60 == 0:
                    options.report(f"soak: {len(samples) // 60} min, {samples[-1].rss_mb:.0f} MB")
                time.sleep(EVERY_S)
            reading.result()
    finally:
        program.close()
    return samples[:-CLOSING]


def _sample(process: psutil.Process, at_s: float) -> Sample:
    memory = process.memory_info()
    own_mb = (memory.rss - memory.shared) / MB
    return Sample(at_s, memory.rss / MB, own_mb, process.num_threads(), process.num_fds())


def findings(samples: list[Sample], title: str) -> Findings:
    """Return what samples say of growth after the warm-up. Raises UserError for too few."""
    kept = [sample for sample in samples if sample.at_s >= WARM_UP * samples[-1].at_s]
    if len(kept) < BLOCKS:
        raise UserError(f"{len(kept)} samples are too few to tell growth from noise: --minutes")
    times = [sample.at_s for sample in kept]
    rows: Rows = []
    for name, values in (("resident", [sample.rss_mb for sample in kept]),
                         ("of that, not mapped from files", [s.own_mb for s in kept])):  # fmt: skip
        grown = growth(times, values)
        hours = (times[-1] - times[0]) / 3600
        rows.append({
            "": f"{name}, MB", "first": values[0], "last": values[-1], "most": max(values),
            "added": grown.added, "± standard error": grown.error, "an hour": grown.added / hours,
        })  # fmt: skip
    goals = [Goal.at_most("resident memory, added beyond noise",
                          growth(times, [sample.rss_mb for sample in kept]).sure, GOAL_MB, "MB")
             ]  # fmt: skip
    for name, counts in (("threads", [sample.threads for sample in kept]),
                         ("open files", [sample.files for sample in kept])):  # fmt: skip
        added = risen(counts)
        rows.append({"": name, "first": counts[0], "last": counts[-1], "most": max(counts),
                     "added": added})  # fmt: skip
        goals.append(Goal.at_most(f"{name} added", added, 0, ""))
    minutes = [sample.at_s / 60 for sample in samples]
    curves = [
        Curve("resident", minutes, [sample.rss_mb for sample in samples]),
        Curve("not mapped from files", minutes, [sample.own_mb for sample in samples]),
    ]
    note = (
        f"Looked at each second; the first {100 * WARM_UP:g} % of the time is warm-up. added: by "
        f"the line through the means of {BLOCKS} equal spans, with the standard error of its "
        f"slope; beyond noise: what exceeds {SURE:g} of those. Threads and files: the most in the "
        "last quarter less the most in the first."
    )
    return Findings(title, rows, goals, [note], [Picture("soak", "min", "MB", curves)])


def growth(times: Sequence[float], values: Sequence[float]) -> Growth:
    """Return how much a line through the values rises from the first to the last."""
    at = [float(part.mean()) for part in np.array_split(np.array(times), BLOCKS)]
    means = [float(part.mean()) for part in np.array_split(np.array(values), BLOCKS)]
    (slope, _), covariance = np.polyfit(at, means, 1, cov=True)
    span = times[-1] - times[0]
    return Growth(float(slope) * span, float(np.sqrt(covariance[0, 0])) * span)


def risen(counts: Sequence[int]) -> int:
    """Return by how much the most in the last quarter exceeds the most in the first."""
    quarter = max(1, len(counts) // 4)
    return max(0, max(counts[-quarter:]) - max(counts[:quarter]))
