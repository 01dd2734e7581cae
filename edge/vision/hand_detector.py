"""Where to look for hands: where they just were, and now and then anywhere in the picture."""

import numpy as np

from edge.graph.node import Context, Node, Previous
from edge.io.frames import Frame
from edge.vision.anchors import PALM
from edge.vision.bodies import Bodies
from edge.vision.detection import Detections
from edge.vision.detector import Detector
from edge.vision.hands import Hands, Palms, regions_of_palms
from edge.vision.lookout import Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.regions import whole
from edge.vision.targets import follow, join, newcomers, sizes


class HandDetector(Node):
    """Says where in each frame hands are to be looked for.

    `frame`: any size. `last`: what `hand_landmarks` saw in the preceding frame; without it nothing
    is followed. `motion`: where something moves; without it anything may. `bodies`: those of the
    preceding frame.
    Output: one `Palms` for every frame, in pixels; followed hands first, then newly found ones,
    the largest first, at most `max_hands` together. The model looks only when there is a reason;
    see `edge.vision.lookout.Lookout`.
    """

    class Settings(LookSettings):
        max_hands: int = 8
        """Two for each of a family on a sofa."""
        min_score: float = 0.5
        """As in MediaPipe."""
        same_overlap: float = 0.4
        """A detection whose region shares more with a followed hand's is that hand."""
        search_s: float = 0.25
        """Hands come and go, and the model is the most costly of all detectors."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        self.detector = Detector("palm", (PALM,), settings, context, (0, 1), "palm detector")
        self.lookout = Lookout(settings, settings.max_hands, context, self.counts)

    def process(
        self,
        frame: Frame,
        last: Previous[Hands],
        motion: Motion | None,
        bodies: Previous[Bodies],
    ) -> Palms:
        known = follow(Palms, self.lookout.followable(frame, self.t, last), self.t)
        if self.lookout.reason(frame, self.t, last, known, motion) is None:
            return known
        found = self.detector.look(frame, whole(frame.size)[None], self.settings.min_score)
        room = self.settings.max_hands - len(known)
        return join(known, newcomers(self._palms(found), known, self.settings.same_overlap, room))

    def close(self) -> None:
        self.detector.close()

    def _palms(self, found: Detections) -> Palms:
        boxes = sizes(found.boxes)
        regions = regions_of_palms(boxes, found.keypoints.reshape(-1, 7, 2))
        return Palms(self.t, boxes, regions, found.scores, np.zeros(len(boxes), bool))
