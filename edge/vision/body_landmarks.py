"""The landmarks of every body in view."""

from dataclasses import replace
from typing import Any

import numpy as np

from edge.io.frames import Frame
from edge.vision.bodies import Bodies, Persons, heads, refined, regions_of_landmarks, visible_bounds
from edge.vision.landmarks import LandmarkNode, LandmarkSettings, Reading
from edge.vision.motion import Motion
from edge.vision.regions import project
from edge.vision.targets import Floats, Mask, Targets, select


class BodyLandmarks(LandmarkNode[Bodies]):
    """Finds the landmarks of each body, and says which of them aren't bodies (any more).

    `frame`: any size. `persons`: where to look. `motion`: where something moves.
    Output: one `Bodies` for every frame, in pixels, in the order of `persons`.
    """

    class Settings(LandmarkSettings):
        model: str = "body_landmarks_full"
        """`body_landmarks_full`, or `body_landmarks_lite` at two thirds of the cost."""
        keep_score: float = 0.5
        """As in MediaPipe."""
        glance_score: float = 0.1
        """What is new is looked at twice if the first look doesn't find it less likely."""
        sure_score: float = 0.9
        """From here on, one look is enough in a video: the next frame is the second one."""
        merge_overlap: float = 0.4
        """Two bodies whose heads share more are one. Those of two people cheek to cheek don't,
        though one's arms and knees may lie across the other's."""

    kind = Bodies
    points = 33
    values = 4
    settings: Settings

    def process(self, frame: Frame, persons: Persons, motion: Motion | None = None) -> Bodies:
        return self.see(frame, persons, motion)

    def _look(self, frame: Frame, targets: Targets) -> Bodies:
        return super()._look(frame, self._centred(frame, targets))

    def _centred(self, frame: Frame, targets: Targets) -> Targets:
        """Return the targets, those of them that are new as their own landmarks would have them.

        A region that was guessed from a face or a box is mostly too large or too small; the one
        that follows from a first look fits, where that look was at a body. The better is kept.
        """
        new = np.flatnonzero(~targets.followed)
        if not len(new):
            return targets
        kept, regions = targets.followed.copy(), targets.regions.copy()
        for row in new:
            reading = self._reading(frame, regions[row])
            if reading is None:
                continue
            kept[row] = reading.score >= self.settings.glance_score
            if not kept[row] or (reading.score >= self.settings.sure_score and not frame.still):
                continue
            closer = self._regions(reading.landmarks[None], [reading])[0]
            second = self._reading(frame, closer)
            if second is not None and second.score >= reading.score:
                regions[row] = closer
        return select(replace(targets, regions=regions), kept)

    def _plausible(self, targets: Targets, seen: Bodies, size: tuple[int, int]) -> Mask:
        # Of somebody at a desk the greater part lies outside.
        return np.isfinite(visible_bounds(seen.landmarks, size)[:, 0])

    def _compared(self, seen: Bodies) -> Floats:
        return heads(seen)[0]

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
