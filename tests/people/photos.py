"""The hands in photos, as the graph `gestures` has them."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from edge.graph import Graph
from edge.paths import resource
from edge.people.results import Hand
from edge.people.rows import hands_of
from edge.people.taught_gestures import descriptor

KINDS = ("call", "four", "rock", "none")


def hands_in(source: Path, **settings: Any) -> list[list[Hand]]:
    """Return of each picture the hands in it."""
    graph = Graph.load(resource("graphs/gestures.yaml"))
    for key, value in settings.items():
        graph.set(f"gestures.{key}", value)
    run = graph.run(str(source), offline=True)
    return [[h for person in r.value.people for h in hands_of(person)] for r in run]


def described(folder: Path) -> list[list[np.ndarray]]:
    """Return of each photo the descriptors of the hands in it."""
    document = yaml.safe_load(resource("graphs/gestures.yaml").read_text())
    photos = []
    for result in Graph.parse(document | {"outputs": ["hands"]}).run(str(folder), offline=True):
        hands = result.value
        photos.append([
            descriptor(hands.landmarks[row], hands.world[row], hands.right[row] > 0.5)
            for row in range(len(hands))
        ])  # fmt: skip
    return photos
