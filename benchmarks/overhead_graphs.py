"""Graphs whose nodes do nothing but note when they were reached."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from edge.graph import Graph, Node, Packet, Source

CHAIN = tuple(f"n{i}" for i in range(10))
"""Deeper than any graph of ours."""
BRANCHES = tuple("abcd")
"""As many nodes read one camera where face, hands, body and segmentation do."""


class Trail(NamedTuple):
    """A packet's way so far. Times in ns.

    `left`: when the last node let go of it. `born`: when the source did. `hops`: of each node
    passed, the time from one letting go of it to the next one's start.
    """

    left: int
    born: int
    hops: tuple[int, ...]

    def passed(self, arrived: int) -> "Trail":
        hops = (*self.hops, arrived - self.left)
        return Trail(time.perf_counter_ns(), self.born, hops)


class Ticker(Source):
    """Packets `1 / fps` s apart, or as fast as they are taken (fps 0)."""

    class Settings(Node.Settings):
        packets: int
        fps: float = 0.0

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.live = settings.fps > 0

    def packets(self) -> Iterator[Packet[Trail]]:
        begin = time.perf_counter()
        for n in range(self.settings.packets):
            if self.live:
                time.sleep(max(0.0, begin + n / self.settings.fps - time.perf_counter()))
            t = self.context.now() if self.live else n
            born = time.perf_counter_ns()
            yield Packet(t, Trail(born, born, ()))


class Pass(Node):
    """Hands on what comes."""

    def process(self, trail: Trail) -> Trail:
        return trail.passed(time.perf_counter_ns())


class Join(Node):
    """Waits for all branches, and hands on what came last."""

    def process(self, a: Trail, b: Trail, c: Trail, d: Trail) -> Trail:
        arrived = time.perf_counter_ns()
        return max(a, b, c, d).passed(arrived)


def chain(packets: int, fps: float) -> Graph:
    graph = _ticking(packets, fps)
    for name, before in zip(CHAIN, ("source", *CHAIN), strict=False):
        graph["nodes"][name] = {"uses": Pass, "inputs": {"trail": before}}
    return Graph.parse(graph | {"outputs": [CHAIN[-1]]})


def diamond(packets: int, fps: float) -> Graph:
    graph = _ticking(packets, fps)
    for name in BRANCHES:
        graph["nodes"][name] = {"uses": Pass, "inputs": {"trail": "source"}}
    graph["nodes"]["join"] = {"uses": Join, "inputs": {name: name for name in BRANCHES}}
    return Graph.parse(graph | {"outputs": ["join"]})


def _ticking(packets: int, fps: float) -> dict[str, Any]:
    options = {"packets": packets, "fps": fps}
    return {"nodes": {"source": {"uses": Ticker, "with": options}}}


def end_in_sink(graph: Graph) -> list[Trail]:
    """Have a node at the end collect the trails, so that no second thread reads them."""
    trails: list[Trail] = []

    class Sink(Node):
        def process(self, trail: Trail) -> None:
            trails.append(trail.passed(time.perf_counter_ns()))

    (last,) = graph.spec.outputs
    graph.spec.outputs = {}
    graph.add("sink", Sink, {"trail": last})
    return trails
