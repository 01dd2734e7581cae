"""Of all that could run, what is due first runs first."""

import pytest

from edge.graph import Graph
from tests.graph.nodes import Node, Numbers

called: list[tuple[str, int]] = []


class Noted(Node):
    """Notes that it was called."""

    def process(self, x: int) -> int:
        called.append((self.context.name, x))
        return x


def two_branches(slow_ms: float, fast_ms: float) -> Graph:
    return Graph.parse(
        {
            "nodes": {
                "x": {"uses": Numbers, "with": {"count": 5}},
                "slow": {"uses": Noted, "inputs": {"x": "x"}},
                "fast": {"uses": Noted, "inputs": {"x": "x"}},
            },
            "outputs": {"slow": {"latency_ms": slow_ms}, "fast": {"latency_ms": fast_ms}},
        }
    )


@pytest.mark.parametrize("how", [{"offline": True}, {"workers": 1}], ids=str)
def test_the_nearest_deadline_goes_first(how):
    for slow_ms, fast_ms, first in ((500, 10, "fast"), (10, 500, "slow")):
        called.clear()
        list(two_branches(slow_ms, fast_ms).run(**how))
        firsts = {next(name for name, x in called if x == n) for n in range(5)}
        assert firsts == {first}


@pytest.mark.parametrize("how", [{"offline": True}, {"workers": 1}], ids=str)
def test_a_frame_under_way_goes_before_the_next(how):
    g = Graph.parse(
        {
            "nodes": {
                "x": {"uses": Numbers, "with": {"count": 6}},
                "a": {"uses": Noted, "inputs": {"x": "x"}},
                "b": {"uses": Noted, "inputs": {"x": "a"}},
            },
            "outputs": ["b"],
            "budget": {"latency_ms": 30},
        }
    )
    called.clear()
    list(g.run(**how))
    assert called == [(name, n) for n in range(6) for name in ("a", "b")]
