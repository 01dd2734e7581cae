"""The landmarks of every hand in view."""

from typing import Any

import numpy as np

from edge.io.frames import Frame
from edge.vision.hands import Hands, Palms, regions_of_landmarks
from edge.vision.landmarks import LandmarkNode, LandmarkSettings, Reading
from edge.vision.regions import project
from edge.vision.targets import Floats


class HandLandmarks(LandmarkNode[Hands]):
    """Finds the landmarks of each hand, and says which of them aren't hands (any more).

    `frame`: any size. `palms`: where to look.
    Output: one `Hands` for every frame, in pixels, in the order of `palms`.
    """

    class Settings(LandmarkSettings):
        model: str = "hand_landmarks_full"
        """`hand_landmarks_full`, or `hand_landmarks_lite` at half the cost."""
        keep_score: float = 0.5
        """As in MediaPipe."""

    kind = Hands
    points = 21
    settings: Settings

    def process(self, frame: Frame, palms: Palms) -> Hands:
        return self.see(frame, palms)

    def _read(self, frame: Frame, region: Floats) -> Reading:
        (points, presence, right, world), matrix = self._run(frame, region)
        landmarks = points.reshape(-1, 3)
        landmarks[:, :2] = project(landmarks[:, :2], matrix)
        landmarks[:, 2] *= region[2] / self.cropper.size[0]
        turn = (matrix[:, :2] / np.hypot(*matrix[:, 0])).astype(np.float32)
        metres = world.reshape(-1, 3)
        metres[:, :2] = metres[:, :2] @ turn.T
        more = {"right": float(right.reshape(-1)[0]), "world": metres}
        return Reading(landmarks, float(presence.reshape(-1)[0]), more)

    def _regions(self, landmarks: Floats, readings: list[Reading]) -> Floats:
        return regions_of_landmarks(landmarks)

    def _more(self, readings: list[Reading]) -> dict[str, Any]:
        return {
            "right": np.array([reading.more["right"] for reading in readings], np.float32),
            "world": np.array([r.more["world"] for r in readings], np.float32).reshape(-1, 21, 3),
        }
