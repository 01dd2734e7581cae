"""Who may run next: the state of a running graph, apart from threads and clocks.

A driver (`threads.py`, `virtual.py`) holds one `Engine`, calls it under its own lock, runs the
calls it hands out and brings the outcomes back. Nothing here blocks or looks at a clock.
"""

import heapq
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from edge.graph.node import Alignment, Packet
from edge.graph.overseer import Overseer
from edge.graph.station import BACK_OFF_US, Call, Station
from edge.graph.streams import ENDED, Absent, Inlet, Stream
from edge.graph.trace import Recorder

log = logging.getLogger("edge.graph")

FAILURES_IN_A_ROW = 5
"""So many failed calls in a row are the node's fault, not the frames': it is made afresh."""
BACK_OFF_MAX_US = 32_000_000
"""A failing node is left out for `BACK_OFF_US`, doubled each time up to this: a dead device."""


class Engine:
    """The nodes of one run and the rules of when each may work.

    `waits`: True where `Latest` and `Window` wait for the bound at t (virtual clock, fast pace).
    `now`: the clock, µs.
    """

    def __init__(
        self, stations: list[Station], outlets: list[Inlet], waits: bool, now: Callable[[], int]
    ) -> None:
        self.stations = stations
        self.outlets = outlets
        read = [outlet.stream for outlet in outlets]
        self._wanted = [s for s in stations if s.stream in read or not s.stream.inlets]
        self.errors: list[BaseException] = []
        """What sources ended with, to be raised when all they brought has been worked on."""
        self.waits = waits
        self.now = now
        self.trace: Recorder | None = None
        self.overseer: Overseer | None = None
        self.busy = 0
        self.timers: list[tuple[int, int, Station]] = []
        self.ready: list[tuple[int, int, int, Station]] = []
        self._dirty: deque[Station] = deque()
        self._sequence = 0
        for outlet in outlets:
            outlet.overwrites = not waits
        for station in stations:
            for inlet in station.looks_up:
                inlet.overwrites = not waits and inlet.wire.alignment is not Alignment.PREVIOUS

    # -- what a driver calls -------------------------------------------------------------------

    def start(self, tell: Callable[..., None]) -> None:
        if self.overseer is not None:
            self.overseer.start(self.stations, self.now, tell)
        self._settle(self.stations)

    @property
    def finished(self) -> bool:
        """True once all that anyone waits for (outputs and sinks) has ended."""
        return all(s.done for s in self._wanted)

    @property
    def ended(self) -> bool:
        """True once that has also been fetched."""
        return self.finished and not any(outlet.queue for outlet in self.outlets)

    def take(self) -> Call | None:
        """Hand out the call with the nearest deadline, None if nothing is ready."""
        if not self.ready:
            return None
        station = heapq.heappop(self.ready)[3]
        station.queued = False
        station.busy = True
        self.busy += 1
        call = self._begin(station)
        if self.overseer is not None:
            self.overseer.begin(call)
        return call

    def complete(self, call: Call, result: Any, failure: BaseException | None = None) -> None:
        """Bring back what a call returned or raised."""
        station = call.station
        station.busy = False
        self.busy -= 1
        if self.overseer is not None:
            self.overseer.complete(call)
        if station.pulled:
            self._pulled(station, result, failure)
        elif failure is not None:
            self._failed(station, call, failure)
        elif call.arguments is None:
            self._emit(station, ENDED, call.born, result)
            self._end(station)
        else:
            station.failures_in_a_row = 0
            station.back_off_us = BACK_OFF_US
            self._emit(station, call.t, call.born, result)
        self._settle([station])

    def abandon(self, call: Call) -> None:
        """Give up on a call that is stuck: its node is switched off and later made afresh."""
        station = call.station
        station.busy = False
        self.busy -= 1
        station.failures += 1
        station.stale = station.stuck = True
        if call.arguments is None:
            self._end(station)
        else:
            self._switch_off(station, call.t, "is stuck")
            self._emit(station, call.t, call.born, Absent(f"stuck:{station.name}"))
        self._settle([station])

    def offer(self, station: Station, packet: Packet[Any]) -> None:
        """Take a packet from a source that pushes; what finds no room is dropped, counted."""
        packet = packet if packet.born else replace(packet, born=packet.t)
        newest = station.pending.t if station.pending else station.stream.settled
        if packet.t <= newest:
            self._drop(station, packet.t, "timestamp")
        elif packet.t < station.resting_until:
            self._drop(station, packet.t, station.off)
        elif not self._congested(station):
            self._push(station, packet)
        elif station.keep == "newest" and station.stream.replace_newest(packet):
            self._drop(station, newest, "busy")
            self._arrived(station.stream)
        elif station.keep == "all":
            self._drop(station, packet.t, "overrun")
        else:
            if station.pending is not None:
                self._drop(station, station.pending.t, "busy")
            station.pending = packet
        self._settle([])

    def end_source(self, station: Station, failure: BaseException | None = None) -> None:
        """A source that pushes has ended, with an error or without."""
        station.ending = True
        if failure is not None:
            self.errors.append(failure)
        if station.pending is None:
            self._end(station)
        self._settle([])

    def poll(self) -> tuple[Inlet, Packet[Any]] | None:
        """Take the next packet of the outputs."""
        for outlet in self.outlets:
            if outlet.queue:
                packet = outlet.queue.popleft()
                self._room(outlet)
                self._settle([])
                return outlet, packet
        return None

    def tick(self) -> None:
        """Look again at those whose patience has run out."""
        due = []
        while self.timers and self.timers[0][0] <= self.now():
            due.append(heapq.heappop(self.timers)[2])
        self._settle(due)

    def unjam(self) -> bool:
        """Where all wait while a queue is full, let one full queue grow by one. True if so."""
        if self.busy or self.ready or any(outlet.is_full for outlet in self.outlets):
            return False
        for station in self.stations:
            full = [inlet for inlet in station.stream.inlets if inlet.is_full]
            if full and station.blocked and not station.done:
                inlet = min(full, key=lambda i: i.capacity)
                inlet.capacity += 1
                inlet.grown += 1
                self._settle([station])
                return True
        return False

    def deadlock(self) -> str | None:
        """Return who waits for whom in a circle, which no further packet can break, else None."""
        if self.busy or self.ready:
            return None
        waiting = {
            s.name: s.waits_for
            for s in self.stations
            if s.waits_for and s.waiting_since is None and not s.done
        }
        for name in waiting:
            chain = [name]
            while (inlet := waiting.get(chain[-1])) and inlet.stream.name not in chain:
                chain.append(inlet.stream.name)
            if inlet and inlet.stream.name == name:
                return "deadlock: " + "; ".join(self._describe(n, waiting[n]) for n in chain)
        return None

    @staticmethod
    def _describe(name: str, inlet: Inlet) -> str:
        said = inlet.stream.settled
        upto = "nothing yet" if said < 0 else f"known up to t={said / 1e6:.3f} s"
        return (
            f"'{name}' waits for '{inlet.stream.name}' (input '{inlet.name}', "
            f"{inlet.wire}, {upto}, {sum(len(i.queue) for i in inlet.reader.paces)} queued)"
        )

    # -- readiness -----------------------------------------------------------------------------

    def _settle(self, stations: Iterable[Station]) -> None:
        """Bring all that a change may have touched up to date, without recursion."""
        self._dirty.extend(stations)
        while self._dirty:
            station = self._dirty.popleft()
            if not (station.busy or station.queued or station.done):
                self._update(station)

    def _update(self, station: Station) -> None:
        if station.is_source:
            self._update_source(station)
            return
        while not station.done:
            station.waits_for = None
            station.blocked = station.stream.full()
            if station.blocked:
                return
            t = self._next_t(station)
            if t is None:
                return
            if t == ENDED and station.stale:
                self._end(station)
                return
            if t == ENDED:
                self._queue(station, station.previous_t)
                return
            reason = self._reason_to_skip(station, t)
            if reason is None:
                if self._looks_ups_settled(station, t):
                    self._queue(station, t)
                return
            for inlet in station.paces:
                if inlet.at(t):
                    self._room(inlet)
            station.previous_t = t
            self._emit(station, t, 0, Absent(reason))

    def _update_source(self, station: Station) -> None:
        if station.ending and station.pending is None:
            self._end(station)
        elif station.pulled:
            station.blocked = station.stream.full()
            if not station.blocked:
                self._queue(station, station.stream.settled + 1)
        elif station.pending is not None and not self._congested(station):
            packet, station.pending = station.pending, None
            self._push(station, packet)
            if station.ending:
                self._end(station)

    def _next_t(self, station: Station) -> int | None:
        """Return the earliest t that an input brings, ENDED after the last, None to wait."""
        t = ENDED
        for inlet in station.paces:
            if inlet.queue and inlet.queue[0].t < t:
                t = inlet.queue[0].t
        for inlet in station.paces:
            if not inlet.queue and inlet.stream.settled < t:
                station.waits_for = inlet
                return None
        return t

    def _reason_to_skip(self, station: Station, t: int) -> str | None:
        present = False
        reason = None
        for inlet in station.paces:
            packet = inlet.queue[0] if inlet.queue and inlet.queue[0].t == t else None
            if packet is not None and type(packet.value) is not Absent:
                present = True
            elif inlet.wire.required:
                return packet.value.reason if packet else f"no_{inlet.stream.name}"
            elif packet is not None:
                reason = packet.value.reason
        if not present:
            return reason
        return station.off_reason if t < station.off_until else station.off or None

    def _looks_ups_settled(self, station: Station, t: int) -> bool:
        for inlet in station.looks_up:
            alignment = inlet.wire.alignment
            needed = station.previous_t if alignment is Alignment.PREVIOUS else t
            if inlet.stream.settled >= needed:
                continue
            waits = alignment is Alignment.PREVIOUS or self.waits
            if waits or (alignment is Alignment.WINDOW and not self._patience_over(station)):
                station.waits_for = inlet
                return False
        station.waiting_since = None
        return True

    def _patience_over(self, station: Station) -> bool:
        now = self.now()
        if station.waiting_since is None:
            station.waiting_since = now
            self._sequence += 1
            heapq.heappush(self.timers, (now + station.wait_us, self._sequence, station))
        return now - station.waiting_since >= station.wait_us

    def _queue(self, station: Station, t: int) -> None:
        station.queued = True
        self._sequence += 1
        deadline = t + station.latency_us
        heapq.heappush(self.ready, (deadline, -station.rank, self._sequence, station))

    def _begin(self, station: Station) -> Call:
        """Collect the arguments of the call that `station` was found ready for."""
        if station.pulled:
            return Call(station, station.node, 0, {}, self.now())
        t = self._next_t(station)
        if t == ENDED:
            return Call(station, station.node, ENDED, None, self.now())
        assert t is not None
        arguments = station.constants.copy()
        born = 0
        for inlet in station.paces:
            packet = inlet.at(t)
            if packet is None or type(packet.value) is Absent:
                arguments[inlet.name] = None
            else:
                arguments[inlet.name] = packet.value
                born = packet.born
            self._room(inlet)
        for inlet in station.looks_up:
            arguments[inlet.name] = inlet.look_up(t, station.previous_t)
            self._room(inlet)
        station.previous_t = t
        self._settle([])
        return Call(station, station.node, t, arguments, born)

    # -- what a call leads to ------------------------------------------------------------------

    def _pulled(
        self, station: Station, packet: Packet[Any] | None, failure: BaseException | None
    ) -> None:
        if failure is not None:
            self.errors.append(failure)
        if packet is None:
            self._end(station)
        else:
            self._push(station, packet if packet.born else replace(packet, born=self.now()))

    def _push(self, station: Station, packet: Packet[Any]) -> None:
        if station.stream.push(packet):
            station.calls += 1
            self._arrived(station.stream)

    def _emit(self, station: Station, t: int, born: int, result: Any) -> None:
        """Publish a result of `process` and say that there will be no other up to t."""
        stream = station.stream
        if t == ENDED or station.lookahead_us:  # its packets carry their own t
            for packet in result if type(result) is list else ():
                stream.push(packet if packet.born else replace(packet, born=born))
        else:
            value = Absent(f"nothing_from_{station.name}") if result is None else result
            stream.push(Packet(t, value, born))
        if t != ENDED:
            stream.settled = max(stream.settled, t - station.lookahead_us)
        self._arrived(stream)

    def _arrived(self, stream: Stream) -> None:
        for inlet in stream.inlets:
            if isinstance(inlet.reader, Station):
                self._dirty.append(inlet.reader)
                if self.trace:
                    self.trace.depth(stream.name, inlet.reader.name, self.now(), len(inlet.queue))

    def _room(self, inlet: Inlet) -> None:
        """Somebody has taken from `inlet`: its producer may have waited for that."""
        producer = inlet.stream.producer
        if producer.blocked or producer.pending is not None:
            self._dirty.append(producer)

    def _end(self, station: Station) -> None:
        station.done = True
        station.stream.settled = ENDED
        self._arrived(station.stream)
        for inlet in station.paces + station.looks_up:
            inlet.disconnect()
            self._room(inlet)
        if station.ends_all:
            for other in self.stations:
                if other.is_source:
                    other.ending = True
                    self._dirty.append(other)

    def _failed(self, station: Station, call: Call, failure: BaseException) -> None:
        station.failures += 1
        station.failures_in_a_row += 1
        if station.failures == 1:
            log.error("node '%s' failed at t=%.3f s: %r", station.name, call.t / 1e6, failure,
                      exc_info=failure)  # fmt: skip
        if station.stale or station.failures_in_a_row >= FAILURES_IN_A_ROW:
            station.stale = True
            self._switch_off(station, call.t, "keeps failing")
        if call.arguments is None:
            self._end(station)
        else:
            self._emit(station, call.t, call.born, Absent(f"failed:{station.name}"))

    def _switch_off(self, station: Station, t: int, why: str) -> None:
        station.failures_in_a_row = 0
        station.off_until = t + station.back_off_us
        station.off_reason = f"off:{station.name}"
        log.warning("node '%s' %s; it is made afresh at t=%.1f s",
                    station.name, why, station.off_until / 1e6)  # fmt: skip
        station.back_off_us = min(2 * station.back_off_us, BACK_OFF_MAX_US)

    def _congested(self, station: Station) -> bool:
        """Is there a reader that has fallen behind?

        A reader that is at work, or about to be, may have one packet in store. One that waits
        for other inputs isn't behind: its queue may fill.
        """
        for inlet in station.stream.inlets:
            if inlet.is_full:
                return True
            reader = inlet.reader
            if station.keep == "all" or not (
                inlet.queue and inlet.wire.paces and isinstance(reader, Station)
            ):
                continue
            if reader.busy or reader.queued or reader.blocked:
                return True
        return False

    def _drop(self, station: Station, t: int, reason: str) -> None:
        station.stream.dropped[reason] += 1
        if self.trace:
            self.trace.instant(f"drop:{reason}", station.name, self.now(), {"t": t})
