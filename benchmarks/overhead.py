"""What the graph itself costs for each node that a packet passes."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import msgspec
import numpy as np
from tqdm import tqdm

from benchmarks.figures import Figure, Goal
from benchmarks.overhead_graphs import BRANCHES, CHAIN, Trail, chain, diamond, end_in_sink
from edge.errors import UserError
from edge.graph import Graph

PACED_FPS = 200.0
"""Slow enough that every thread sleeps between two packets, so that waking them is counted."""
WARM_UP = 20
"""Packets of each run that aren't counted: threads start, caches fill."""
GOAL_MEDIAN_US, GOAL_P99_US = 40.0, 200.0

NOTES = [
    "chain: ten nodes in line; of every node and packet, the time from the node before letting go "
    "to this one's start: publishing, choosing who is next, handing over, two clock readings.",
    "diamond: four nodes read one packet, a fifth waits for all; a packet's whole way through "
    "them, divided by five, since nodes side by side wait for each other.",
    "fast: packets as fast as they are taken, a sink at the end. 200/s: a live source, read by a "
    "loop; all sleep in between, and waking a worker is one of each packet's ten hops, "
    "or of the diamond's two.",
    "one core: one worker, the process pinned to one core. default: as many workers as a run has, "
    "on all cores; at fast pace several packets are then under way, and wait for each other.",
    "CPU: of the whole process, source and all threads included, by node and packet.",
    "Each figure is the median of the rounds and, in brackets, what half of the rounds lay "
    "between; a p99 is a round's own.",
]


class Scenario(NamedTuple):
    shape: str
    pinned: bool
    paced: bool

    def __str__(self) -> str:
        cores = "one core" if self.pinned else "default"
        return f"{self.shape}, {cores}, {f'{PACED_FPS:.0f}/s' if self.paced else 'fast'}"


class Sample(NamedTuple):
    """One run of a scenario, all in µs, by node and packet; `NOTES` says of what.

    `worker`, `reader`: from letting go of a packet until the first node's worker, or the loop that
    reads the results, was awake and had it; None at fast pace, where nobody sleeps, and `worker`
    in the diamond, where its hop is known of the last of four nodes only.
    """

    median: float
    p99: float
    cpu: float
    worker: float | None = None
    reader: float | None = None


class Row(msgspec.Struct, frozen=True):
    """A scenario's samples, summed up; see `Sample`."""

    name: str
    median_us: Figure
    p99_us: Figure
    cpu_us: Figure
    worker_us: Figure | None
    reader_us: Figure | None


class Overhead(msgspec.Struct, frozen=True):
    """`bare_us`: what waking a thread by a `threading.Condition` takes, without any graph."""

    packets: int
    rounds: int
    rows: list[Row]
    bare_us: Figure
    goals: list[Goal]
    notes: list[str]


class Shape(NamedTuple):
    make: Callable[[int, float], Graph]
    nodes: int


SHAPES = {"chain": Shape(chain, len(CHAIN)), "diamond": Shape(diamond, len(BRANCHES) + 1)}


def measure(packets: int, rounds: int) -> Overhead:
    """Run every scenario `rounds` times in turn, `packets` each time."""
    scenarios = [
        Scenario(shape, pinned, paced)
        for shape in SHAPES
        for pinned in (True, False)
        for paced in (False, True)
    ]
    samples: dict[Scenario, list[Sample]] = {scenario: [] for scenario in scenarios}
    bare = []
    for _ in tqdm(range(rounds), desc="overhead", unit="round", disable=None):
        for scenario in scenarios:
            samples[scenario].append(run(scenario, packets))
        bare.append(bare_wake_up_us(packets))
    rows = [_row(scenario, samples[scenario]) for scenario in scenarios]
    goals = [
        goal
        for scenario, row in zip(scenarios, rows, strict=True)
        if scenario.pinned
        for goal in (
            Goal.of(f"{row.name}, median", row.median_us, GOAL_MEDIAN_US, "µs"),
            Goal.of(f"{row.name}, p99", row.p99_us, GOAL_P99_US, "µs"),
        )
    ]
    return Overhead(packets, rounds, rows, Figure.of(bare), goals, NOTES)


def run(scenario: Scenario, packets: int) -> Sample:
    """Run one graph once."""
    shape = SHAPES[scenario.shape]
    graph = shape.make(packets, PACED_FPS if scenario.paced else 0.0)
    trails = [] if scenario.paced else end_in_sink(graph)
    with on_one_core() if scenario.pinned else nullcontext():
        before = time.process_time_ns()
        for result in graph.run(workers=1 if scenario.pinned else None):
            trail: Trail = result.value
            trails.append(trail.passed(time.perf_counter_ns()))
        cpu_us = (time.process_time_ns() - before) / 1e3 / len(trails)
    # The last hop leads to the sink, which is a node, or to the loop here, which is none.
    hops = np.array([trail.hops for trail in trails[WARM_UP:]]) / 1e3
    nodes, worker, reader = shape.nodes + 1, None, None
    if scenario.paced:
        nodes = shape.nodes
        worker, reader = np.median(hops[:, [0, -1]], axis=0).tolist()
        hops = hops[:, :-1]
    times = hops
    if scenario.shape == "diamond":
        times, worker = hops.sum(axis=1) / nodes, None
    median, p99 = np.percentile(times, (50, 99)).tolist()
    return Sample(median, p99, cpu_us / nodes, worker, reader)


def _row(scenario: Scenario, samples: list[Sample]) -> Row:
    return Row(
        name=str(scenario),
        median_us=Figure.of([sample.median for sample in samples]),
        p99_us=Figure.of([sample.p99 for sample in samples]),
        cpu_us=Figure.of([sample.cpu for sample in samples]),
        worker_us=_known([sample.worker for sample in samples]),
        reader_us=_known([sample.reader for sample in samples]),
    )


def _known(values: list[float | None]) -> Figure | None:
    known = [value for value in values if value is not None]
    return Figure.of(known) if known else None


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this thread, and those that it starts meanwhile, on one core."""
    if not hasattr(os, "sched_setaffinity"):
        raise UserError("this system can't pin a process to a core: measure overhead on Linux")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})  # the first cores serve most interrupts
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def bare_wake_up_us(times: int) -> float:
    """Return the median time in µs from notifying a sleeping thread to its running."""
    condition = threading.Condition()
    asked: list[int] = []
    took: list[int] = []

    def sleep() -> None:
        with condition:
            while len(took) < times:
                condition.wait_for(lambda: asked)
                took.append(time.perf_counter_ns() - asked.pop())

    with on_one_core():
        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        for _ in range(times):
            time.sleep(1 / PACED_FPS)
            with condition:
                asked.append(time.perf_counter_ns())
                condition.notify()
        sleeper.join()
    return float(np.median(took)) / 1e3
