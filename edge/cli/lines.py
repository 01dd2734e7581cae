"""From what a run gives to the lines that RESULTS are written in."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from edge.audio.hearing import Heard
from edge.graph import Event, Result, Statistics
from edge.people.results import FrameResult, Percentiles, Summary, Value

SECOND = 1_000_000
"""Microseconds."""
DEVICE = "device"
"""The one kind of event that isn't of a frame: it may mean that none comes any more."""


class Lines:
    """Gives results and events their places in one list, in the order of their times.

    Nodes work at once, so an event may come out ahead of the frame that it is about, or of one
    before. It waits for its frame; an event of a device doesn't.
    """

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._zero: int | None = None

    def of(self, item: Result | Event) -> Iterator[Any]:
        """Yield the lines that can be written now."""
        if isinstance(item, Event):
            if item.kind == DEVICE and self._zero is not None:
                yield self._event(item)
            else:
                self._events.append(item)
            return
        if self._zero is None:
            self._zero = _zero(item)
        yield from self._events_until(item.t)
        if not isinstance(item.value, Heard):  # hearing tells events only
            yield self._result(item)

    def rest(self) -> Iterator[Any]:
        """Yield the events that no frame came for."""
        yield from self._events_until(math.inf)

    def _events_until(self, t: float) -> Iterator[Any]:
        ready = [event for event in self._events if event.t <= t]
        self._events = deque(event for event in self._events if event.t > t)
        for event in sorted(ready, key=lambda event: event.t):
            yield self._event(event)

    def _event(self, event: Event) -> dict[str, Any]:
        return {
            "type": "event",
            "t": self._seconds(event.t),
            "kind": event.kind,
            **event.fields,
        }

    def _result(self, result: Result) -> Any:
        age_ms = UNSET if result.age_us is None else result.age_us / 1000
        if isinstance(result.value, FrameResult):
            return msgspec.structs.replace(result.value, age_ms=age_ms)
        t = self._seconds(result.t)
        return Value(t=t, name=result.name, value=result.value, age_ms=age_ms)

    def _seconds(self, t: int) -> float:
        return round((t - (self._zero or 0)) / SECOND, 6)


def _zero(first: Result) -> int:
    """Return the time of the source's first frame, which needn't have had a result, µs."""
    if isinstance(first.value, FrameResult):
        return first.t - round(first.value.t * SECOND)
    return first.t


class Energy(NamedTuple):
    """What a run took, and what measured it: see `edge.budget.meters`."""

    joules: float
    source: str


def summary(
    statistics: Statistics, latency_ms: float | None = None, energy: Energy | None = None
) -> Summary:
    """Return the account of a run. `latency_ms`: what results were promised to take at most."""
    frames = statistics.frames
    ages = statistics.ages_us
    cpu_ms = 1000 * statistics.cpu_s / frames if frames and statistics.cpu_s else UNSET
    late: int | UnsetType = UNSET
    if ages and latency_ms is not None:
        late = len(ages) - bisect_right(ages, 1000 * latency_ms)
    invalid = {name: n for name, n in statistics.counts.items() if n and name.endswith(".invalid")}
    return Summary(
        frames=frames,
        dropped=sum(statistics.dropped.values()),
        dropped_by=statistics.dropped,
        cpu_ms_per_frame=cpu_ms if cpu_ms is UNSET else round(cpu_ms, 3),
        latency_ms=Percentiles(*(percentile(ages, p) for p in (50, 95, 99))) if ages else UNSET,
        late=late,
        energy_mj_per_frame=round(1000 * energy.joules / frames, 2) if energy and frames else UNSET,
        energy_source=energy.source if energy and frames else UNSET,
        counts=invalid or UNSET,
    )


def percentile(ages_us: list[int], percent: int) -> float:
    """Return the nearest-rank percentile of sorted µs, in ms."""
    rank = max(1, math.ceil(percent / 100 * len(ages_us)))
    return ages_us[rank - 1] / 1000
