"""A bad frame, node or device never takes the rest down."""

import logging
import threading
from collections.abc import Iterator

import pytest

from edge import UserError
from tests.graph.nodes import (
    Double,
    Live,
    Node,
    Numbers,
    Packet,
    Pair,
    Source,
    graph,
    results,
)  # fmt: skip

BOTH_CLOCKS = pytest.mark.parametrize("how", [{}, {"offline": True}], ids=str)


class EveryThird(Node):
    def process(self, x: int) -> int:
        if x % 3 == 2:
            raise ValueError(f"no {x}")
        return x


class Broken(Node):
    """Fails on the first 12 calls, whichever of its lives gets them."""

    lives = 0
    closed = 0
    calls = 0

    def __init__(self, settings):
        super().__init__(settings)
        Broken.lives += 1

    def process(self, x: int) -> int:
        Broken.calls += 1
        if Broken.calls <= 12:
            raise ValueError("still broken")
        return x

    def close(self):
        Broken.closed += 1


class Hangs(Node):
    """Hangs for good at 3 (until the test releases it)."""

    limit_ms = 300
    release = threading.Event()

    def process(self, x: int) -> int:
        if x == 3:
            self.release.wait()
        return x


class FailsToOpen(Node):
    def open(self, context):
        raise UserError("no such model")

    def process(self, x: int) -> int:
        return x


class Watched(Node):
    opened = closed = 0

    def open(self, context):
        super().open(context)
        Watched.opened += 1

    def process(self, x: int) -> int:
        return x

    def close(self):
        Watched.closed += 1


@BOTH_CLOCKS
def test_a_node_that_raises_on_every_third_frame_loses_just_those(how, caplog):
    g = graph("out", x=(Numbers, {}, {"count": 30}), third=(EveryThird, {"x": "x"}),
              out=(Pair, {"x": "x", "y": "third"}))  # fmt: skip
    run = g.run(**how)
    assert [value[0] for _, value in results(run)] == [n for n in range(30) if n % 3 != 2]
    assert run.statistics.dropped == {"failed:third": 10}
    assert run.statistics.nodes["third"][:2] == (30, 10)
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(logged) == 1, "logged once, with its cause"
    assert "no 2" in logged[0].getMessage()


@BOTH_CLOCKS
def test_five_failures_in_a_row_restart_the_node_with_back_off(how):
    Broken.lives = Broken.closed = Broken.calls = 0
    g = graph("b", x=(Numbers, {}, {"count": 200}), b=(Broken, {"x": "x"}))  # 8 s of frames
    run = g.run(**how)
    got = [value for _, value in results(run)]
    # Five fail, 1 s is left out, five fail again, 2 s are left out, two fail, then it works.
    assert run.statistics.dropped == {"failed:b": 12, "off:b": 24 + 49}
    assert got == list(range(12 + 24 + 49, 200))
    assert Broken.closed == Broken.lives == 3


def test_an_error_leaves_a_graph_that_can_be_run_again():
    g = graph("d", x=(Numbers, {}, {"count": 9, "fails_at": 5}), d=(Double, {"x": "x"}))
    for _ in range(3):
        got: list[int] = []
        with pytest.raises(ValueError, match="cut off"):
            got.extend(result.value for result in g.run())
        assert got == [0, 2, 4, 6, 8], "all that came before the error has come out"
    g.set("x.fails_at", None)
    assert len(results(g.run())) == 9


def test_a_node_stuck_for_good_is_named_and_the_rest_goes_on(caplog):
    Hangs.release.clear()
    g = graph(
        "out other",
        x=(Live, {}, {"count": 300, "step_ms": 10}),
        out=(Hangs, {"x": "x"}),
        other=(Double, {"x": "x"}),
    )
    run = g.run()
    named_at = None
    others = []
    for result in run:
        if named_at is None and "node 'out' is stuck" in caplog.text:
            named_at = result.t
        if result.name == "other":
            others.append(result.t)
        elif named_at is not None:
            break  # made afresh after its back-off, it works again
    assert named_at is not None
    assert named_at < 2_000_000, "named within 2 s"
    assert len(others) > 60, "the other branch never stopped"
    Hangs.release.set()


def test_a_stuck_node_of_a_file_costs_its_frame_and_the_back_off_only(caplog):
    Hangs.release.clear()
    g = graph("out", x=(Numbers, {}, {"count": 60}), out=(Hangs, {"x": "x"}))
    run = g.run()
    got = [value for _, value in results(run)]
    Hangs.release.set()
    assert got[:3] == [0, 1, 2]
    assert got[-1] == 59
    assert run.statistics.dropped["stuck:out"] == 1
    assert "node 'out' is stuck: its call at t=0.120 s" in caplog.text


def test_what_was_opened_is_closed_when_another_node_cannot_open():
    Watched.opened = Watched.closed = 0
    g = graph("bad", x=(Numbers, {}, {"count": 3}), ok=(Watched, {"x": "x"}),
              bad=(FailsToOpen, {"x": "ok"}))  # fmt: skip
    for offline in (False, True):
        with pytest.raises(UserError, match="no such model"):
            results(g.run(offline=offline))
    assert Watched.opened == Watched.closed == 2


class LiveThatFails(Source):
    medium = "picture"
    live = True

    def packets(self) -> Iterator[Packet[int]]:
        yield Packet(0, 1)
        raise UserError("the cable is out")


def test_a_live_source_that_fails_ends_the_run_with_its_error():
    g = graph("d", x=(LiveThatFails,), d=(Double, {"x": "x"}))
    got: list[int] = []
    with pytest.raises(UserError, match="cable"):
        got.extend(result.value for result in g.run())
    assert got == [2]
