"""Frames that nobody wants are dropped as they come, and say why."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from edge.graph import Graph
from edge.graph.spec import Budget
from edge.graph.station import Call, Station
from tests.graph.nodes import MS, Numbers


class Pause:
    """Wants one frame in three, and says why."""

    frugal = False

    def __init__(self) -> None:
        self.counts = Counter[str]({"paused": 2})
        self.plan: dict[str, str] = {}

    def start(
        self, stations: Sequence[Station], now: Callable[[], int], tell: Callable[..., None]
    ) -> None:
        self.sources = [station for station in stations if station.is_source]

    def promise(self, budget: Budget) -> None:
        pass

    def begin(self, call: Call) -> None:
        for source in self.sources:
            source.off, source.resting_until = "rest", call.t + 100 * MS

    def complete(self, call: Call) -> None:
        pass

    def result(self, age_us: int) -> None:
        pass


class Paused(Graph):
    @staticmethod
    def overseer(*_: Any) -> Pause:
        return Pause()


def paused(**how: Any) -> tuple[list[int], Any]:
    document = {
        "nodes": {
            "x": {"uses": Numbers, "with": {"count": 12}},
            "y": {"uses": "tests.graph.nodes:Double", "inputs": {"x": "x"}},
        },
        "outputs": ["y"],
    }
    run = Paused.parse(document).run(**how)
    return [result.value // 2 for result in run], run.statistics


def test_frames_before_their_time_are_dropped_and_counted():
    values, statistics = paused(offline=True, pace="realtime")
    assert values == [0, 3, 6, 9]
    assert statistics.dropped == {"rest": 8}
    assert statistics.frames == 12
    assert statistics.counts["governor.paused"] == 2


def test_at_fast_pace_nobody_is_asked():
    values, statistics = paused(offline=True, pace="fast")
    assert values == list(range(12))
    assert not statistics.dropped
    assert not statistics.counts
