"""Motions on all real clips: `python -m tests.accuracy.gestures` tells of each gesture.

Nobody makes one in these, but for the four of `gestures/clips`. Ends with 1 for one that nobody
made.
"""

import sys

from calibration.gestures.figures import of_acted, of_clip, of_everyday
from calibration.gestures.recorded import CLIPS
from calibration.samples.sources import data_folder
from edge.graph import Event, Graph
from edge.paths import resource

MODEL = resource("models/hand_motion.float.tflite")
QUIET = ("people/*.mp4", "body/*.mp4", "hands/*.mp4", "talkers/*.mpg", "static_camera/*.avi")


def main() -> int:
    for name in CLIPS:
        print(of_clip(MODEL, name), flush=True)
    wrong = 0
    for clip in [clip for pattern in QUIET for clip in sorted(data_folder().glob(pattern))]:
        items = Graph.load(resource("graphs/gestures.yaml")).run(str(clip)).items()
        told = [item.fields["name"] for item in items
                if isinstance(item, Event) and item.kind == "gesture"]  # fmt: skip
        print(f"{clip.name}: {' '.join(told) or 'none'}", flush=True)
        wrong += len(told)
    print(of_acted(MODEL))
    print(of_everyday(MODEL))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
