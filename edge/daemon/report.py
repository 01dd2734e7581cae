"""How an engine is doing: measured between one look and the next."""

import os
import resource
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from edge.budget.device import own_meter
from edge.budget.meters import thermal
from edge.cli.lines import percentile
from edge.daemon.assembly import Assembly
from edge.daemon.config import Mute, View
from edge.daemon.wire import EngineState, Latency, NodeWork, Span, Stream
from edge.graph import Event, Run
from edge.graph.trace import Recorder
from edge.io.switched import Switched

RECENT_S = 3.0
"""What figures are of: long enough to be read, short enough to see what a dial does."""
STUCK_S = 5.0
"""A device that should deliver and hasn't for so long is stuck: cameras notice by themselves that
they were lost within 1 s, and then it is."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class RecentTrace(Recorder):
    """What nodes worked on in the last second."""

    KEPT = 2000
    """Spans: forty nodes at 50 frames a second."""

    def __init__(self) -> None:
        self._spans: deque[Span] = deque(maxlen=self.KEPT)

    def span(self, node: str, start: int, duration: int, t: int, **details: object) -> None:
        self._spans.append(Span(node, start, duration, t))

    def last_second(self) -> list[Span]:
        spans = list(self._spans)
        return [span for span in spans if span.begin >= spans[-1].begin - 1_000_000]


class StreamWatch:
    """Whether the sources of one run deliver: told of all its events, and asked now and then."""

    def __init__(self, devices: Mapping[str, str]) -> None:
        self._devices = devices
        self._lost: dict[str, str] = {}
        self._packets = dict.fromkeys(devices, 0)
        self._since = dict.fromkeys(devices, time.monotonic())

    def see(self, event: Event) -> None:
        name = str(event.fields.get("name"))
        if event.kind != "device" or name not in self._devices:
            return
        if event.fields["state"] == "lost":
            self._lost[name] = event.fields["reason"]
        else:
            self._lost.pop(name, None)

    def look(self, run: Run) -> dict[str, Stream]:
        now = time.monotonic()
        nodes = run.sources()
        muted = {name for name, s in nodes.items() if isinstance(s, Switched) and s.muted}
        ended = run.ended()  # a clip that has no sound
        streams = {}
        for name, packets in run.arrived().items():
            state = (
                "muted" if name in muted
                else "ended" if name in ended
                else "lost" if name in self._lost
                else "live"
            )  # fmt: skip
            if packets != self._packets[name] or state != "live":
                self._since[name] = now
            self._packets[name] = packets
            age = now - self._since[name]
            streams[name] = Stream(
                state="stuck" if age > STUCK_S else state,
                device=self._devices[name],
                reason="has nothing to give" if state == "ended" else self._lost.get(name, ""),
                packets=packets,
                age_s=round(age, 2),
            )
        return streams


class Report:
    """The figures of one run."""

    def __init__(self, assembly: Assembly, run: Run) -> None:
        self.trace = RecentTrace()
        self._assembly, self._run = assembly, run
        self.streams = StreamWatch(assembly.devices())
        self._ages: deque[tuple[float, int]] = deque()
        self._meter = own_meter()
        self._begun = self._looked = time.monotonic()
        self._cpu_s = time.process_time()
        self._joules = self._meter.joules(self._cpu_s, {})
        self._nodes: dict[str, tuple[int, int, float, float]] = {}
        self._cpu = self._power_w = 0.0

    def result(self, age_us: int | None) -> None:
        """A result came, so long after its frame was captured."""
        self._ages.append((time.monotonic(), age_us or 0))

    def state(self, mute: Mute, view: View, trace: bool, lost_lines: int) -> EngineState:
        now, run = time.monotonic(), self._run
        statistics = run.glance()
        while self._ages and self._ages[0][0] < now - RECENT_S:
            self._ages.popleft()
        ages = sorted(age for _, age in list(self._ages))
        nodes = self._work(statistics.nodes, now)
        cpu_s = time.process_time()
        joules = self._meter.joules(cpu_s, statistics.models)
        passed = max(1e-3, now - self._looked)
        share = min(1.0, passed / RECENT_S)
        self._cpu += share * ((cpu_s - self._cpu_s) / passed - self._cpu)
        self._power_w += share * ((joules - self._joules) / passed - self._power_w)
        self._cpu_s, self._joules, self._looked = cpu_s, joules, now
        heat = thermal().temperature_c
        return EngineState(
            running=True,
            graph=Path(self._assembly.graph.spec.name).stem,
            uptime_s=round(now - self._begun, 1),
            streams=self.streams.look(run),
            fps=round(len(ages) / min(RECENT_S, max(0.1, now - self._begun)), 1),
            latency_ms=Latency(percentile(ages, 50), percentile(ages, 95)) if ages else None,
            frames=statistics.frames,
            dropped=statistics.dropped,
            budget=run.budget,
            plan=run.plan,
            power_w=round(self._power_w, 2),
            power_source=self._meter.source,
            cpu=round(self._cpu, 2),
            memory_mb=round(_memory_mb(), 1),
            temperature_c=heat,
            mute=mute,
            view=view,
            can_frame=self._assembly.can_frame,
            can_replace=self._assembly.can_replace,
            nodes=nodes,
            lost_lines=lost_lines,
            trace=self.trace.last_second() if trace else [],
        )

    def _work(
        self, nodes: dict[str, tuple[int, int, float, float]], now: float
    ) -> dict[str, NodeWork]:
        passed = max(1e-3, now - self._looked)
        work = {}
        for name, (calls, failures, busy_s, _) in nodes.items():
            before = self._nodes.get(name, (0, 0, 0.0, 0.0))
            new, busy = calls - before[0], busy_s - before[2]
            ms = round(1000 * busy / new, 2) if new else 0.0
            work[name] = NodeWork(
                calls=new, failures=failures, share=round(busy / passed, 3), ms=ms
            )
        self._nodes = nodes
        return work


def _memory_mb() -> float:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE / 1e6
    except OSError:  # no Linux: the most it ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
