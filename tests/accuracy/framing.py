"""Framing on real clips: `python -m tests.accuracy.framing`.

In how many frames the faces of the people whom a crop shows (their bodies', where no face is seen,
upper third) are whole in it; of these and of those whom it is still on its way to; and how fast it
moves, heights a second.
"""

import sys
from typing import Any

import numpy as np
import yaml

from calibration.samples.sources import data_folder
from edge.director.director import Crop
from edge.director.operator import OperatorSettings
from edge.graph import Graph
from edge.graph.node import Node
from edge.paths import resource
from edge.people.results import Face, FrameResult, Person

CLIPS = ("static_camera/vtest.avi", "people/four_people_720p.mp4", "people/thumbs_up_720p.mp4")
ASPECTS = ("16:9", "9:16", "1:1")
GOAL = 0.95


class Both(Node):
    """Hands on a crop and the people that it was made of."""

    def process(self, crop: Crop, people: FrameResult) -> tuple:
        return crop, people


def head(person: Person) -> list[float]:
    if isinstance(person.face, Face):
        return person.face.box
    x, y, width, height = person.box
    return [x, y, width, height / 3]


def whole(crop: Crop, people: FrameResult, ids: tuple[int, ...]) -> bool:
    left, top, width, height = crop.box
    heads = [head(person) for person in people.people if person.id in ids]
    return all(
        x >= left - 1 and y >= top - 1 and x + w <= left + width + 1 and y + h <= top + height + 1
        for x, y, w, h in heads
    )


def figures(clip: str, aspect: str) -> tuple[float, float, float, int]:
    """Return the share of frames in which all whom the crop shows are whole, that with those whom
    it is on its way to, the highest speed, and the cuts."""
    document: dict[str, Any] = yaml.safe_load(resource("graphs/reframe.yaml").read_text())
    graph = Graph.parse(document)
    graph.set("director.aspect", aspect)
    graph.add("both", f"{Both.__module__}:Both", {"crop": "director", "people": "speaking"})
    graph.spec.outputs = {"both": graph.spec.outputs["director"]}
    pairs = [r.value for r in graph.run(str(data_folder() / clip), offline=True)]
    boxes = np.array([crop.box for crop, _ in pairs])
    times = np.array([people.t for _, people in pairs])
    state = np.column_stack((boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 3]))
    speed = np.linalg.norm(np.diff(state, axis=0), axis=1) / np.diff(times) / boxes[:-1, 3]
    cut = np.array([crop.cut for crop, _ in pairs])[1:]
    kept = np.mean([whole(crop, people, crop.people) for crop, people in pairs])
    meant = np.mean([whole(crop, people, crop.people + crop.coming) for crop, people in pairs])
    return float(kept), float(meant), float(speed[~cut].max(initial=0)), int(cut.sum())


def main() -> int:
    failed = False
    for clip in CLIPS:
        for aspect in ASPECTS:
            kept, meant, speed, cuts = figures(clip, aspect)
            print(
                f"{clip:28} {aspect:5} whole {kept:.3f}  with who is coming {meant:.3f}  "
                f"speed {speed:.2f}  cuts {cuts}",
                flush=True,
            )
            failed |= kept < GOAL or speed > 1.05 * OperatorSettings().speed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
