"""A graph that can be loaded, changed, shown and run."""

import copy
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from edge.errors import UserError, nearest
from edge.graph.clock import RealClock, VirtualClock
from edge.graph.engine import Engine
from edge.graph.execution import Execution
from edge.graph.node import Alignment, Node, Source
from edge.graph.overseer import Overseer
from edge.graph.profile import Profile
from edge.graph.run import Run
from edge.graph.signature import Input
from edge.graph.spec import Checked, NodeSpec, Spec
from edge.graph.station import Consumer, Station
from edge.graph.streams import Inlet
from edge.graph.threads import ThreadDriver
from edge.graph.trace import Trace
from edge.graph.virtual import VirtualDriver

QUEUE = 4
"""Packets that may wait between two nodes: enough for their pace to differ a little."""
OUTPUT_QUEUE = 8
"""Results that may wait for a consumer: a quarter of a second of a camera."""
LATENCY_MS = 1000.0
"""The deadline of a graph that states none. It only orders the work."""
WORKERS = 4
"""More threads than this have nothing to do in a graph: each node runs on one at a time."""


class Graph:
    """Nodes and the wires between them.

    >>> for result in Graph.load("graphs/faces.yaml").run(source="clip.mp4"):
    ...     print(result.t, result.value)
    """

    overseer: ClassVar[Callable[["Graph", Profile | None, int, bool], Overseer | None]]
    """What keeps a run within its budget; `edge` puts its governor here."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.spec.check()

    @classmethod
    def load(cls, path: str | Path) -> "Graph":
        """Read a graph from YAML. Raises UserError naming file, line and the nearest valid name."""
        return cls(Spec.load(path))

    @classmethod
    def parse(cls, document: dict[str, Any]) -> "Graph":
        """Make a graph of what its YAML would say; `uses` may also be a node class itself."""
        return cls(Spec(document))

    def set(self, key: str, value: Any) -> None:
        """Change one option, `node.option`, as if it stood in the YAML. Raises UserError."""
        name, dot, option = key.partition(".")
        if not dot or name not in self.spec.nodes:
            raise UserError(f"'{key}' is no node.option{nearest(name, self.spec.nodes)}")
        node = self.spec.nodes[name]
        before = node.with_
        node.with_ = {**before, option: value}
        try:
            self.spec.check()
        except UserError:
            node.with_ = before
            raise

    def add(
        self, name: str, uses: str | type[Node], inputs: dict[str, str], **options: Any
    ) -> None:
        """Add a node, such as a sink. Raises UserError where it doesn't fit."""
        self.spec.nodes[name] = NodeSpec(uses=uses, inputs=inputs, with_=options)
        try:
            self.spec.check()
        except UserError:
            del self.spec.nodes[name]
            raise

    def promise(self, **budget: Any) -> None:
        """State another budget: any of `latency_ms` and `power_w`. Raises UserError."""
        self.spec.promise(budget)

    def replace_sources(self, source: Any = None, audio: Any = None) -> "Graph":
        """Return a graph whose cameras take `source` and whose microphones take `audio`.

        Without `audio`, microphones take the sound of `source`, if it has any.
        """
        graph = copy.deepcopy(self)
        for medium, given in (("picture", source), ("sound", audio)):
            if given is None:
                continue
            device = os.fspath(given) if isinstance(given, os.PathLike) else given
            for name, node in graph.spec.sources().items():
                graph.spec.nodes[name].with_.update(node.replaced_by(device, medium))
        return graph

    def mermaid(self) -> str:
        """Draw the graph in Mermaid's language; a dotted arrow isn't waited for at t."""
        lines = ["flowchart LR"]
        for node in self.spec.check().values():
            left, right = ("([", "])") if issubclass(node.node, Source) else ("[", "]")
            uses = node.spec.uses if isinstance(node.spec.uses, str) else node.node.__name__
            label = node.name if uses == node.name else f"{node.name}<br/><i>{uses}</i>"
            lines.append(f'  {node.name}{left}"{label}"{right}')
            for given, producer in node.inputs.items():
                wire = node.signature.inputs[given]
                arrow = "-->" if wire.paces else "-.->"
                label = f"{given}: {wire}".replace("|", "or")
                lines.append(f'  {producer} {arrow}|"{label}"| {node.name}')
        lines += [f"  {name} --> out_{name}(({name}))" for name in self.spec.outputs]
        return "\n".join(lines)

    def run(
        self,
        source: Any = None,
        audio: Any = None,
        *,
        pace: str | None = None,
        offline: bool = False,
        profile: Profile | str | Path | None = None,
        governed: bool = True,
        workers: int | None = None,
        max_frames: int | None = None,
        trace: str | Path | None = None,
    ) -> Run:
        """Start nothing yet: return a `Run` to iterate over.

        `source`, `audio`: what cameras and microphones are replaced by. `pace`: "realtime" (as
        a camera would deliver, drops included) or "fast" (every frame); by default what suits
        the sources. `offline`: on the virtual clock, single-threaded, the same every time, its
        costs taken from `profile`. `governed`: at real-time pace nodes work as well as the graph's
        budget allows; otherwise as well as they can. `workers`: threads for nodes. `max_frames`:
        source frames. `trace`: file for a Perfetto-readable trace. Raises UserError.
        """
        if pace not in (None, "fast", "realtime"):
            raise UserError(f"unknown pace '{pace}'{nearest(pace, ['fast', 'realtime'])}")
        if isinstance(profile, (str, Path)):
            profile = Profile.load(profile)
        nodes = self.replace_sources(source, audio).spec.check()
        stations = _stations(nodes, self.spec)
        outlets = [
            Inlet(name, Input(object, Alignment.EXACT, True), stations[name].stream, Consumer(),
                  OUTPUT_QUEUE)
            for name in self.spec.outputs
        ]  # fmt: skip
        fast = _is_fast(pace, offline, stations)
        for station in stations.values():
            station.pulled = station.is_source and fast
        clock = VirtualClock() if offline else RealClock()
        engine = Engine(list(stations.values()), outlets, waits=offline or fast, now=clock.now)
        engine.trace = Trace(trace) if trace else None
        workers = workers or min(WORKERS, profile.workers if profile else os.cpu_count() or 1)
        if governed and not fast:
            engine.overseer = type(self).overseer(self, profile, workers, offline)
        execution = Execution(engine, not fast, max_frames, simulated=offline)
        driver: ThreadDriver | VirtualDriver
        if isinstance(clock, VirtualClock):
            costs = profile or Profile(name="free")
            driver = VirtualDriver(
                execution, clock, costs, {n.name: n.spec.uses for n in nodes.values()}
            )
        else:
            driver = ThreadDriver(execution, clock, workers)
        known = not offline or profile is not None
        return Run(driver, times_are_known=known, budget=self.spec.promised)


