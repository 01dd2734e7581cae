"""What both drivers share: nodes opened, called, made afresh and closed, and their events."""

import functools
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from edge.graph.engine import Engine
from edge.graph.node import Context, Node, Source
from edge.graph.station import Call, Station

log = logging.getLogger("edge.graph")

EVENTS_KEPT = 1000
"""Events that wait for a consumer who doesn't read: then the oldest go."""

Outcome = tuple[Any, BaseException | None]
"""What a call gave, and what it raised."""


class Event(NamedTuple):
    """Something that a node had to say beside its output. `t`: µs."""

    t: int
    kind: str
    node: str
    fields: dict[str, Any]


class Execution:
    """The nodes of one run, as a driver works on them."""

    def __init__(
        self, engine: Engine, live: bool, max_frames: int | None, simulated: bool = False
    ) -> None:
        self.engine = engine
        self.live = live
        self.simulated = simulated
        self.max_frames = max_frames
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.events_dropped = 0
        self.on_event: Callable[[], None] = lambda: None
        self._opened: list[tuple[Station, Node]] = []

    def open(self) -> None:
        """Open every node: sinks, then sources, then the rest, which may take long to load.

        So what the user got wrong is said at once. Raises what a node raises; `close` closes
        those that had opened.
        """
        order = sorted(self.engine.stations, key=lambda s: (bool(s.stream.inlets), not s.is_source))
        for station in order:
            self._open(station, station.node)
        for station in self.engine.stations:
            if isinstance(station.node, Source):
                station.packets = station.node.packets()
                if self.max_frames is not None and station.node.medium == "picture":
                    station.packets = itertools.islice(station.packets, self.max_frames)
                    station.ends_all = True

    def _open(self, station: Station, node: Node) -> None:
        event = functools.partial(self._event, station)
        instant = functools.partial(self._instant, station)
        frugal = self.engine.overseer is not None and self.engine.overseer.frugal
        now, work = self.engine.now, station.units.append
        node.open(
            Context(station.name, now, self.live, event, instant, self.simulated, work, frugal)
        )
        self._opened.append((station, node))

    def close(self, stuck: frozenset[Node] = frozenset()) -> None:
        """Close all nodes, the last opened first; a node in `stuck` is left to its thread."""
        while self._opened:
            station, node = self._opened.pop()
            if node not in stuck:
                self._close(station, node)
        for station in self.engine.stations:
            station.release()

    def close_node(self, station: Station) -> None:
        """Close one station's node ahead of the others."""
        for opened in [opened for opened in self._opened if opened[0] is station]:
            self._opened.remove(opened)
            self._close(*opened)

    def close_abandoned(self, call: Call) -> None:
        """A call that was given up on has come back after all: its node can be closed now."""
        self._opened = [opened for opened in self._opened if opened[1] is not call.node]
        self._close(call.station, call.node)

    @staticmethod
    def _close(station: Station, node: Node) -> None:
        try:
            node.close()
        except Exception:
            log.exception("node '%s' failed to close", station.name)

    def perform(self, call: Call) -> Outcome:
        """Do the work of a call; return what it gave and what it raised."""
        station = call.station
        result: Any
        failure: BaseException | None = None
        station.units.clear()
        started, before = time.perf_counter_ns(), time.thread_time_ns()
        try:
            if station.pulled:
                result = next(station.packets, None)
            else:
                node = self._renewed(station) if station.stale else station.node
                node.t = call.t
                result = node.finish() if call.arguments is None else node.process(**call.arguments)
        except Exception as error:
            result, failure = None, error
        station.took(time.perf_counter_ns() - started, time.thread_time_ns() - before)
        station.worked.update(station.units)
        if call.arguments is not None and not station.pulled:
            station.calls += 1
        return result, failure

    def record(self, call: Call, begun: int, ended: int, outcome: Outcome) -> None:
        """Write a call into the trace. Times in µs on the graph's clock."""
        trace, (result, failure) = self.engine.trace, outcome
        if trace is None or call.arguments is None:
            return
        details = {"failed": repr(failure)} if failure else {}
        t = result.t if call.station.pulled and result else call.t
        trace.span(call.station.name, begun, ended - begun, t, **details)

    def _renewed(self, station: Station) -> Node:
        """Replace a node that failed too often, or is stuck, by a fresh one."""
        if not station.stuck:
            self.close_node(station)
        node = station.make()
        node.counts = station.counts
        self._open(station, node)
        station.node, station.stale, station.stuck = node, False, False
        return node

    def tell(self, t: int, kind: str, name: str, fields: dict[str, Any]) -> None:
        """Publish an event, to be fetched with the next result."""
        if len(self.events) == EVENTS_KEPT:
            self.events_dropped += 1
        self.events.append(Event(t, kind, name, fields))
        if (trace := self.engine.trace) is not None:
            trace.instant(kind, name, self.engine.now(), fields)

    def _event(self, station: Station, kind: str, /, at: int | None = None, **fields: Any) -> None:
        if at is None:
            at = self.engine.now() if station.is_source else station.node.t
        self.tell(at, kind, station.name, fields)
        self.on_event()

    def _instant(self, station: Station, name: str, /, **fields: Any) -> None:
        if (trace := self.engine.trace) is not None:
            trace.instant(name, station.name, self.engine.now(), fields)
