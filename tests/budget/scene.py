"""A scene made up for the governor: a camera, and nodes whose looks cost what a profile says."""

from typing import Any

import msgspec

from edge.budget.levels import OFF, Level, Levelled
from edge.graph import Event, Graph, Result, Run
from edge.graph.node import Node
from edge.graph.profile import Profile
from tests.graph.nodes import Chunks, Numbers

FPS = 30
MS = 1000
LOOK, WATCH, JOIN, HEAR = (
    f"tests.budget.scene:{name}" for name in ("Look", "Watch", "Join", "Hear")
)
"""As a graph and a profile name them."""


class Look(Levelled):
    """Looks whenever it may, at the cost of the model that its name in the graph says."""

    class Settings(Node.Settings):
        need: float = 1.0
        needed: tuple[int, int] | None = None
        """Only in these frames something is needed."""

    levels = (*Levelled.levels, Level(OFF, 1.0))
    settings: Settings

    def process(self, x: int) -> bool:
        needed = self.settings.needed
        self.need = self.settings.need if needed is None or needed[0] <= x < needed[1] else 0.0
        self.wants = self.need > 0
        self.looked = self.wants and self.turn is not False
        if self.looked:
            self.context.work(f"{self.context.name}/float")
        return self.looked


class Watch(Levelled):
    """Sees something move in some frames."""

    class Settings(Node.Settings):
        moves: tuple[int, int] = (0, 0)

    levels = (Level(1, 0.0),)
    watches, rests = True, False
    settings: Settings

    def process(self, x: int) -> bool:
        self.looked = True
        first, end = self.settings.moves
        self.need = float(first <= x < end)
        return bool(self.need)


class Join(Node):
    """What comes out: the frame's number, and who looked."""

    def process(self, x: int, a: bool | None, b: bool | None) -> tuple:
        return (x, a, b)


class Hear(Node):
    def process(self, x: int) -> int:
        return x


class Told(msgspec.Struct):
    """What a run gave: results by frame, (t in s, fields) of plans, ages in ms, and the account."""

    looks: dict[int, tuple[Any, Any]]
    plans: list[tuple[float, dict[str, Any]]]
    ages_ms: dict[int, float]
    dropped: dict[str, int]
    counts: dict[str, int]
    cpu_s: float


def scene(
    seconds: float = 10,
    a: dict[str, Any] | None = None,
    b: dict[str, Any] | None = None,
    weights: tuple[float, float] = (1.0, 1.0),
    watch: dict[str, Any] | None = None,
    hears: bool = False,
    **budget: float,
) -> Graph:
    """Two nodes `a` and `b` beside each other, with `watch` one that sees what moves, with `hears`
    one that is called for every 10 ms of sound."""
    nodes: dict[str, Any] = {
        "x": {"uses": Numbers, "with": {"count": round(seconds * FPS), "step_ms": 33}},
        "a": {"uses": LOOK, "inputs": {"x": "x"}, "with": a or {}, "weight": weights[0]},
        "b": {"uses": LOOK, "inputs": {"x": "x"}, "with": b or {}, "weight": weights[1]},
        "out": {"uses": JOIN, "inputs": {"x": "x", "a": "a", "b": "b"}},
    }
    outputs = ["out"]
    if watch is not None:
        nodes["watch"] = {"uses": WATCH, "inputs": {"x": "x"}, "with": watch}
        outputs.append("watch")
    if hears:
        chunks = {"count": round(100 * seconds), "step_ms": 10}
        nodes["sound"] = {"uses": Chunks, "with": chunks}
        nodes["hear"] = {"uses": HEAR, "inputs": {"x": "sound"}}
        outputs.append("hear")
    return Graph.parse({"nodes": nodes, "outputs": outputs, "budget": budget})


def device(a: float = 20.0, b: float = 10.0, **more: Any) -> Profile:
    """A device on which looks of `a` and `b` take so many ms, and a busy core 4 W."""
    models = {"a/float": {1: a}, "b/float": {1: b}}
    return Profile(name="made up", models=models, watts_per_core=4.0, **more)


def told(graph: Graph, profile: Profile, **given: Any) -> Told:
    """Run on the virtual clock in real time."""
    run: Run = graph.run(offline=True, pace="realtime", profile=profile, **given)
    found = Told({}, [], {}, {}, {}, 0.0)
    for item in run.items():
        if isinstance(item, Event):
            found.plans.append((item.t / 1e6, item.fields))
        elif isinstance(item, Result) and item.name == "out":
            frame, *looked = item.value
            found.looks[frame] = (looked[0], looked[1])
            found.ages_ms[frame] = (item.age_us or 0) / MS
    statistics = run.statistics
    found.dropped, found.counts = statistics.dropped, statistics.counts
    found.cpu_s = statistics.cpu_s
    return found
