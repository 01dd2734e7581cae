"""Clocks, runs, events and traces."""

import gc
import json
import resource
import threading
import time
import weakref
from collections.abc import Iterator
from typing import ClassVar

import pytest

from edge import UserError
from edge.graph import Context, Event, Packet, Profile
from tests.graph.nodes import (
    Chunks,
    Double,
    Live,
    Node,
    Numbers,
    Pair,
    Slow,
    WithLatest,
    WithWindow,
    graph,
    results,
)  # fmt: skip


def chain():
    return graph("out", x=(Numbers, {}, {"count": 25}), d=(Double, {"x": "x"}),
                 out=(Pair, {"x": "x", "y": "d"}))  # fmt: skip


def test_the_virtual_clock_gives_the_same_every_time():
    def once():
        g = graph(
            "out",
            x=(Numbers, {}, {"count": 50, "step_ms": 33}),
            y=(Chunks, {}, {"count": 200, "step_ms": 10}),
            d=("tests.graph.nodes:Double", {"x": "x"}),
            w=(WithWindow, {"x": "d", "y": "y"}),
            out=(WithLatest, {"x": "x", "y": "d"}),
        )
        profile = Profile(name="slow", workers=2, cost_ms={"tests.graph.nodes:Double": 50})
        run = g.run(offline=True, pace="realtime", profile=profile)
        return [(r.t, r.value, r.age_us) for r in run], run.statistics._replace(
            cpu_s=0, nodes={}
        )  # fmt: skip

    assert once() == once()


def test_a_source_that_takes_long_keeps_no_result_from_the_reader():
    all_read = threading.Event()
    in_time = []

    class Stalling(Numbers):
        def packets(self) -> Iterator[Packet[int]]:
            yield from super().packets()
            in_time.append(all_read.wait(10))

    g = graph("slow", x=(Stalling, {}, {"count": 30}), slow=(Slow, {"x": "x"}, {"ms": 3}))
    for n, _ in enumerate(g.run(workers=1)):
        if n == 29:
            all_read.set()
    assert in_time == [True]


def test_a_slower_device_drops_what_a_camera_would_not_wait_for():
    """25 frames/s against a node of 100 ms: one in 2.5 is seen, at most a frame and a call old."""
    g = graph("d", x=(Numbers, {}, {"count": 100}), d=("tests.graph.nodes:Double", {"x": "x"}))
    profile = Profile(name="board", cost_ms={"tests.graph.nodes:Double": 100})
    run = g.run(offline=True, pace="realtime", profile=profile)
    got = list(run)
    s = run.statistics
    assert len(got) == 41
    assert s.dropped == {"busy": 59}
    assert s.ages_us[0] >= 100_000
    assert s.ages_us[-1] <= 140_000


def test_at_fast_pace_a_slow_device_drops_nothing():
    g = graph("d", x=(Numbers, {}, {"count": 30}), d=("tests.graph.nodes:Double", {"x": "x"}))
    profile = Profile(name="board", cost_ms={"tests.graph.nodes:Double": 100})
    run = g.run(offline=True, profile=profile)
    assert len(results(run)) == 30
    assert run.statistics.ages_us[0] == 100_000


def test_without_a_profile_offline_ages_are_unknown():
    run = chain().run(offline=True)
    assert {r.age_us for r in run} == {None}


def test_a_file_at_the_pace_of_a_camera_takes_its_time():
    begun = time.monotonic()
    run = chain().run(pace="realtime", max_frames=11)
    assert len(results(run)) == 11
    assert time.monotonic() - begun > 0.4
    assert run.statistics.ages_us[0] >= 0


def test_live_sources_run_neither_offline_nor_fast():
    g = graph("d", x=(Live,), d=(Double, {"x": "x"}))
    with pytest.raises(UserError, match="'x' is live: it can't run offline"):
        g.run(offline=True)
    with pytest.raises(UserError, match="'x' is live: it has no fast pace"):
        g.run(pace="fast")
    with pytest.raises(UserError, match="unknown pace 'fst'; did you mean 'fast'"):
        g.run(pace="fst")


def test_a_loop_left_early_and_runs_after_it_leave_nothing_behind():
    g = graph("s", x=(Live, {}, {"step_ms": 1}), s=(Slow, {"x": "x"}, {"ms": 1}))
    before = threading.active_count()
    engines = []
    for _ in range(5):
        run = g.run()
        for n, _ in enumerate(run):
            if n == 5:
                break
        engines.append(weakref.ref(run._engine))
        del run
    gc.collect()
    assert threading.active_count() == before
    assert [e() for e in engines] == [None] * 5


