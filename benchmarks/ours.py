"""Our own process: one of the shipped graphs on a clip that lies in memory."""

import functools
import itertools
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, ClassVar, TypeVar

import cv2
import numpy as np
from msgspec import UnsetType

from benchmarks.worker import MODEL, Decoder, serve, there_and_back
from edge.cli.prepare import Request, prepare, set_everywhere
from edge.graph import Context, Graph, Node, Packet, Source
from edge.graph.spec import Budget
from edge.inference import Model
from edge.io.frames import Frame
from edge.people.results import FrameResult, Hand, Part, Person
from edge.vision.silhouette import Silhouette, at_size

FRAME_US = 33_333
"""Between the timestamps of two frames, as MediaPipe's solutions count them."""
PATIENCE_MS = 60_000.0
"""On a machine that is at work for others, too, a node is slow, not stuck; and every frame is to
come out, or the round wouldn't end."""
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


class PartClock:
    """Adds up, in `parts_s`, the CPU time of each node, and of the models that it calls."""

    def __init__(self, parts_s: dict[str, float]) -> None:
        self._parts_s = parts_s
        self._at_work = threading.local()

    def count(self, part: str, call: Callable[..., R], *args: Any, **more: Any) -> R:
        before = time.thread_time()
        try:
            return call(*args, **more)
        finally:
            s = time.thread_time() - before
            self._parts_s[part] = self._parts_s.get(part, 0.0) + s

    def node(self, node: type[Node], name: str) -> type[Node]:
        """Return a node class whose calls are counted."""
        clock = self

        class Clocked(node):  # type: ignore[valid-type,misc]
            @functools.wraps(node.process)
            def process(self, **inputs: Any) -> Any:
                clock._at_work.name = name
                return clock.count(name, super().process, **inputs)

        return Clocked

    def models(self) -> None:
        """Have all models of this process counted, each for the node that calls it."""
        invoke = Model.invoke

        def counted(model: Model) -> list[Any]:
            name = getattr(self._at_work, "name", "")
            return self.count(f"{name}{MODEL}", invoke, model)

        Model.invoke = counted  # type: ignore[method-assign, assignment]


def our_graph(
    bgr: str, graph: str, variant: str | None, max_people: int | None, settings: list[str]
) -> Graph:
    """Return a shipped graph, its results with landmarks, on a clip of BGR pictures.

    `variant`: of all models, with one thread each, since what the device would choose may differ
    from day to day; for None it does choose. A silhouette comes out as it is, not as a PNG.
    """
    ready = prepare(Request(graph, landmarks=True, max_people=max_people, settings=tuple(settings)))
    if variant is not None:
        set_everywhere(ready, "--variant", {"variant": variant, "threads": 1})
    if "silhouette" in ready.spec.nodes:
        ready.spec.outputs["silhouette"] = Budget()
    camera = ready.spec.nodes["camera"]
    camera.uses, camera.with_ = ClipInMemory, {"bgr": bgr}
    return ready


def main(
    bgr: str,
    graph: str,
    variant: str | None,
    max_people: int | None = None,
    settings: tuple[str, ...] = (),
    workers: int | None = None,
) -> None:
    ready = our_graph(bgr, graph, variant, max_people, list(settings))
    parts_s: dict[str, float] = {}
    clock = PartClock(parts_s)
    clock.models()
    for name, node in ready.spec.check().items():
        if node.node is not ClipInMemory:
            ready.spec.nodes[name].uses = clock.node(node.node, name)
            ready.spec.nodes[name].limit_ms = PATIENCE_MS
    run = ready.run(pace="fast", workers=workers)
    results = iter(run)
    outputs = len(ready.spec.outputs)
    height, width = np.load(bgr, mmap_mode="r").shape[1:3]

    def play(frames: int) -> dict[str, int]:
        ClipInMemory.asked.put(frames)
        seen: Counter[str] = Counter()
        for result in itertools.islice(results, frames * outputs):
            seen.update(fresh(result.value, (width, height)))
        return dict(seen)

    def looks() -> dict[str, int]:
        found: Counter[str] = Counter()
        for name, n in run.statistics.counts.items():
            node, _, what = name.partition(".")
            found[node] += n if what.startswith("detect:") else 0
        return dict(found)

    serve(play, ClipInMemory.decoder, parts_s, looks)
    ClipInMemory.asked.put(0)
    for _ in results:
        raise RuntimeError("a frame came out that nobody asked for")


def fresh(value: FrameResult | Silhouette, size: tuple[int, int]) -> dict[str, int]:
    """Return how many of each kind a model saw in this very frame."""
    if isinstance(value, Silhouette):
        at_size(value.mask, size)  # theirs has the picture's size, so ours is to have that, too
        return {"masks": int(value.fresh)}
    seen = Counter({"faces": 0, "hands": 0, "bodies": 0})
    for person in value.people:
        seen["faces"] += _is_fresh(person, person.face)
        seen["bodies"] += _is_fresh(person, person.body)
        seen["hands"] += sum(_is_fresh(person, hand) for hand in _hands(person))
    return dict(seen)


def _hands(person: Person) -> list[Hand]:
    return [] if isinstance(person.hands, UnsetType) else person.hands


def _is_fresh(person: Person, part: Part | UnsetType) -> bool:
    if isinstance(part, UnsetType):
        return False
    return person.fresh if isinstance(part.fresh, UnsetType) else part.fresh


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
