"""Streams of timestamped packets through typed nodes. Knows nothing of cameras, models, people."""

from edge.graph.execution import Event as Event
from edge.graph.graph import Graph as Graph
from edge.graph.node import Context as Context
from edge.graph.node import Latest as Latest
from edge.graph.node import Node as Node
from edge.graph.node import Packet as Packet
from edge.graph.node import Previous as Previous
from edge.graph.node import Source as Source
from edge.graph.node import Window as Window
from edge.graph.profile import Profile as Profile
from edge.graph.run import Result as Result
from edge.graph.run import Run as Run
from edge.graph.run import Statistics as Statistics
