"""One node in a running graph, and the pieces of work that it is given."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from edge.graph.node import Node, Packet, Source
from edge.graph.streams import Inlet, Stream

BACK_OFF_US = 1_000_000
"""How long a failing node is left out at first: a hiccup's length."""


class Call(NamedTuple):
    """One piece of work for a driver: `process` at t, `finish`, or a source's next packet."""

    station: "Station"
    node: Node
    t: int
    arguments: dict[str, Any] | None
    """None: the inputs have ended, call `finish`."""
    born: int


class Consumer:
    """Who iterates over a run and so reads its outputs."""

    name = "out"
    queued = False


class Station:
    """One node in a running graph: its inlets, its output stream, what it is doing."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Node],
        rank: int,
        latency_us: int,
        limit_us: int,
        wait_us: int,
        queue: int,
    ) -> None:
        self.name = name
        self.make = make
        self.node = make()
        self.counts = self.node.counts
        self.rank = rank
        """Distance from the sources: of two calls with one deadline the later node goes first."""
        self.latency_us = latency_us
        self.limit_us = limit_us
        self.wait_us = wait_us
        self.queue = queue
        """Packets that each reader of the output may leave waiting."""
        self.lookahead_us = int(self.node.lookahead_ms * 1000)
        self.stream = Stream(name, self)
        self.paces: list[Inlet] = []
        self.looks_up: list[Inlet] = []
        self.constants: dict[str, Any] = {}
        """What the inputs that nobody feeds are called with."""
        self.is_source = isinstance(self.node, Source)
        self.medium = self.node.medium if isinstance(self.node, Source) else ""
        self.live = isinstance(self.node, Source) and self.node.live
        self.keep = self.node.keep if isinstance(self.node, Source) else "all"
        self.pulled = False
        """A source that is asked for its next packet when there is room, not one that pushes."""
        self.packets: Iterator[Packet[Any]] = iter(())
        self.pending: Packet[Any] | None = None
        """The newest packet of a live source, waiting for room."""
        self.ending = False
        """A source that is to bring nothing more."""
        self.ends_all = False
        """A source whose end is the end of all sources (a limit on frames was reached)."""

        self.busy = False
        self.queued = False
        self.done = False
        self.blocked = False
        self.waits_for: Inlet | None = None
        self.waiting_since: int | None = None
        self.previous_t = -1
        self.failures_in_a_row = 0
        self.back_off_us = BACK_OFF_US
        self.off_until = -1
        self.off_reason = ""
        self.stale = False
        """The node has failed too often or is stuck: the next call goes to a fresh one."""
        self.stuck = False

        self.calls = 0
        self.failures = 0
        self.busy_ns = 0
        self.worst_ns = 0
        self.last_wall_us = self.last_cpu_us = 0.0
        self.units: list[str] = []
        """What the last call has worked, in the words of device profiles: see `Context.work`."""
        self.worked = Counter[str]()
        """The same for all calls so far, how often each."""
        self.simulated_cpu_us = 0.0
        """CPU time of all calls, as the virtual clock has it."""
        self.off = ""
        """A reason to leave the node out for as long as it stands here."""
        self.resting_until = 0
        """A source's packets before this t aren't wanted, for the reason that stands in `off`."""
        self.usual_us = 1000.0
        """About the median of the last calls: what one costs, whatever the odd one waited for."""

    def release(self) -> None:
        """Let go of the node and of all packets: pictures and models don't wait for the garbage
        collector to find that the run is over."""
        del self.node
        self.packets = iter(())
        self.pending = None
        for inlet in self.stream.inlets:
            inlet.disconnect()

    def took(self, ns: int, cpu_ns: int) -> None:
        """Count the time of a call, and its thread's part of that."""
        self.busy_ns += ns
        self.last_wall_us, self.last_cpu_us = ns / 1000, cpu_ns / 1000
        self.worst_ns = max(self.worst_ns, ns)
        self.usual_us *= 1.25 if ns > 1000 * self.usual_us else 0.8
