"""Which value each kind of input finds at t, on both clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Graph
from tests.graph.nodes import (
    Chunks,
    Delay,
    Double,
    Either,
    Node,
    Numbers,
    Odd,
    Pair,
    Sum,
    WithLatest,
    WithOptional,
    WithWindow,
    graph,
    results,
)  # fmt: skip

BOTH_CLOCKS = pytest.mark.parametrize("how", [{}, {"offline": True}, {"workers": 1}], ids=str)
rising = st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True).map(sorted)


def two(node: type, x: list[int], y: list[int]) -> Graph:
    return graph(
        "out",
        x=(Numbers, {}, {"times_ms": x}),
        y=(Chunks, {}, {"times_ms": y}),
        out=(node, {"x": "x", "y": "y"}),
    )


@BOTH_CLOCKS
def test_a_plain_input_is_found_at_exactly_t(how):
    g = graph("out", x=(Numbers, {}, {"count": 5}), d=(Double, {"x": "x"}),
              out=(Pair, {"x": "x", "y": "d"}))  # fmt: skip
    assert results(g.run(**how)) == [(40 * n, (n, 2 * n)) for n in range(5)]


@BOTH_CLOCKS
@given(x=rising, y=rising)
def test_exact_inputs_meet_only_at_common_times(how, x, y):
    expected = [(t, (x.index(t), y.index(t))) for t in x if t in y]
    assert results(two(Pair, x, y).run(**how)) == expected


@BOTH_CLOCKS
@given(x=rising, y=rising)
def test_an_optional_input_is_none_where_nothing_comes(how, x, y):
    expected = [(t, (n, y.index(t) if t in y else None)) for n, t in enumerate(x)]
    assert results(two(WithOptional, x, y).run(**how)) == expected


@BOTH_CLOCKS
@given(x=rising, y=rising)
def test_a_node_of_optional_inputs_runs_when_any_comes(how, x, y):
    expected = [
        (t, (x.index(t) if t in x else None, y.index(t) if t in y else None))
        for t in sorted({*x, *y})
    ]
    assert results(two(Either, x, y).run(**how)) == expected


@BOTH_CLOCKS
@given(x=rising, y=rising)
def test_latest_is_the_newest_at_or_before_t(how, x, y):
    expected = [(t, (n, max((y.index(s) for s in y if s <= t), default=None)))
                for n, t in enumerate(x)]  # fmt: skip
    assert results(two(WithLatest, x, y).run(**how)) == expected


@BOTH_CLOCKS
@given(x=rising, y=rising)
def test_a_window_is_all_since_the_previous_t(how, x, y):
    before = [-1, *x]
    expected = [
        (t, (n, tuple(i for i, s in enumerate(y) if before[n] < s <= t))) for n, t in enumerate(x)
    ]
    assert results(two(WithWindow, x, y).run(**how)) == expected


@BOTH_CLOCKS
def test_previous_closes_a_loop(how):
    g = graph("sum", x=(Numbers, {}, {"count": 5}), sum=(Sum, {"x": "x", "last": "sum"}))
    assert [value for _, value in results(g.run(**how))] == [0, 1, 3, 6, 10]


@BOTH_CLOCKS
def test_previous_is_none_after_a_frame_without_a_value(how):
    g = graph("sum", x=(Numbers, {}, {"count": 6}), odd=(Odd, {"x": "x"}),
              sum=(Sum, {"x": "x", "last": "odd"}))  # fmt: skip
    assert [value for _, value in results(g.run(**how))] == [0, 1, 3, 3, 7, 5]


@BOTH_CLOCKS
def test_nothing_at_t_is_told_downstream_and_counted(how):
    g = graph("out", x=(Numbers, {}, {"count": 6}), odd=(Odd, {"x": "x"}),
              d=(Double, {"x": "odd"}), out=(Pair, {"x": "x", "y": "d"}))  # fmt: skip
    run = g.run(**how)
    assert [value for _, value in results(run)] == [(1, 2), (3, 6), (5, 10)]
    assert run.statistics.dropped == {"nothing_from_odd": 3}


@BOTH_CLOCKS
def test_a_node_that_looks_ahead_joins_the_frames_it_speaks_of(how):
    g = graph("out", x=(Numbers, {}, {"count": 5}), late=(Delay, {"x": "x"}),
              out=(Pair, {"x": "x", "y": "late"}))  # fmt: skip
    assert results(g.run(**how)) == [(40 * n, (n, n)) for n in range(5)]


@BOTH_CLOCKS
@pytest.mark.parametrize("y", [[0], [0, 40, 80, 1000, 2000]], ids=["early", "late"])
def test_a_stream_that_ends_early_or_late_still_closes_the_graph(how, y):
    x = [0, 40, 80, 120]
    assert len(results(two(WithOptional, x, y).run(**how))) == 4
    assert len(results(two(Pair, x, y).run(**how))) == len({*x} & {*y})


@BOTH_CLOCKS
def test_times_that_repeat_or_go_back_are_counted_and_survived(how):
    g = graph("d", x=(Numbers, {}, {"times_ms": [0, 40, 40, 20, 80]}), d=(Double, {"x": "x"}))
    run = g.run(**how)
    assert results(run) == [(0, 0), (40, 2), (80, 8)]
    assert run.statistics.dropped == {"timestamp": 2}
    assert run.statistics.frames == 5


def test_optional_inputs_may_be_left_unwired():
    g = graph("out", x=(Numbers, {}, {"count": 2}), out=(WithWindow, {"x": "x"}))
    assert results(g.run()) == [(0, (0, ())), (40, (1, ()))]


class Digits(Node):
    def process(self, x: int) -> list[str]:
        return list(str(x))


class Count(Node):
    def process(self, digits: list[str]) -> dict[str, int]:
        return {"digits": len(digits)}


@BOTH_CLOCKS
def test_values_may_be_lists_and_dicts(how):
    g = graph("n", x=(Numbers, {}, {"count": 12}), d=(Digits, {"x": "x"}),
              n=(Count, {"digits": "d"}))  # fmt: skip
    assert results(g.run(**how))[-1] == (440, {"digits": 2})