def test_a_run_can_be_stopped_from_elsewhere():
    run = graph("d", x=(Live,), d=(Double, {"x": "x"})).run()
    timer = threading.Timer(0.2, run.stop)
    timer.start()
    assert len(list(run)) > 5
    timer.join()


def test_an_idle_graph_wakes_less_than_ten_times_a_second():
    """What that costs depends on the machine: a twentieth of a per cent of a core, or two."""
    woken: list[int] = []
    run = graph("d", x=(Live, {}, {"count": 2, "step_ms": 2000}), d=(Double, {"x": "x"})).run()
    for _ in run:
        if not woken:
            time.sleep(0.3)  # what the first packet started comes to rest
            before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
            time.sleep(1.5)
            woken.append(resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before)
    assert woken[0] < 10 * 1.5


class Remembered(Node):
    alive: ClassVar[weakref.WeakSet[Node]] = weakref.WeakSet()

    def open(self, context: Context) -> None:
        super().open(context)
        self.alive.add(self)

    def process(self, x: int) -> int:
        return x


@pytest.mark.parametrize("how", [{}, {"offline": True}], ids=str)
def test_the_nodes_of_a_run_are_let_go_at_its_end(how):
    """Not only when the garbage collector comes by: they hold models and pictures."""
    run = graph("r", x=(Numbers, {}, {"count": 3}), r=(Remembered, {"x": "x"})).run(**how)
    gc.disable()
    try:
        assert len(results(run)) == 3
        assert len(Remembered.alive) == 0
    finally:
        gc.enable()
    assert run.statistics.frames == 3


class Asks(Node):
    simulated: ClassVar[list[bool]] = []

    def open(self, context: Context) -> None:
        super().open(context)
        self.simulated.append(context.simulated)

    def process(self, x: int) -> int:
        return x


def test_a_node_knows_whether_the_clock_is_virtual():
    Asks.simulated.clear()
    for how in ({}, {"pace": "realtime"}, {"offline": True}):
        assert (
            len(results(graph("a", x=(Numbers, {}, {"count": 1}), a=(Asks, {"x": "x"})).run(**how)))
            == 1
        )
    assert Asks.simulated == [False, False, True]


class Tells(Node):
    def process(self, x: int) -> int:
        if x == 3:
            self.context.event("device", state="lost")
        return x


@pytest.mark.parametrize("how", [{}, {"offline": True}], ids=str)
def test_events_come_before_the_result_they_belong_to(how):
    run = graph("out", x=(Numbers, {}, {"count": 6}), out=(Tells, {"x": "x"})).run(**how)
    got = list(run.items())
    event = next(item for item in got if isinstance(item, Event))
    assert event == Event(120_000, "device", "out", {"state": "lost"})
    assert 120_000 not in [item.t for item in got[: got.index(event)] if item is not event]


@pytest.mark.parametrize("how", [{}, {"offline": True}], ids=str)
def test_a_trace_opens_as_json_and_holds_spans_drops_and_queues(tmp_path, how):
    path = tmp_path / "trace.json"
    g = graph("s", x=(Numbers, {}, {"count": 20, "step_ms": 5}),
              s=("tests.graph.nodes:Slow", {"x": "x"}))  # fmt: skip
    profile = Profile(name="board", cost_ms={"tests.graph.nodes:Slow": 20})
    results(g.run(pace="realtime", trace=path, profile=profile, **how))
    events = json.loads(path.read_text())["traceEvents"]
    spans = [e for e in events if e["ph"] == "X" and e["name"] == "s"]
    assert spans
    assert all(e["dur"] >= 19_000 for e in spans)
    assert any(e["name"] == "drop:busy" for e in events)
    assert any(e["ph"] == "C" and e["name"] == "x → s" for e in events)
    assert {e["args"]["name"] for e in events if e["ph"] == "M"} == {"x", "s"}


def test_a_trace_that_cannot_be_written_is_said_before_anything_runs(tmp_path):
    with pytest.raises(UserError, match="can't write the trace"):
        chain().run(trace=tmp_path / "no" / "trace.json")


def test_a_profile_says_what_is_wrong_with_it(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("name: x\ncosts: {}\n")
    with pytest.raises(UserError, match="unknown field `costs`"):
        Profile.load(path)
    with pytest.raises(UserError, match="can't read the device profile"):
        Profile.load(tmp_path / "none.yaml")


def test_summary_counts_every_frame_once_after_an_early_end():
    run = chain().run()
    for n, _ in enumerate(run):
        if n == 4:
            break
    s = run.statistics
    assert s.results + sum(s.dropped.values()) == s.frames
