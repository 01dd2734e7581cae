"""The peer's process in real time, of late: MediaPipe's tasks on the newest frame.

`python -m benchmarks.live_tasks TASK OPTIONS INTO`; the first two are JSON.
"""

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import mediapipe
from mediapipe.tasks.python import BaseOptions, vision

from benchmarks.newest import Landmarks, play
from benchmarks.realtime import Task

TASKS = {
    "FaceLandmarker": ("face_landmarker.task", {"num_faces": 2}),
    "HandLandmarker": ("hand_landmarker.task", {"num_hands": 2}),
    "PoseLandmarker": ("pose_landmarker.task", {"num_poses": 1}),
    "ImageSegmenter": ("selfie_segmenter.tflite", {}),
}
"""The same as of the solutions: two faces, two hands, a body, which pixels are people."""
NAMES = {"face": "face_landmarks", "hands": "hand_landmarks", "body": "pose_landmarks"}


def main(task: Task, into: str, models: str, pace: str) -> None:
    """Play a task and write what came of it. `models`: the folder with the bundles."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(_open(name, Path(models, file), more))
            for name, (file, more) in TASKS.items()
        ]
        play(task, lambda picture, ms: landmarks(opened, picture, ms), pace == "realtime", into)


def _open(name: str, model: Path, more: dict[str, int]) -> Any:
    options = getattr(vision, f"{name}Options")(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        **more,
    )
    return getattr(vision, name).create_from_options(options)


def landmarks(opened: list[Any], picture: Any, ms: int) -> Landmarks:
    """Return the landmarks of all tasks' answers by kind."""
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
    *landmarkers, segmenter = opened
    answers = [task.detect_for_video(image, ms) for task in landmarkers]
    _ = segmenter.segment_for_video(image, ms).confidence_masks[0].numpy_view()
    return {
        kind: [each for answer in answers for each in getattr(answer, name, ())]
        for kind, name in NAMES.items()
    }


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])), sys.argv[3], **json.loads(sys.argv[2]))
