"""Queues are bounded, drops have reasons, nothing waits for ever."""

import time

import pytest

from edge import UserError
from tests.graph.nodes import (
    MS,
    Chunks,
    Delay,
    Double,
    Latest,
    Live,
    Node,
    Numbers,
    Pair,
    Previous,
    Slow,
    WithWindow,
    graph,
    results,
)  # fmt: skip


def test_a_fast_source_and_a_slow_sink_lose_frames_by_a_counted_reason():
    g = graph("slow", x=(Live, {}, {"count": 60, "step_ms": 2}), slow=(Slow, {"x": "x"}))
    run = g.run()
    got = results(run)
    s = run.statistics
    assert s.frames == 60
    assert set(s.dropped) == {"busy"}
    assert s.dropped["busy"] + len(got) == 60
    assert got[-1][1] == 59, "the newest frame is kept, the older dropped"
    assert all(peak <= 8 for peak, _ in s.queues.values()), "memory stays flat"


def test_a_consumer_that_stops_reading_makes_drops_not_memory():
    g = graph("d", x=(Live, {}, {"count": 100, "step_ms": 1}), d=(Double, {"x": "x"}))
    run = g.run()
    for n, _ in enumerate(run):
        if n == 3:
            time.sleep(0.3)  # all 100 frames come by meanwhile
    s = run.statistics
    assert s.dropped["slow_consumer"] > 50
    assert s.results + sum(s.dropped.values()) == s.frames == 100
    assert max(peak for peak, _ in s.queues.values()) <= 8


def test_a_file_waits_for_a_consumer_that_stops_reading():
    g = graph("d", x=(Numbers, {}, {"count": 500}), d=(Double, {"x": "x"}))
    run = g.run()
    for n, _ in enumerate(run):
        if n == 3:
            time.sleep(0.1)
            assert run.statistics.frames < 40, "the source stands still"
    assert run.statistics.results == 500
    assert run.statistics.dropped == {}


@pytest.mark.parametrize("how", [{}, {"offline": True}], ids=str)
def test_the_queue_that_holds_up_everything_grows_by_one_and_is_counted(how):
    """A window needs more chunks than the queue holds before the next picture can be worked on."""
    g = graph(
        "out",
        x=(Numbers, {}, {"count": 4, "step_ms": 100}),
        y=(Chunks, {}, {"count": 40, "step_ms": 10, "queue": 2}),
        out=(WithWindow, {"x": "x", "y": "y"}),
    )
    run = g.run(**how)
    assert [len(chunks) for _, (_, chunks) in results(run)] == [1, 10, 10, 10]
    peak, grown = run.statistics.queues["y → out"]
    assert (peak, grown) == (10, 8)


class Follows(Node):
    """Waits for what a node that looks ahead will say of the frame before: never in time."""

    def process(self, x: int, last: Previous[int]) -> int:
        return x


@pytest.mark.parametrize("how", [{}, {"offline": True}, {"pace": "realtime"}], ids=str)
def test_a_deadlock_is_reported_with_the_streams_that_wait_for_each_other(how):
    g = graph(
        "late",
        x=(Numbers, {}, {"count": 50}),
        follows=(Follows, {"x": "x", "last": "late"}),
        late=(Delay, {"x": "follows"}),
    )
    with pytest.raises(UserError) as error:
        results(g.run(**how))
    assert "deadlock: 'follows' waits for 'late'" in str(error.value)
    assert "'late' waits for 'follows'" in str(error.value)
    assert "Previous[int]" in str(error.value)


def test_waiting_for_a_live_source_is_no_deadlock():
    g = graph("out", x=(Live, {}, {"count": 2, "step_ms": 500}), out=(Double, {"x": "x"}))
    assert len(results(g.run())) == 2


def test_in_real_time_a_window_waits_no_longer_than_its_patience():
    g = graph(
        "out",
        x=(Live, {}, {"count": 3, "step_ms": 50}),
        y=(Live, {}, {"count": 1, "step_ms": 1500}),
        out=(WithWindow, {"x": "x", "y": "y"}, {"wait_ms": 10}),
    )
    assert [value for _, value in results(g.run())] == [(0, ()), (1, ()), (2, ())]


class LatestOnly(Node):
    def process(self, x: int, y: Latest[int]) -> tuple:
        return (x, y)


def test_in_real_time_latest_never_waits():
    g = graph(
        "out",
        x=(Live, {}, {"count": 3, "step_ms": 20}),
        y=(Live, {}, {"count": 1, "step_ms": 1500}),
        out=(LatestOnly, {"x": "x", "y": "y"}),
    )
    assert [value for _, value in results(g.run())] == [(0, None), (1, None), (2, None)]


def test_a_source_may_itself_be_an_output():
    g = graph("x", x=(Numbers, {}, {"count": 20}))
    assert results(g.run()) == [(40 * n, n) for n in range(20)]


def test_max_frames_counts_source_frames_and_ends_the_sound_too():
    g = graph(
        "out",
        x=(Numbers, {}, {"count": 1000}),
        y=(Chunks, {}, {"count": 100_000, "step_ms": 10}),
        out=(WithWindow, {"x": "x", "y": "y"}),
    )
    run = g.run(max_frames=7)
    assert len(results(run)) == 7
    assert run.statistics.frames == 7


def test_pipelined_nodes_keep_every_frame_of_a_file_in_order():
    g = graph(
        "out",
        x=(Numbers, {}, {"count": 300}),
        a=(Double, {"x": "x"}),
        b=(Double, {"x": "a"}),
        out=(Pair, {"x": "a", "y": "b"}),
    )
    got = results(g.run(workers=4))
    assert got == [(40 * n, (2 * n, 4 * n)) for n in range(300)]
    assert got[1][0] * MS == 40_000