def _stations(nodes: dict[str, Checked], spec: Spec) -> dict[str, Station]:
    """Make the nodes and lay the wires between them."""
    stations: dict[str, Station] = {}
    for name, node in nodes.items():
        given = node.spec
        stations[name] = Station(
            name,
            make=functools.partial(node.node, node.settings),
            rank=node.rank,
            latency_us=round(1000 * (spec.latency_ms(name) or LATENCY_MS)),
            limit_us=round(1000 * (given.limit_ms or node.node.limit_ms)),
            wait_us=round(1000 * (node.node.wait_ms if given.wait_ms is None else given.wait_ms)),
            queue=given.queue or int(getattr(node.node, "queue", QUEUE)),
        )
    for name, node in nodes.items():
        for given_name, wire in node.signature.inputs.items():
            station = stations[name]
            if given_name not in node.inputs:
                station.constants[given_name] = [] if wire.alignment is Alignment.WINDOW else None
                continue
            producer = stations[node.inputs[given_name]]
            inlet = Inlet(given_name, wire, producer.stream, station, producer.queue)
            (station.paces if wire.paces else station.looks_up).append(inlet)
    return stations


def _is_fast(pace: str | None, offline: bool, stations: dict[str, Station]) -> bool:
    live = [name for name, station in stations.items() if station.live]
    if live and offline:
        raise UserError(f"'{live[0]}' is live: it can't run offline; run a recording of it")
    if live and pace == "fast":
        raise UserError(f"'{live[0]}' is live: it has no fast pace; leave --pace away")
    return pace == "fast" or (pace is None and not live)
