"""How a program without a graph works in real time: on the newest frame whenever it is free.

This module runs in the peers' environments, too, and so imports nothing but numpy.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.realtime import Emission, Neighbour, Played, Task, put_down, rounded, stay_on
from benchmarks.worker import Decoder

FACE_POINTS = 468
"""Irises, where they come, aren't compared: not every model has them."""
Landmarks = dict[str, list[Sequence[Any]]]
"""By kind the points of each thing: x and y in parts of the picture, of bodies with visibility."""


def play(task: Task, look: Callable[[Any, int], Landmarks], live: bool, into: str) -> None:
    """Play a task and write what came of it. `look(picture, ms)` works on one frame.

    Not `live`: on each frame, with all the time.
    """
    stay_on(task.core)
    neighbour = Neighbour(task)
    try:
        neighbour.begin()
        played = _play(task, look, live)
    finally:
        neighbour.stop()
    put_down(played, into)


def _play(task: Task, look: Callable[[Any, int], Landmarks], live: bool) -> Played:
    pictures = np.asarray(np.load(task.frames, mmap_mode="r"))
    order = list(task.order())
    decoder = Decoder()
    kept: list[tuple[int, float, Landmarks]] = []
    begun = (time.process_time(), decoder.cpu_s)
    started = time.monotonic()
    frame, busy, counted_from = -1, 0, None
    while frame < task.total - 1:
        now = (time.monotonic() - started) * task.fps
        if live and now < frame + 1:
            time.sleep((frame + 1 - now) / task.fps)
        newest = int((time.monotonic() - started) * task.fps) if live else frame + 1
        newest = min(max(newest, frame + 1), task.total - 1)
        busy += newest - frame - 1
        frame = newest
        if counted_from is None and frame >= task.warm_up:
            begun, counted_from = (time.process_time(), decoder.cpu_s), frame
        picture = decoder.picture(pictures[order[frame]])
        found = look(picture, round(1000 * frame / task.fps))
        at_s = time.monotonic() - started if live else frame / task.fps
        kept.append((frame, at_s, found))
    whole = time.process_time() - begun[0]
    decoding = decoder.cpu_s - begun[1]
    frames = task.total - (counted_from or 0)
    dropped = {"busy": busy} if busy else {}
    size = pictures.shape[2:0:-1]
    emissions = [Emission(frame, at_s, in_pixels(each, size)) for frame, at_s, each in kept]
    return Played(whole - decoding, 0.0, whole, frames / task.fps, frames, dropped, emissions, [])


def in_pixels(found: Landmarks, size: tuple[int, int]) -> dict[str, list[Any]]:
    """Return landmarks in pixels; of bodies the visibility, too."""
    kinds: dict[str, list[Any]] = {}
    for kind, several in found.items():
        kinds[kind] = []
        for landmarks in several:
            points = landmarks[: FACE_POINTS if kind == "face" else None]
            values = np.array([(point.x, point.y) for point in points]) * np.array(size)
            if kind == "body":
                visibility = np.array([[point.visibility] for point in points])
                values = np.concatenate((values, visibility), axis=1)
            kinds[kind].append(rounded(values))
    return kinds
