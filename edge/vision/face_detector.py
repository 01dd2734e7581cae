"""Where to look for faces: where they just were, and now and then anywhere in the picture."""

import numpy as np

from edge.graph.node import Context, Node, Previous
from edge.io.frames import Frame
from edge.vision.anchors import FACE_FAR, FACE_NEAR
from edge.vision.detection import Detections
from edge.vision.detector import Detector
from edge.vision.faces import Faces, Meshes, eye_angles, regions_of_boxes
from edge.vision.lookout import Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.regions import whole
from edge.vision.targets import follow, join, newcomers, sizes

MODELS = {"near": "face_near", "far": "face_far"}


class FaceDetector(Node):
    """Says where in each frame faces are to be looked for.

    `frame`: any size. `last`: what `face_landmarks` saw in the preceding frame; without it the
    detector runs on every frame that its beat allows and nothing is followed. `motion`: where
    something moves; without it anything may.
    Output: one `Faces` for every frame, in pixels; followed faces first, then newly found ones,
    the largest first, at most `max_faces` together.
    The faces of the preceding frame are followed by their landmarks at no cost. The model looks at
    the whole picture only when there is a reason; see `edge.vision.lookout.Lookout`.
    """

    class Settings(LookSettings):
        model: str = "far"
        """`near` (BlazeFace short range: faces within about 2 m, a fifth of the cost), `far`
        (full range: about 5 m), or the path of a model with the same outputs."""
        max_faces: int = 4
        """A family on a sofa. Each face costs a run of the landmark model on every frame."""
        min_score: float = 0.4
        """Lower than the 0.5 or 0.6 that are usual: what passes by mistake costs one run of the
        landmark model, which refuses it; what is missed here is missed altogether."""
        same_overlap: float = 0.4
        """A detection whose region shares more with a followed face's is that face: regions are
        half as large again as the faces, and two people cheek to cheek share less."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        model = MODELS.get(settings.model, settings.model)
        self.detector = Detector(
            model, (FACE_NEAR, FACE_FAR), settings, context, (-1, 1), "face detector"
        )
        self.lookout = Lookout(settings, settings.max_faces, context, self.counts)

    def process(self, frame: Frame, last: Previous[Meshes], motion: Motion | None) -> Faces:
        followable = self.lookout.followable(frame, self.t, last)
        known = follow(Faces, followable, self.t)
        if self.lookout.reason(frame, self.t, last, known, motion) is None:
            return known
        found = self.detector.look(frame, whole(frame.size)[None], self.settings.min_score)
        room = self.settings.max_faces - len(known)
        new = newcomers(self._faces(found), known, self.settings.same_overlap, room)
        return join(known, new)

    def close(self) -> None:
        self.detector.close()

    def _faces(self, found: Detections) -> Faces:
        boxes = sizes(found.boxes)
        regions = regions_of_boxes(boxes, eye_angles(found.keypoints))
        return Faces(self.t, boxes, regions, found.scores, np.zeros(len(boxes), bool))
