"""Real-time perception for cameras and microphones on small devices."""

from edge.catalog import NODES
from edge.errors import UserError
from edge.graph import Graph
from edge.graph.signature import CATALOG

CATALOG.update(NODES)

__all__ = ["Graph", "UserError"]
