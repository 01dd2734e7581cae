"""Where to look for bodies: where they just were, below faces, and now and then anywhere."""

import numpy as np

from edge.graph.node import Context, Node, Previous
from edge.io.frames import Frame
from edge.vision.anchors import PERSON
from edge.vision.bodies import Bodies, Persons, regions_of_persons
from edge.vision.detection import Detections
from edge.vision.detector import Detector
from edge.vision.faces import Faces
from edge.vision.lookout import Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.regions import whole
from edge.vision.targets import follow, join, newcomers, sizes


class PersonDetector(Node):
    """Says where in each frame bodies are to be looked for.

    `frame`: any size. `last`: what `body_landmarks` saw in the preceding frame; without it nothing
    is followed. `motion`: where something moves; without it anything may. `faces`: where there
    are faces, bodies are below.
    Output: one `Persons` for every frame, in pixels; followed bodies first, then newly found ones,
    the largest first, at most `max_bodies` together. The model looks only when there is a reason;
    see `edge.vision.lookout.Lookout`.
    """

    class Settings(LookSettings):
        max_bodies: int = 4
        """A family on a sofa. Each body costs a run of the landmark model on every frame."""
        min_score: float = 0.5
        """As in MediaPipe."""
        same_overlap: float = 0.5
        """A detection whose region shares more with a followed body's is that body."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        self.detector = Detector("person", (PERSON,), settings, context, (-1, 1), "person detector")
        self.lookout = Lookout(settings, settings.max_bodies, context, self.counts)

    def process(
        self, frame: Frame, last: Previous[Bodies], motion: Motion | None, faces: Faces | None
    ) -> Persons:
        known = follow(Persons, self.lookout.followable(frame, self.t, last), self.t)
        if self.lookout.reason(frame, self.t, last, known, motion) is None:
            return known
        found = self.detector.look(frame, whole(frame.size)[None], self.settings.min_score)
        room = self.settings.max_bodies - len(known)
        return join(known, newcomers(self._persons(found), known, self.settings.same_overlap, room))

    def close(self) -> None:
        self.detector.close()

    def _persons(self, found: Detections) -> Persons:
        boxes = sizes(found.boxes)
        regions = regions_of_persons(found.keypoints.reshape(-1, 4, 2))
        return Persons(self.t, boxes, regions, found.scores, np.zeros(len(boxes), bool))
