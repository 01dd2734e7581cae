"""Our own process: graphs/faces.yaml on a clip that lies in memory."""

import functools
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, ClassVar, TypeVar

import cv2
import numpy as np

from benchmarks.worker import MODEL, Decoder, serve, there_and_back
from edge.graph import Context, Graph, Node, Packet, Source
from edge.io.frames import Frame
from edge.paths import resource

FRAME_US = 33_333
"""Between the timestamps of two frames, as FaceMesh counts them."""
R = TypeVar("R")


class ClipInMemory(Source):
    """Plays as many frames as are asked for, and waits."""

    medium = "picture"
    asked: ClassVar[SimpleQueue[int]] = SimpleQueue()
    """Numbers of frames; 0 ends the clip."""
    decoder: ClassVar[Decoder] = Decoder()

    class Settings(Node.Settings):
        bgr: str

    def open(self, context: Context) -> None:
        super().open(context)
        cv2.setNumThreads(1)  # as the camera does, which this stands for

    def packets(self) -> Iterator[Packet[Frame]]:
        pictures = np.asarray(np.load(self.settings.bgr, mmap_mode="r"))
        order = there_and_back(len(pictures))
        rounds = iter(self.asked.get, 0)
        for index, _ in enumerate(itertools.chain.from_iterable(map(range, rounds))):
            t = index * FRAME_US
            picture = self.decoder.picture(pictures[next(order)])
            yield Packet(t, Frame(picture, index, t))


def clocked(node: type[Node], name: str, parts_s: dict[str, float]) -> type[Node]:
    """Return the node class, adding up the CPU time of its calls, and of its model's in them."""

    def counted(part: str, call: Callable[..., R], *args: Any, **more: Any) -> R:
        before = time.thread_time()
        try:
            return call(*args, **more)
        finally:
            parts_s[part] = parts_s.get(part, 0.0) + time.thread_time() - before

    class Clocked(node):  # type: ignore[valid-type,misc]
        @functools.wraps(node.process)
        def process(self, **inputs: Any) -> Any:
            return counted(name, super().process, **inputs)

        def open(self, context: Context) -> None:
            super().open(context)
            if model := getattr(self, "model", None):
                model.invoke = functools.partial(counted, f"{name}{MODEL}", model.invoke)

    return Clocked


def faces_graph(
    bgr: str, model: str, variant: str, max_faces: int, parts_s: dict[str, float]
) -> Graph:
    """Return the graph, its results with landmarks, on a clip of BGR pictures.

    Variant and threads are named: what the device would choose may differ from day to day. The
    nodes add to `parts_s`, s by name; what their models had of it, by name and `MODEL`.
    """
    graph = Graph.load(resource("graphs/faces.yaml"))
    graph.set("faces.max_faces", max_faces)
    graph.set("meshes.model", model)
    for name in ("faces", "meshes"):
        graph.set(f"{name}.variant", variant)
        graph.set(f"{name}.threads", 1)
    graph.set("people.landmarks", True)
    camera = graph.spec.nodes["camera"]
    camera.uses, camera.with_ = ClipInMemory, {"bgr": bgr}
    for name, node in graph.spec.check().items():
        if node.node is not ClipInMemory:
            graph.spec.nodes[name].uses = clocked(node.node, name, parts_s)
    return graph


def main(bgr: str, model: str, variant: str, max_faces: int, workers: int | None) -> None:
    parts_s: dict[str, float] = {}
    graph = faces_graph(bgr, model, variant, max_faces, parts_s)
    results = iter(graph.run(pace="fast", workers=workers))

    def play(frames: int) -> int:
        ClipInMemory.asked.put(frames)
        return sum(len(result.value.people) for result in itertools.islice(results, frames))

    serve(play, ClipInMemory.decoder, parts_s)
    ClipInMemory.asked.put(0)
    for _ in results:
        raise RuntimeError("a frame came out that nobody asked for")


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
