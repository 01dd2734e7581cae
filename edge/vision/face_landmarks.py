"""The landmarks of every face in view."""

import math
from typing import Any

import numpy as np

from edge.graph.node import Context, Previous
from edge.io.frames import Frame
from edge.vision.bodies import Bodies
from edge.vision.faces import KEYPOINTS, Faces, Meshes, eye_angles, regions_of_landmarks
from edge.vision.landmarks import SECOND, LandmarkNode, LandmarkSettings, Reading
from edge.vision.motion import Motion
from edge.vision.profiles import Profiles
from edge.vision.regions import project
from edge.vision.targets import Floats, Mask, Targets

RESIZED, RESIZED_PER_S = 1.6, 70.0
"""By how much landmarks may be smaller or larger than the face was, at most, and in a second, which
is 1.15 from frame to frame. In blur they collapse to a strip, and the model doesn't notice; a head
that is turned or thrown back as quickly as can be changes by 1.1."""
STRIP = 1.8
"""A face's landmarks, however it is turned, aren't so much longer than wide: a profile's 1.6."""


class FaceLandmarks(LandmarkNode[Meshes]):
    """Finds the landmarks of each face, and says which of them aren't faces (any more).

    `frame`: any size. `faces`: where to look. `bodies`: those of the preceding frame, whose heads
    say where a face is that is turned away. `motion`: where something moves.
    Output: one `Meshes` for every frame, in pixels, in the order of `faces`. What the model
    doesn't take for a face, what has left the picture, what isn't finite, and the less certain of
    two regions that have run into one face is left out; if it was followed from the preceding
    frame, it counts as lost.
    """

    class Settings(LandmarkSettings):
        model: str = "face_landmarks_478"
        """`face_landmarks_478` with irises, `face_landmarks_468` without, at a quarter of the
        cost, or the path of a model with the same outputs."""
        keep_score: float = 0.3
        """A followed face may be less likely for a while: a hand before the mouth scores 0.3 to
        0.7. Profiles beyond about 60°, whose landmarks would be made up, score below 0.25."""
        merge_overlap: float = 0.6
        """Faces that share more of their boxes are one: cheeks that touch share under a fifth."""

        profiles: bool = True
        """Keep followed faces whose landmarks can't be trusted, as of a head turned away, while the
        detector or the body says that they are there."""

    kind = Meshes
    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.points = math.prod(self.model.outputs[0].shape) // 3
        self.bodies: Bodies | None = None
        self.profiles = Profiles(self.settings, context, self.points, self.counts)

    def process(
        self,
        frame: Frame,
        faces: Faces,
        bodies: Previous[Bodies] = None,
        motion: Motion | None = None,
    ) -> Meshes:
        self.bodies = bodies
        return self.see(frame, faces, motion)

    def close(self) -> None:
        super().close()
        self.profiles.close()

    def _look_at(self, frame: Frame, targets: Targets) -> Meshes:
        seen = super()._look_at(frame, targets)
        if self.settings.profiles and len(seen) < len(targets):
            passed_s = 0.0 if self.last is None else (self.t - self.last[1].t) / SECOND
            least = self.settings.keep_score
            seen = self.profiles.keep(frame, targets, seen, self.bodies, least, passed_s)
            self.counts["profiles"] += int((~seen.trusted).sum())
        return seen

    def _limits(self, targets: Targets) -> Floats:
        # A face whose landmarks weren't trusted has to convince the model anew.
        limits = super()._limits(targets)
        last = None if self.last is None else self.last[1]
        if last is not None and len(last) == targets.followed.sum():
            limits[np.flatnonzero(targets.followed)[~last.trusted]] = self.settings.min_score
        return limits

    def _plausible(self, targets: Targets, seen: Meshes, size: tuple[int, int]) -> Mask:
        areas = (boxes[:, 2:].prod(axis=1) for boxes in (seen.boxes, targets.boxes))
        ratios = np.abs(np.log(np.maximum(np.divide(*areas), 1e-6))) / 2
        sides = np.maximum(seen.boxes[:, 2:], 1e-3)
        strip = sides.max(axis=1) > STRIP * sides.min(axis=1)
        plausible = super()._plausible(targets, seen, size) & ~strip
        passed_s = math.inf if self.last is None else (self.t - self.last[1].t) / SECOND
        quick = min(math.log(RESIZED_PER_S) * passed_s, math.log(RESIZED))
        return plausible & (ratios < np.where(targets.followed, quick, math.log(RESIZED)))

    def _read(self, frame: Frame, region: Floats) -> Reading:
        outputs, matrix = self._run(frame, region)
        landmarks = outputs[0].reshape(-1, 3)
        landmarks[:, :2] = project(landmarks[:, :2], matrix)
        # Depth has the scale of x.
        landmarks[:, 2] *= region[2] / self.cropper.size[0]
        return Reading(landmarks, _sigmoid(float(outputs[1].reshape(-1)[0])), {})

    def _regions(self, landmarks: Floats, readings: list[Reading]) -> Floats:
        keypoints = landmarks[:, KEYPOINTS, :2].mean(axis=2)
        return regions_of_landmarks(landmarks, eye_angles(keypoints))

    def _more(self, readings: list[Reading]) -> dict[str, Any]:
        return {"trusted": np.ones(len(readings), bool)}


def _sigmoid(logit: float) -> float:
    return 0.5 * (1 + math.tanh(logit / 2))
