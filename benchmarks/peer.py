"""The peer's process: MediaPipe's solutions in video mode, one after the other on each frame."""

import json
import sys
from collections import Counter
from contextlib import ExitStack
from typing import Any, NamedTuple

import mediapipe
import numpy as np

from benchmarks.worker import Decoder, serve, there_and_back


class Answer(NamedTuple):
    """Where a solution's answer is, and how many things it then holds."""

    kind: str
    field: str
    several: bool


ANSWERS = {
    "FaceMesh": Answer("faces", "multi_face_landmarks", several=True),
    "Hands": Answer("hands", "multi_hand_landmarks", several=True),
    "Pose": Answer("bodies", "pose_landmarks", several=False),
    "SelfieSegmentation": Answer("masks", "segmentation_mask", several=False),
}


def main(rgb: str, solutions: dict[str, dict[str, Any]]) -> None:
    """Serve the clip in the file `rgb`. `solutions`: by MediaPipe's names, with their options."""
    pictures = np.asarray(np.load(rgb, mmap_mode="r"))
    order = there_and_back(len(pictures))
    decoder = Decoder()
    with ExitStack() as stack:
        opened = {}
        for name, options in solutions.items():
            module = getattr(mediapipe.solutions, snake(name))
            opened[name] = stack.enter_context(getattr(module, name)(**options))

        def play(frames: int) -> dict[str, int]:
            seen = Counter({ANSWERS[name].kind: 0 for name in opened})
            for _ in range(frames):
                picture = decoder.picture(pictures[next(order)])
                for name, solution in opened.items():
                    kind, field, several = ANSWERS[name]
                    answer = getattr(solution.process(picture), field)
                    if answer is not None:
                        seen[kind] += len(answer) if several else 1
            return dict(seen)

        serve(play, decoder, {})


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
