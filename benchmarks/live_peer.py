"""The peer's process in real time: MediaPipe's solutions on the newest frame, one after the other.

`python -m benchmarks.live_peer TASK OPTIONS INTO`; the first two are JSON.
"""

import json
import sys
import time
from contextlib import ExitStack
from typing import Any

import mediapipe
import numpy as np

from benchmarks.peer import snake
from benchmarks.realtime import Emission, Neighbour, Played, Task, put_down, rounded, stay_on
from benchmarks.worker import Decoder

FACE_POINTS = 468
Landmarks = dict[str, list[Any]]
NAMES = {
    "face": ("multi_face_landmarks", "face_landmarks"),
    "hands": ("multi_hand_landmarks", "left_hand_landmarks", "right_hand_landmarks"),
    "body": ("pose_landmarks",),
}
"""What solutions call their landmarks, by kind; those for several things give lists."""


def main(task: Task, into: str, solutions: dict[str, dict[str, Any]], pace: str) -> None:
    """Play a task and write what came of it. `pace` fast: each frame, with all the time."""
    stay_on(task.core)
    pictures = np.asarray(np.load(task.frames, mmap_mode="r"))
    order = list(task.order())
    with ExitStack() as stack:
        opened = [
            stack.enter_context(getattr(getattr(mediapipe.solutions, snake(name)), name)(**options))
            for name, options in solutions.items()
        ]
        for solution in opened:  # it loads and allocates at its first picture
            solution.process(pictures[0])
        neighbour = Neighbour(task)
        try:
            neighbour.begin()
            played = _play(task, order, pictures, opened, pace == "realtime")
        finally:
            neighbour.stop()
    put_down(played, into)


def _play(task: Task, order: list[int], pictures: Any, opened: list[Any], live: bool) -> Played:
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
        found = [solution.process(picture) for solution in opened]
        at_s = time.monotonic() - started if live else frame / task.fps
        kept.append((frame, at_s, _landmarks(found)))
    whole = time.process_time() - begun[0]
    decoding = decoder.cpu_s - begun[1]
    frames = task.total - (counted_from or 0)
    dropped = {"busy": busy} if busy else {}
    size = pictures.shape[2:0:-1]
    emissions = [Emission(frame, at_s, _things(each, size)) for frame, at_s, each in kept]
    return Played(whole - decoding, 0.0, whole, frames / task.fps, frames, dropped, emissions, [])


def _landmarks(answers: list[Any]) -> Landmarks:
    """Return the landmarks of all answers by kind, as MediaPipe gives them."""
    kinds: Landmarks = {kind: [] for kind in NAMES}
    for answer in answers:
        for kind, names in NAMES.items():
            for found in (getattr(answer, name, None) for name in names):
                if found is not None:
                    kinds[kind] += found if isinstance(found, list) else [found]
        _ = getattr(answer, "segmentation_mask", None)
    return kinds


def _things(found: Landmarks, size: tuple[int, int]) -> dict[str, list[Any]]:
    """Return them in pixels; of bodies the visibility, too."""
    kinds: dict[str, list[Any]] = {}
    for kind, several in found.items():
        kinds[kind] = []
        for landmarks in several:
            points = landmarks.landmark[: FACE_POINTS if kind == "face" else None]
            values = np.array([(point.x, point.y) for point in points]) * np.array(size)
            if kind == "body":
                visibility = np.array([[point.visibility] for point in points])
                values = np.concatenate((values, visibility), axis=1)
            kinds[kind].append(rounded(values))
    return kinds


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])), sys.argv[3], **json.loads(sys.argv[2]))
