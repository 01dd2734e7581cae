"""Small nodes that the graph tests are made of."""

import threading
import time
from collections.abc import Iterator
from typing import Any

from edge.graph import (
    Context,
    Event,
    Graph,
    Latest,
    Node,
    Packet,
    Previous,
    Run,
    Source,
    Window,
)

MS = 1000


class Numbers(Source):
    """The numbers `first`, … at the given times (ms), as a file would give them."""

    medium = "picture"

    class Settings(Node.Settings):
        times_ms: tuple[int, ...] = ()
        count: int = 0
        step_ms: int = 40
        fails_at: int | None = None

    def packets(self) -> Iterator[Packet[int]]:
        s = self.settings
        for n, t in enumerate(s.times_ms or range(0, s.count * s.step_ms, s.step_ms)):
            if n == s.fails_at:
                raise ValueError("the file is cut off")
            yield Packet(t * MS, n)


class Chunks(Numbers):
    medium = "sound"
    keep = "all"


class Live(Source):
    """A camera: a number every `step_ms`, by the clock."""

    medium = "picture"
    live = True

    class Settings(Node.Settings):
        count: int = 1_000_000
        step_ms: float = 5

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._closed = threading.Event()

    def packets(self) -> Iterator[Packet[int]]:
        for n in range(self.settings.count):
            if self._closed.wait(self.settings.step_ms / 1000):
                return
            yield Packet(self.context.now(), n)

    def close(self) -> None:
        self._closed.set()


class Double(Node):
    def process(self, x: int) -> int:
        return 2 * x


class Odd(Node):
    """Gives something only for odd numbers."""

    def process(self, x: int) -> int | None:
        return x if x % 2 else None


class Pair(Node):
    def process(self, x: int, y: int) -> tuple:
        return (x, y)


class Either(Node):
    def process(self, x: int | None, y: int | None) -> tuple:
        return (x, y)


class WithOptional(Node):
    def process(self, x: int, y: int | None) -> tuple:
        return (x, y)


class Sum(Node):
    """Adds to its own last answer: a loop that `Previous` closes."""

    def process(self, x: int, last: Previous[int]) -> int:
        return x + (last or 0)


class WithLatest(Node):
    def process(self, x: int, y: Latest[int]) -> tuple:
        return (x, y)


class WithWindow(Node):
    def process(self, x: int, y: Window[int]) -> tuple:
        return (x, tuple(y))


class Slow(Node):
    class Settings(Node.Settings):
        ms: float = 20

    def process(self, x: int) -> int:
        time.sleep(self.settings.ms / 1000)
        return x


class Delay(Node):
    """Gives x only when the next one is known: a node that looks ahead."""

    lookahead_ms = 60
    held: Packet[int] | None = None

    def process(self, x: int) -> list[Packet[int]]:
        out = [self.held] if self.held else []
        self.held = Packet(self.t, x)
        return out

    def finish(self) -> list[Packet[int]] | None:
        return [self.held] if self.held else None


def graph(outputs: str, **nodes: Any) -> Graph:
    """Write a graph briefly: `name=(Class, {inputs}, {options})`."""
    document: dict[str, Any] = {"nodes": {}, "outputs": outputs.split()}
    for name, (uses, *rest) in nodes.items():
        inputs, options = [*rest, {}, {}][:2]
        extra = {
            key: options.pop(key) for key in ("queue", "limit_ms", "wait_ms") if key in options
        }
        document["nodes"][name] = {"uses": uses, "inputs": inputs, "with": options, **extra}
    return Graph.parse(document)


def results(run: Run) -> list[tuple[int, Any]]:
    """Run to the end; return (t in ms, value) of each result."""
    return [(result.t // MS, result.value) for result in run]


__all__ = [name for name in globals() if name[0].isupper()] + ["graph", "results"]
_ = (Context, Event)
