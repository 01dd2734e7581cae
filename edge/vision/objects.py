"""People found by an object detector, EfficientDet-Lite0 (Tan et al. 2020): many and small ones."""

import numpy as np

from edge.graph.node import Context
from edge.io.frames import Frame
from edge.vision.anchors import pyramid
from edge.vision.detection import Detections, merge_overlapping
from edge.vision.detector import NOTHING
from edge.vision.models import ModelSettings, open_model
from edge.vision.regions import Cropper, Floats, project

SIDE = 320
PERSON = 0
"""Of the 90 columns of scores, the one of people."""
MERGE_OVERLAP = 0.5
"""Boxes of people that share more of their area are of one person: one who half hides another
leaves less."""
LARGEST = 3.0
"""Logarithm of the ratio between a box and its anchor that is still taken seriously: 20 times."""


class Objects:
    """Looks for people in regions of a frame. Raises UserError where its model can't be had."""

    def __init__(self, settings: ModelSettings, context: Context) -> None:
        # A variant is that of the person detector, which this model stands in for.
        own = ModelSettings(threads=settings.threads, accelerator=settings.accelerator)
        self.model = open_model("objects", own, context, (-0.9921875, 1))
        self.anchors = pyramid(SIDE)
        self.cropper = Cropper(SIDE, SIDE, edges=False, keep_aspect=True)

    def look(self, frame: Frame, regions: Floats, min_score: float) -> Detections:
        """Return the people in the regions (n, 5) of a frame, in its pixels; best first."""
        found = [self._look(frame, region, min_score) for region in regions]
        if not found:
            return NOTHING
        parts = (np.concatenate(part) for part in zip(*found, strict=True))
        return merge_overlapping(Detections(*parts), MERGE_OVERLAP)

    def close(self) -> None:
        self.model.close()

    def _look(self, frame: Frame, region: Floats, min_score: float) -> Detections:
        rgb, matrix = self.cropper.cut(frame.bgr, region)
        self.model.write_picture(rgb)
        scores, boxes = self.model.invoke()
        found = people(boxes[0], scores[0, :, PERSON], self.anchors, min_score)
        ends = project(found.boxes.reshape(-1, 2, 2) * np.float32(SIDE), matrix)
        return found._replace(boxes=ends.reshape(-1, 4))


def people(boxes: Floats, scores: Floats, anchors: Floats, min_score: float) -> Detections:
    """Decode what scores `min_score` or more; boxes in parts of the input's side.

    `boxes` (n, 4): y, x, height, width, as offsets to the anchors (Faster R-CNN's coding, Ren et
    al. 2015, section 3.1.2). `scores` (n,): 0 to 1. `anchors` (n, 4): centre x, y, width, height.
    Rows with a value that isn't finite are left out.
    """
    kept = np.flatnonzero(scores >= min_score)
    kept = kept[np.isfinite(boxes[kept]).all(axis=1) & np.isfinite(scores[kept])]
    raw, anchor = boxes[kept][:, [1, 0, 3, 2]], anchors[kept]
    centres = raw[:, :2] * anchor[:, 2:] + anchor[:, :2]
    half = np.exp(raw[:, 2:].clip(-LARGEST, LARGEST)) * anchor[:, 2:] * np.float32(0.5)
    corners = np.concatenate((centres - half, centres + half), axis=1)
    return Detections(corners, np.empty((len(kept), 0, 2), np.float32), scores[kept])
