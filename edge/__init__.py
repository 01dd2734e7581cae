"""Real-time perception for cameras and microphones on small devices."""

from edge.budget.governor import govern
from edge.catalog import NODES
from edge.errors import UserError
from edge.graph import Graph
from edge.graph.signature import CATALOG

CATALOG.update(NODES)
Graph.overseer = staticmethod(govern)

__all__ = ["Graph", "UserError"]
