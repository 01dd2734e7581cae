"""What meaning costs: `python -m benchmarks.meaning`, with the real data at hand.

Gaze, expressions, gestures and attention in the graph `smart_display`: each node's time, and the
processor's time with and without all of them, in turn on the same frames.
"""

import statistics
import sys
import time
from typing import Any, NamedTuple

import yaml

from calibration.samples.sources import data_folder
from edge.graph import Graph
from edge.paths import resource

MEANING = ("gaze", "expressions", "gestures", "attention")
CLIPS = ("people/thumbs_up_720p.mp4", "people/four_people_720p.mp4")
ROUNDS = 3
GOAL_MS = 1.5


class Cost(NamedTuple):
    """Of one run: ms of each node, and of the processor, and people, all per frame."""

    nodes: dict[str, float]
    cpu: float
    people: float


def graph(meaning: bool) -> dict[str, Any]:
    """Return the graph `smart_display`, without what says what it means if so asked."""
    document: dict[str, Any] = yaml.safe_load(resource("graphs/smart_display.yaml").read_text())
    del document["budget"]
    if meaning:
        return document
    for name in MEANING:
        del document["nodes"][name]
    for node in document["nodes"].values():
        inputs = node.get("inputs", {})
        inputs.update({wire: "people" for wire, name in inputs.items() if name in MEANING})
    return document | {"outputs": ["speaking"]}


def cost(document: dict[str, Any], clip: str) -> Cost:
    run = Graph.parse(document).run(str(data_folder() / clip), offline=True)
    begin = time.process_time()
    people = [len(result.value.people) for result in run]
    cpu, frames = time.process_time() - begin, len(people)
    nodes = {
        name: 1e3 * busy_s / frames for name, (_, _, busy_s, _) in run.statistics.nodes.items()
    }
    return Cost(nodes, 1e3 * cpu / frames, sum(people) / frames)


def main() -> int:
    dear = False
    for clip in CLIPS:
        pairs = [(cost(graph(True), clip), cost(graph(False), clip)) for _ in range(ROUNDS)]
        people = pairs[0][0].people
        print(f"{clip}, {people:.2f} people a frame, ms per person and frame")
        nodes = {name: statistics.median(whole.nodes[name] for whole, _ in pairs) / people
                 for name in MEANING}  # fmt: skip
        for name, ms in nodes.items():
            print(f"  {name:14} {ms:6.2f}")
        total = sum(nodes.values())
        more = statistics.median(whole.cpu - bare.cpu for whole, bare in pairs) / people
        bare_ms = statistics.median(bare.cpu for _, bare in pairs) / people
        print(f"  {'all four':14} {total:6.2f}   goal {GOAL_MS:g}")
        print(f"  {'with - without':14} {more:6.2f}   {(bare_ms + more) / bare_ms:.2f} times")
        dear |= total > GOAL_MS
    return int(dear)


if __name__ == "__main__":
    sys.exit(main())
