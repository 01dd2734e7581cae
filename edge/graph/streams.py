"""Streams: a producer's packets, and the bounded queue of each input that reads them."""

from collections import Counter, deque
from typing import Any, NamedTuple

from edge.graph.node import Alignment, Packet
from edge.graph.signature import Input

ENDED = 2**63 - 1
"""The bound of a stream that will bring nothing more."""


class Absent(NamedTuple):
    """Stands in a packet for "nothing at t", with the reason, so that nobody waits for it."""

    reason: str


class Stream:
    """What one node gives out. Timestamps only rise; all up to `settled` has been said."""

    def __init__(self, name: str, producer: Any) -> None:
        self.name = name
        self.producer = producer
        self.settled = -1
        self.packets = 0
        self.dropped: Counter[str] = Counter()
        self.inlets: list[Inlet] = []

    @property
    def ended(self) -> bool:
        return self.settled == ENDED

    def push(self, packet: Packet[Any]) -> bool:
        """Hand a packet to every reader; one whose time doesn't rise is counted and dropped."""
        if packet.t <= self.settled:
            self.dropped["timestamp"] += 1
            return False
        self.settled = packet.t
        self.packets += 1
        for inlet in self.inlets:
            inlet.append(packet)
        return True

    def replace_newest(self, packet: Packet[Any]) -> bool:
        """Let a packet stand in for the newest, if no reader has begun with that. True if so."""
        readers = [inlet for inlet in self.inlets if inlet._connected]
        for inlet in readers:
            if not inlet.queue or inlet.queue[-1].t != self.settled or inlet.reader.queued:
                return False
        for inlet in readers:
            inlet.queue[-1] = packet
        self.settled = packet.t
        return True

    def full(self) -> bool:
        return any(inlet.is_full for inlet in self.inlets)


class Inlet:
    """The queue between a stream and one input of one reader. `capacity` in packets."""

    def __init__(self, name: str, wire: Input, stream: Stream, reader: Any, capacity: int) -> None:
        self.name = name
        self.wire = wire
        self.stream = stream
        self.reader = reader
        self.capacity = capacity
        self.overwrites = False
        """True where the reader is never waited for: the oldest packet makes room, counted."""
        self.queue: deque[Packet[Any]] = deque()
        self.peak = 0
        self.grown = 0
        self.dropped: Counter[str] = Counter()
        self._latest: Any = None
        self._connected = True
        stream.inlets.append(self)

    def append(self, packet: Packet[Any]) -> None:
        if not self._connected:
            return
        if not self.wire.paces and type(packet.value) is Absent:
            return  # only the bound matters where packets are looked up
        queue = self.queue
        if self.overwrites and len(queue) >= self.capacity:
            queue.popleft()
            self.dropped["slow_consumer"] += 1
        queue.append(packet)
        if len(queue) > self.peak:
            self.peak = len(queue)

    @property
    def is_full(self) -> bool:
        return len(self.queue) >= self.capacity and not self.overwrites

    def disconnect(self) -> None:
        """Stop reading: nothing is kept, and nobody is held up."""
        self._connected = False
        self._latest = None
        self.queue.clear()

    def at(self, t: int) -> Packet[Any] | None:
        """Return the packet at exactly t and forget it and all before."""
        queue = self.queue
        while queue and queue[0].t < t:
            queue.popleft()
        return queue.popleft() if queue and queue[0].t == t else None

    def look_up(self, t: int, previous_t: int) -> Any:
        """Return the value (a list for `Window`) of a wire that doesn't pace, for a call at t."""
        if self.wire.alignment is Alignment.PREVIOUS:
            packet = self.at(previous_t)
            return packet and packet.value
        taken = []
        while self.queue and self.queue[0].t <= t:
            taken.append(self.queue.popleft().value)
        if self.wire.alignment is Alignment.WINDOW:
            return taken
        if taken:
            self._latest = taken[-1]
        return self._latest
