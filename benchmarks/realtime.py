"""What both sides of a run in real time have in common: frames that come by the clock, a neighbour
on the core, and what came of it all.

This module runs in the peer's environment, too, and so imports nothing but Python's own.
"""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.worker import there_and_back

BUSY = "while True: pass"


class Task(NamedTuple):
    """What one process is to play: `frames` (frames, height, width, 3) uint8, as np.save writes
    them, there and back for `total` frames at `fps`.

    `warm_up`: frames before anything counts. `core`: the only one that may be used. `neighbour`:
    from when to when, in seconds, another program is busy on that core.
    """

    frames: str
    total: int
    warm_up: int = 60
    fps: float = 30.0
    core: int | None = None
    neighbour: tuple[float, float] | None = None

    def order(self) -> "itertools.islice[int]":
        """Yield the positions in the file that are played."""
        import numpy as np

        pictures = len(np.load(self.frames, mmap_mode="r"))
        return itertools.islice(there_and_back(pictures), self.total)


class Emission(NamedTuple):
    """A result that came out `at_s` after the first frame was captured.

    `things`: by kind, each thing's landmarks: x, y in pixels, and of bodies the visibility.
    """

    frame: int
    at_s: float
    things: Mapping[str, Sequence[Sequence[Sequence[float]]]]


class Played(NamedTuple):
    """What came of a task. CPU times in seconds, of all threads, from the end of the warm-up on.

    `cpu_s`: decoding apart. `capture_s`: of `cpu_s`, what the thread had that hands over frames.
    `all_s`: decoding with it. `measured_s`: for how long. `frames`: that came in that time.
    `dropped`: those without a result, by reason. `events`: (s, text) of plans that changed.
    """

    cpu_s: float
    capture_s: float
    all_s: float
    measured_s: float
    frames: int
    dropped: dict[str, int]
    emissions: list[Emission]
    events: list[tuple[float, str]]


class Neighbour:
    """Keeps a core busy as long as a task says, counted from `begin` on, until `stop`."""

    def __init__(self, task: Task) -> None:
        self._core = task.core
        self._process: subprocess.Popen[bytes] | None = None
        begin, end = task.neighbour or (0.0, 0.0)
        timers = [threading.Timer(begin, self._start), threading.Timer(end, self._end)]
        self._timers = timers if task.neighbour else []

    def begin(self) -> None:
        """Call it as the first frame is captured."""
        for timer in self._timers:
            timer.start()

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
            if timer.ident is not None:
                timer.join()
        self._end()

    def _start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", BUSY])
        if self._core is not None:
            os.sched_setaffinity(self._process.pid, {self._core})

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def stay_on(core: int | None) -> None:
    """Let this process use but one core, also the threads that libraries began when imported."""
    if core is not None:
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), {core})


def thread_cpu_s(thread: threading.Thread) -> float:
    assert thread.ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def put_down(played: Played, path: str) -> None:
    """Write what came of a task, for `picked_up` to read."""
    with open(path, "w") as file:
        json.dump(played._asdict(), file)


def picked_up(path: str) -> Played:
    with open(path) as file:
        found: dict[str, Any] = json.load(file)
    found["emissions"] = [Emission(*each) for each in found["emissions"]]
    return Played(**found)


def rounded(points: Iterable[Iterable[float]]) -> list[Sequence[float]]:
    """Return landmarks to a hundredth of a pixel."""
    return [[round(float(value), 2) for value in point] for point in points]
