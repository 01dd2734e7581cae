"""The landmarks of every body in view."""

from typing import Any

import numpy as np

from edge.io.frames import Frame
from edge.vision.bodies import Bodies, Persons, refined, regions_of_landmarks
from edge.vision.landmarks import LandmarkNode, LandmarkSettings, Reading
from edge.vision.regions import project
from edge.vision.targets import Floats


class BodyLandmarks(LandmarkNode[Bodies]):
    """Finds the landmarks of each body, and says which of them aren't bodies (any more).

    `frame`: any size. `persons`: where to look.
    Output: one `Bodies` for every frame, in pixels, in the order of `persons`.
    """

    class Settings(LandmarkSettings):
        model: str = "body_landmarks_full"
        """`body_landmarks_full`, or `body_landmarks_lite` at two thirds of the cost."""
        keep_score: float = 0.5
        """As in MediaPipe."""

    kind = Bodies
    points = 33
    values = 4
    settings: Settings

    def process(self, frame: Frame, persons: Persons) -> Bodies:
        return self.see(frame, persons)

    def _read(self, frame: Frame, region: Floats) -> Reading:
        (raw, presence, heatmap, world), matrix = self._run(frame, region)
        side = self.cropper.size[0]
        points = raw.reshape(-1, 5)
        flat = project(refined(points[:, :2], heatmap[0], side), matrix)
        depth = points[:33, 2:3] * (region[2] / side)
        visible = 0.5 * (1 + np.tanh(points[:33, 3:4] / 2))
        turn = (matrix[:, :2] / np.hypot(*matrix[:, 0])).astype(np.float32)
        metres = world.reshape(-1, 3)[:33]
        metres[:, :2] = metres[:, :2] @ turn.T
        more = {"world": metres, "auxiliary": flat}
        landmarks = np.hstack((flat[:33], depth, visible))
        return Reading(landmarks, float(presence.reshape(-1)[0]), more)

    def _more(self, readings: list[Reading]) -> dict[str, Any]:
        world = [reading.more["world"] for reading in readings]
        return {"world": np.array(world, np.float32).reshape(-1, 33, 3)}

    def _regions(self, landmarks: Floats, readings: list[Reading]) -> Floats:
        points = [reading.more["auxiliary"] for reading in readings]
        return regions_of_landmarks(np.array(points, np.float32).reshape(-1, 39, 2))
