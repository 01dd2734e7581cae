"""Runs a graph on the virtual clock: a single-threaded simulation, the same every time."""

import heapq
import random
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from edge.errors import UserError
from edge.graph.clock import VirtualClock
from edge.graph.engine import Engine
from edge.graph.execution import Execution
from edge.graph.node import Packet
from edge.graph.profile import Profile
from edge.graph.station import Call, Station
from edge.graph.streams import Inlet


class VirtualDriver:
    """Simulates a device whose nodes cost what its profile says and whose cameras keep time."""

    def __init__(
        self, execution: Execution, clock: VirtualClock, profile: Profile, kinds: dict[str, str]
    ) -> None:
        self.execution = execution
        self.engine: Engine = execution.engine
        self.clock = clock
        self.interrupted = False
        self._free = profile.workers
        self._profile, self._kinds = profile, kinds
        self._wake_us = round(1000 * profile.wake_ms)
        self._chance = random.Random(profile.name)
        self._future: list[tuple[int, int, Any]] = []
        self._sequence = 0

    def exclusively(self) -> AbstractContextManager[Any]:
        """There is one thread."""
        return nullcontext()

    def start(self) -> None:
        self.engine.start(self.execution.tell)
        for station in self.engine.stations:
            if station.is_source and not station.pulled:
                self._schedule_packet(station)

    def next(self) -> tuple[Inlet, Packet[Any]] | None:
        """Simulate up to the next event or output; None when there are events, or all has ended."""
        while True:
            if self.execution.events:
                return None
            found = self.engine.poll()
            if found is not None or self.engine.finished or self.interrupted:
                return found
            self._step()

    def stop(self) -> None:
        self.execution.close()

    def _step(self) -> None:
        call = self.engine.take() if self._free else None
        if call is not None:
            self._perform(call)
        elif self._future or self.engine.timers:
            self._advance()
        else:
            reason = self.engine.deadlock()
            if reason is not None or not self.engine.unjam():
                raise UserError(reason or "the graph can't go on: no node has anything to do")

    def _perform(self, call: Call) -> None:
        outcome = self.execution.perform(call)
        cost, cpu = self._cost_us(call.station)
        call.station.last_wall_us, call.station.last_cpu_us = cost, cpu
        call.station.simulated_cpu_us += cpu
        self.execution.record(call, self.clock.time, self.clock.time + cost, outcome)
        if not cost:
            self.engine.complete(call, *outcome)
            return
        self._free -= 1
        self._schedule(self.clock.time + cost, (call, outcome))

    def _cost_us(self, station: Station) -> tuple[int, float]:
        """Return how long the call that a station has performed takes, and its CPU time."""
        kind = self._kinds[station.name]
        wall, cpu = self._profile.call_ms(kind, station.units)
        scatter = self._profile.scatter(kind, self._chance) if wall else 1.0
        return round(1000 * scatter * wall), 1000 * scatter * cpu

    def _advance(self) -> None:
        """Go on to the next moment at which something happens."""
        timers = self.engine.timers
        if timers and (not self._future or timers[0][0] < self._future[0][0]):
            self.clock.time = max(self.clock.time, timers[0][0])
            self.engine.tick()
            return
        time, _, happening = heapq.heappop(self._future)
        self.clock.time = max(self.clock.time, time)
        what, value = happening
        if isinstance(what, Station):
            self.engine.offer(what, value)
            self._schedule_packet(what)
        else:
            self._free += 1
            self.engine.complete(what, *value)

    def _schedule(self, time: int, happening: Any) -> None:
        self._sequence += 1
        heapq.heappush(self._future, (time, self._sequence, happening))

    def _schedule_packet(self, station: Station) -> None:
        """Read a source's next packet and let it arrive at its time."""
        if station.ending:
            return
        try:
            packet = next(station.packets, None)
        except Exception as error:
            self.engine.end_source(station, error)
            return
        if packet is None:
            self.engine.end_source(station)
        else:
            self._schedule(max(packet.t + self._wake_us, self.clock.time), (station, packet))
