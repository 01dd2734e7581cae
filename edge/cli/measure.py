"""What a device's profile is made of, measured on the device itself."""

import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge.budget.device import nearest_shipped, watts_per_core
from edge.cli.prepare import load_graph
from edge.graph import Graph
from edge.graph.profile import Profile
from edge.graph.spec import Budget
from edge.graph.station import Call, Station
from edge.inference.choice import device, time_calls
from edge.inference.manifest import shipped
from edge.inference.registry import find
from edge.paths import resource

GRAPH = "people"
CLIP = "samples/astronaut.mp4"
THREADS = (1, 2, 4)
QUANTILES = 20
"""Intervals that the scatter of calls is told in: the last one holds the p95."""
LEAST_CALLS = 10
"""Of a kind, for a median."""
LEAST_MS = 0.3
"""Calls that take less add up to nothing; how they scatter is the clock's doing."""
ROUNDED = 3
"""Digits after the point of what is written, in milliseconds: a microsecond."""
Report = Callable[[str], None]


class Done(NamedTuple):
    """A call as it was: `ms` of wall time."""

    node: str
    units: tuple[str, ...]
    ms: float


class Watch:
    """Oversees a run without touching it, and remembers what each call took."""

    frugal = True
    """One thread a model, as on the virtual clock."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self.calls: list[Done] = []
        self.waits_ms: list[float] = []
        """From capture until the first node begins."""
        self._seen = -1

    def start(
        self, stations: Sequence[Station], now: Callable[[], int], tell: Callable[..., None]
    ) -> None:
        self._now = now

    def begin(self, call: Call) -> None:
        if call.arguments is not None and not call.station.is_source and call.t > self._seen:
            self._seen = call.t
            self.waits_ms.append((self._now() - call.born) / 1000)

    def complete(self, call: Call) -> None:
        station = call.station
        if call.arguments is not None and not station.is_source:
            units = tuple(station.units)
            self.calls.append(Done(station.name, units, station.last_wall_us / 1000))

    def result(self, age_us: int) -> None:
        pass


class Watched(Graph):
    """A graph whose runs are watched instead of governed."""

    watch: Watch

    @staticmethod
    def overseer(graph: Graph, *_: Any) -> Watch:  # type: ignore[override]
        assert isinstance(graph, Watched)
        graph.watch = Watch()
        return graph.watch


def measured(name: str, report: Report, clip: Path | None = None) -> Profile:
    """Return this device's profile: its models alone, then its nodes in the people graph at work.

    `clip`: a video of people in view; the sample without. Raises UserError.
    """
    report("people in real time, half a minute")
    watch, kinds = _watched(clip or resource(CLIP))
    memory_mb = _peak_mb()
    models = _models(report)
    profile = Profile(
        name=name,
        source=f"measured by edge calibrate device: {device()}",
        workers=os.cpu_count() or 1,
        watts_per_core=watts_per_core(Profile.load(nearest_shipped())),
        memory_mb=memory_mb,
        wake_ms=round(statistics.median(watch.waits_ms), ROUNDED),
        models=models,
    )
    return _with_nodes(profile, watch.calls, kinds)


def _models(report: Report) -> dict[str, dict[int, float]]:
    """Return ms of a call of each model's variants that may be chosen, by threads."""
    counts = [threads for threads in THREADS if threads <= (os.cpu_count() or 1)]
    found: dict[str, dict[int, float]] = {}
    for spec in shipped().models:
        variants = [variant for variant in spec.variants if variant.passed]
        report(f"{spec.name}: {', '.join(variant.name for variant in variants)}")
        files = [find(spec.name, variant.name).file for variant in variants]
        candidates = [(Path(str(file)), threads) for file in files for threads in counts]
        times = iter(time_calls(candidates))
        for variant in variants:
            by_threads = {threads: next(times) for threads in counts}
            known = {n: round(ms, ROUNDED) for n, ms in by_threads.items() if ms is not None}
            if known:
                found[f"{spec.name}/{variant.name}"] = known
    return found


def _watched(clip: Path) -> tuple[Watch, dict[str, str]]:
    """Have the people graph play a clip in real time; return what was seen, and kinds of nodes."""
    graph = Watched(load_graph(GRAPH).spec)
    graph.spec.outputs["silhouette"] = Budget()
    run = graph.run(str(clip), pace="realtime")
    for _ in run:
        pass
    return graph.watch, {name: str(node.uses) for name, node in graph.spec.nodes.items()}


def _with_nodes(profile: Profile, calls: Sequence[Done], kinds: dict[str, str]) -> Profile:
    """Return a profile that knows, beside its models, what nodes take, and how calls scatter."""
    idle: dict[str, list[float]] = defaultdict(list)
    around: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        if call.units:
            models = sum(profile.model_ms(unit) for unit in call.units)
            around[kinds[call.node]].append(max(0.0, call.ms - models) / len(call.units))
        else:
            idle[kinds[call.node]].append(call.ms)
    costs = {kind: _median(taken) for kind, taken in idle.items() if len(taken) >= LEAST_CALLS}
    beside = {kind: _median(taken) for kind, taken in around.items() if taken}
    known = _replaced(profile, cost_ms=costs, around_ms=beside)
    parts: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        kind = kinds[call.node]
        usual = known.call_ms(kind, call.units)[0]
        if usual >= LEAST_MS:
            parts[kind].append(call.ms / usual)
    return _replaced(known, spread={
        kind: _quantiles(values) for kind, values in parts.items() if len(values) >= 2 * QUANTILES
    })  # fmt: skip


def _quantiles(values: list[float]) -> list[float]:
    values.sort()
    rare = len(values) // 100  # the worst of all is an accident, and no two runs share it
    cuts = statistics.quantiles(values, n=QUANTILES)
    return [round(each, ROUNDED) for each in (values[rare], *cuts, values[-1 - rare])]


def _replaced(profile: Profile, **fields: Any) -> Profile:
    from msgspec.structs import replace

    return replace(profile, **fields)


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), ROUNDED)


def _peak_mb() -> float | None:
    """Return this process's largest memory so far, in MB (Linux says)."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
