"""The peer's process in real time: MediaPipe's solutions on the newest frame, one after the other.

`python -m benchmarks.live_peer TASK OPTIONS INTO`; the first two are JSON.
"""

import json
import sys
from contextlib import ExitStack
from typing import Any

import mediapipe
import numpy as np

from benchmarks.newest import Landmarks, play
from benchmarks.peer import snake
from benchmarks.realtime import Task

NAMES = {
    "face": ("multi_face_landmarks", "face_landmarks"),
    "hands": ("multi_hand_landmarks", "left_hand_landmarks", "right_hand_landmarks"),
    "body": ("pose_landmarks",),
}
"""What solutions call their landmarks, by kind; those for several things give lists."""


def main(task: Task, into: str, solutions: dict[str, dict[str, Any]], pace: str) -> None:
    """Play a task and write what came of it. `pace` fast: each frame, with all the time."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(getattr(getattr(mediapipe.solutions, snake(name)), name)(**options))
            for name, options in solutions.items()
        ]
        first = np.asarray(np.load(task.frames, mmap_mode="r")[0])
        for solution in opened:  # it loads and allocates at its first picture
            solution.process(first)
        play(task, lambda picture, ms: landmarks(opened, picture), pace == "realtime", into)


def landmarks(opened: list[Any], picture: Any) -> Landmarks:
    """Return the landmarks of all solutions' answers by kind."""
    kinds: Landmarks = {kind: [] for kind in NAMES}
    for answer in [solution.process(picture) for solution in opened]:
        for kind, names in NAMES.items():
            for found in (getattr(answer, name, None) for name in names):
                if found is not None:
                    several = found if isinstance(found, list) else [found]
                    kinds[kind] += [each.landmark for each in several]
        _ = getattr(answer, "segmentation_mask", None)
    return kinds


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])), sys.argv[3], **json.loads(sys.argv[2]))
