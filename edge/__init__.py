"""Real-time perception for cameras and microphones on small devices."""

from edge.catalog import NODES
from edge.errors import UserError
from edge.graph import Graph
from edge.graph.overseer import Overseer
from edge.graph.profile import Profile
from edge.graph.signature import CATALOG


def _govern(
    graph: Graph, profile: Profile | None, workers: int, simulated: bool
) -> Overseer | None:
    from edge.budget.governor import govern  # numpy, which `edge --help` does without

    return govern(graph, profile, workers, simulated)


CATALOG.update(NODES)
Graph.overseer = staticmethod(_govern)

__all__ = ["Graph", "UserError"]
