"""Streams of timestamped packets through typed nodes. Knows nothing of cameras, models, people."""

from edge.graph.execution import Event
from edge.graph.graph import Graph
from edge.graph.node import Context, Latest, Node, Packet, Previous, Settings, Source, Window
from edge.graph.profile import Profile
from edge.graph.run import Result, Run, Statistics

__all__ = [
    "Context",
    "Event",
    "Graph",
    "Latest",
    "Node",
    "Packet",
    "Previous",
    "Profile",
    "Result",
    "Run",
    "Settings",
    "Source",
    "Statistics",
    "Window",
]
