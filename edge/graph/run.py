"""One run of a graph: results to iterate over, and the account of it."""

import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import msgspec

from edge.errors import UserError
from edge.graph.engine import Engine
from edge.graph.execution import Event
from edge.graph.node import Packet, Source
from edge.graph.spec import Budget
from edge.graph.streams import Absent, Inlet
from edge.graph.threads import ThreadDriver
from edge.graph.trace import Recorder
from edge.graph.virtual import VirtualDriver

AGES_KEPT = 100_000
"""Ages that the latency figures are made of: the last hour of a camera."""


class Result(NamedTuple):
    """A value that an output gave. `t`: µs. `age_us`: from the frame's capture to now, None
    where it could only be measured."""

    name: str
    t: int
    value: Any
    age_us: int | None


class Statistics(NamedTuple):
    """The account of a run. `dropped`: source frames that gave no result, by reason.

    `ages_us`: of the last results, sorted. `cpu_s`: of the whole process, while it ran; on the
    virtual clock of the nodes, by its profile. `models`: how often each was called,
    "MODEL/VARIANT".
    `queues`: "stream → reader" → (peak, grown). `nodes`: name → (calls, failures, busy s, worst s).
    `counts`: what the nodes counted of their own, "node.what" → how often.
    """

    frames: int
    results: int
    dropped: dict[str, int]
    ages_us: list[int]
    cpu_s: float
    nodes: dict[str, tuple[int, int, float, float]]
    queues: dict[str, tuple[int, int]]
    events_dropped: int
    counts: dict[str, int]
    models: dict[str, int]


class Run:
    """Iterate over it for `Result`s; `items` gives events, too, in the order they come about.

    Everything starts with the first step and has stopped, closed and been given back when the
    loop ends, however it ends; `stop` ends it from elsewhere. A source's error is raised after
    all that it brought has come out. One `Run` runs once: `Graph.run` makes the next.
    """

    def __init__(
        self, driver: ThreadDriver | VirtualDriver, times_are_known: bool, budget: Budget
    ) -> None:
        self.budget = budget
        self._driver = driver
        self._execution = driver.execution
        self._engine: Engine = driver.execution.engine
        self._times_are_known = times_are_known
        self._lost: Counter[str] = Counter()
        self._results = 0
        self._ages: deque[int] = deque(maxlen=AGES_KEPT)
        self._cpu_s = 0.0

    def __iter__(self) -> Iterator[Result]:
        return (item for item in self.items() if isinstance(item, Result))

    def items(self) -> Generator[Result | Event, None, None]:
        """Run, and give every result and every event."""
        cpu_before = time.process_time()
        try:
            self._execution.open()
            self._driver.start()
            while not self._driver.interrupted:
                found = self._driver.next()
                while self._execution.events:
                    yield self._execution.events.popleft()
                if found is not None:
                    yield from self._result(*found)
                elif self._engine.ended and not self._execution.events:
                    break
        finally:
            self._driver.stop()
            self._cpu_s = time.process_time() - cpu_before
            if self._engine.trace:
                trace, self._engine.trace = self._engine.trace, None
                trace.close()
        yield from self._execution.events
        for error in self._engine.errors:
            raise error

    def stop(self) -> None:
        """End the loop within a fifth of a second. Safe from any thread and in a signal handler."""
        self._driver.interrupted = True

    def set(self, key: str, value: Any) -> None:
        """Change an option, `node.option`, for all that comes from now on. Safe from any thread.

        Raises UserError where there is no such option, it can't be changed meanwhile, or the value
        doesn't fit.
        """
        name, _, option = key.partition(".")
        stations = {station.name: station for station in self._engine.stations}
        node = getattr(stations.get(name), "node", None)  # none, too, once the run is over
        if node is None or option not in node.changeable:
            raise UserError(f"'{key}' is no option that can be changed while the graph runs")
        kind = type(node.settings)
        try:
            checked = msgspec.convert({option: value}, kind)
        except msgspec.ValidationError as error:
            raise UserError(f"{key}: {error}") from None
        setattr(node.settings, option, getattr(checked, option))

    def promise(self, budget: Budget) -> bool:
        """State another budget; False where nobody governs this run. Safe from any thread."""
        if self._engine.overseer is None:
            return False
        with self._driver.exclusively():
            self._engine.overseer.promise(budget)
        self.budget = budget
        return True

    @property
    def plan(self) -> dict[str, str]:
        """What nodes are made to do with less, by name; a copy."""
        return self._engine.overseer.plan if self._engine.overseer is not None else {}

    def record(self, recorder: Recorder | None) -> None:
        """Have another told what happens from now on, or nobody."""
        with self._driver.exclusively():
            self._engine.trace = recorder

    def arrived(self) -> dict[str, int]:
        """Return how many packets each source has brought, dropped ones included."""
        stations = [s for s in self._engine.stations if s.is_source]
        return {s.name: s.stream.packets + s.stream.dropped.total() for s in stations}

    def ended(self) -> frozenset[str]:
        """Return the sources from which nothing more comes."""
        stations = self._engine.stations
        return frozenset(s.name for s in stations if s.is_source and s.stream.ended)

    def sources(self) -> dict[str, Source]:
        """Return the nodes that bring packets in, by name, while the run lasts."""
        nodes = ((s.name, getattr(s, "node", None)) for s in self._engine.stations)
        return {name: node for name, node in nodes if isinstance(node, Source)}

    def _result(self, outlet: Inlet, packet: Packet[Any]) -> Iterator[Result]:
        if type(packet.value) is Absent:
            if outlet is self._engine.outlets[0]:
                self._lost[packet.value.reason] += 1
            return
        age = self._engine.now() - packet.born if self._times_are_known else None
        if outlet is self._engine.outlets[0]:
            self._results += 1
            if age is not None:
                self._ages.append(age)
                if self._engine.overseer is not None:
                    self._engine.overseer.result(age)
        yield Result(outlet.name, packet.t, packet.value, age)

    @property
    def statistics(self) -> Statistics:
        """The account so far. Drops and ages are those of the graph's first output."""
        return self.glance()._replace(ages_us=sorted(self._ages))

    def glance(self) -> Statistics:
        """Return the account so far, but the ages, which take long to sort."""
        sources = [s for s in self._engine.stations if s.medium == "picture"]
        frames = sum(s.stream.packets + s.stream.dropped.total() for s in sources)
        dropped = self._lost.copy()
        for station in sources:
            dropped.update(station.stream.dropped)
        if self._engine.outlets:
            dropped.update(self._engine.outlets[0].dropped)
        rest = frames - self._results - dropped.total()
        if rest > 0 and sources:
            dropped["stopped"] = rest
        stations = self._engine.stations
        simulated_us = sum(s.simulated_cpu_us for s in stations)
        counts = {f"{s.name}.{what}": n for s in stations for what, n in s.counts.items()}
        if self._engine.overseer is not None:
            done = self._engine.overseer.counts.items()
            counts.update({f"governor.{what}": n for what, n in done})
        return Statistics(
            frames=frames,
            results=self._results,
            dropped=dict(sorted(dropped.items())),
            ages_us=[],
            cpu_s=self._cpu_s if not self._execution.simulated else simulated_us / 1e6,
            nodes={
                s.name: (s.calls, s.failures, s.busy_ns / 1e9, s.worst_ns / 1e9) for s in stations
            },
            queues={
                f"{i.stream.name} → {i.reader.name}": (i.peak, i.grown)
                for s in stations
                for i in s.stream.inlets
            },
            events_dropped=self._execution.events_dropped,
            counts=counts,
            models=dict(sum((s.worked for s in stations), Counter[str]())),
        )
