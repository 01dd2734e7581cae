"""Our own process in real time: a shipped graph under its budget, on a clip that lies in memory.

`python -m benchmarks.live_ours TASK OPTIONS INTO`; the first two are JSON.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import cv2
import msgspec
import numpy as np
from msgspec import UnsetType
from numpy.typing import NDArray

from benchmarks.realtime import (
    Emission,
    Neighbour,
    Played,
    Task,
    put_down,
    rounded,
    stay_on,
    thread_cpu_s,
)
from benchmarks.worker import Decoder
from edge.cli.prepare import OFF, Request, prepare, set_everywhere
from edge.graph import Context, Event, Graph, Packet, Run, Source
from edge.graph.spec import Budget
from edge.io.frames import Frame
from edge.people.results import Body, Face, FrameResult, Hand, Person
from edge.vision.silhouette import Silhouette, at_size

FACE_POINTS = 468
"""The irises beyond are looked at by one of our models and not by the other."""


class LiveClip(Source):
    """A camera that shows a clip: frames come by the clock, whether or not anyone is ready."""

    medium = "picture"
    task: ClassVar[Task]
    decoder: ClassVar[Decoder] = Decoder()
    thread: ClassVar[threading.Thread]
    neighbour: ClassVar[Neighbour]

    def open(self, context: Context) -> None:
        super().open(context)
        cv2.setNumThreads(1)

    def packets(self) -> Iterator[Packet[Frame]]:
        LiveClip.thread = threading.current_thread()
        pictures = np.asarray(np.load(self.task.frames, mmap_mode="r"))
        self.neighbour.begin()
        for index, position in enumerate(self.task.order()):
            t = round(index * 1e6 / self.task.fps)
            yield Packet(t, Frame(self.decoder.picture(pictures[position]), index, t))


def our_graph(graph: str, variant: str | None, silhouette: bool = False, **given: Any) -> Graph:
    """Return a shipped graph on `LiveClip`. `given`: what a `Request` has beside.

    `silhouette`: that comes out, too, as MediaPipe's does.
    """
    settings = tuple(given.pop("settings", ()))
    ready = prepare(Request(graph, landmarks=True, settings=settings, **given))
    if variant is not None:
        set_everywhere(ready, "--variant", {"variant": variant, "threads": 1})
    if silhouette:
        ready.spec.outputs["silhouette"] = Budget()
    camera = ready.spec.nodes["camera"]
    camera.uses, camera.with_ = LiveClip, {}
    return ready


def main(task: Task, into: str, pace: str = "realtime", **options: Any) -> None:
    """Play a task and write what came of it. `pace` fast: as if there were all the time."""
    LiveClip.task = task
    stay_on(task.core)
    run = our_graph(**options).run(pace=pace, governed=options.get("budget") != OFF)
    LiveClip.neighbour = Neighbour(task)
    try:
        played = _play(run, task)
    finally:
        LiveClip.neighbour.stop()
    put_down(played, into)


def _play(run: Run, task: Task) -> Played:
    # As bytes: who keeps objects pays for it whenever Python looks for garbage.
    results: list[tuple[float, bytes]] = []
    events: list[tuple[float, str]] = []
    begun, from_t = _Clocks(), 0
    counting = False
    height, width = np.load(task.frames, mmap_mode="r").shape[1:3]
    for item in run.items():
        if isinstance(item, Event):
            if item.kind == "budget":
                events.append((item.t / 1e6, item.fields["text"]))
            continue
        if not counting and item.t >= task.warm_up * 1e6 / task.fps:
            begun, from_t, counting = _Clocks(), item.t, True
        if isinstance(item.value, Silhouette):
            at_size(item.value.mask, (width, height))  # as MediaPipe's is
            continue
        results.append(((item.t + (item.age_us or 0)) / 1e6, msgspec.msgpack.encode(item.value)))
        if item.value.frame < task.total - 3:  # threads end with the last ones
            ended = _Clocks()
            until_t = item.t
    frames = round((until_t - from_t) * task.fps / 1e6)
    spent = [after - before for after, before in zip(ended.all, begun.all, strict=True)]
    whole, decoding, capturing = spent
    return Played(
        cpu_s=whole - decoding,
        capture_s=capturing - decoding,
        all_s=whole,
        measured_s=(until_t - from_t) / 1e6,
        frames=frames,
        dropped=run.statistics.dropped,
        emissions=[_emission(*result) for result in results],
        events=events,
    )


class _Clocks:
    """CPU time so far: of the process, of decoding, of the thread that does it."""

    def __init__(self) -> None:
        thread = getattr(LiveClip, "thread", None)
        capturing = thread_cpu_s(thread) if thread is not None and thread.is_alive() else 0.0
        self.all = time.process_time(), LiveClip.decoder.cpu_s, capturing


def _emission(at_s: float, packed: bytes) -> Emission:
    result = msgspec.msgpack.decode(packed, type=FrameResult)
    return Emission(result.frame, at_s, things(result.people))


def things(people: list[Person]) -> dict[str, list[Any]]:
    """Return the landmarks of all parts, by kind, in pixels."""
    found: dict[str, list[Any]] = {"face": [], "hands": [], "body": []}
    for person in people:
        for landmarks in _landmarks(person.face):
            found["face"].append(rounded(landmarks[:FACE_POINTS, :2]))
        for landmarks in _landmarks(person.body):
            found["body"].append(rounded(landmarks[:, [0, 1, 3]]))
        hands = [] if isinstance(person.hands, UnsetType) else person.hands
        for hand in hands:
            found["hands"] += [rounded(landmarks[:, :2]) for landmarks in _landmarks(hand)]
    return found


def _landmarks(part: Face | Body | Hand | UnsetType) -> list[NDArray[np.float64]]:
    if isinstance(part, UnsetType) or isinstance(part.landmarks, UnsetType):
        return []
    return [np.array(part.landmarks)]


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])), sys.argv[3], **json.loads(sys.argv[2]))
