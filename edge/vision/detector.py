"""A single-shot detector: a model, its anchors, and any region of a frame to look at."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from edge.errors import UserError
from edge.graph.node import Context
from edge.io.frames import Frame, Picture
from edge.vision.anchors import Head, anchors
from edge.vision.detection import LARGEST, Detections, decode, merge_overlapping
from edge.vision.models import ModelSettings, open_model
from edge.vision.regions import Cropper, Floats, lighten, project

MERGE_OVERLAP = 0.3
"""Detections that share more of their area are one: the models' own value. Heads and palms side by
side share less."""


class Average:
    """The mean of a thing's last crops: noise gets weaker, the thing doesn't.

    Of two only: what is followed moves a little in its region, and with three it blurs more than a
    sensor's noise does harm. Of what has gone nothing stays, which would be seen on a plain wall.
    """

    LAST = 2

    def __init__(self) -> None:
        self._crops: list[Picture] = []
        self._sum = np.empty(0, np.uint16)

    def add(self, crop: Picture) -> Picture:
        """Return the mean with this crop, uint8 of its shape."""
        if not self._crops:
            self._sum = np.zeros(crop.shape, np.uint16)
        if len(self._crops) == self.LAST:
            oldest = self._crops.pop(0)
            self._sum -= oldest
            oldest[:] = crop
        else:
            oldest = crop.copy()
        self._crops.append(oldest)
        self._sum += oldest
        return (self._sum // len(self._crops)).astype(np.uint8)


class Detector:
    """Looks for faces, palms or persons in regions of a frame.

    `heads`: the layout by the number of anchors, for models of one job and several sizes. Raises
    UserError where the model is no detector of this job, which is called `job`.
    """

    def __init__(
        self,
        model: str,
        heads: Sequence[Head],
        settings: ModelSettings,
        context: Context,
        input_range: tuple[float, float],
        job: str,
        counts: Counter[str] | None = None,
    ) -> None:
        """`counts`: where looks are counted, as `invalid`, whose outputs can't all be used."""
        self.counts: Counter[str] = Counter() if counts is None else counts
        self.model = open_model(model, settings, context, input_range)
        count = self.model.outputs[0].shape[1] if len(self.model.outputs) > 1 else 0
        known = {len(anchors(head)): head for head in heads}
        if count not in known:
            self.model.close()
            wanted = " or ".join(map(str, known))
            raise UserError(f"{model} is no {job}: it has {count} anchors, not {wanted}")
        self.anchors = anchors(known[count])
        self.side = known[count].size
        self.cropper = Cropper(self.side, self.side, edges=False, keep_aspect=True)

    def look(self, frame: Frame, regions: Floats, min_score: float) -> Detections:
        """Return what is in the regions (n, 5) of a frame, in pixels of the frame; best first.

        A box lies along the picture's axes, also where its region is turned.
        """
        found = [self._look(frame, region, min_score) for region in regions]
        if not found:
            return NOTHING
        parts = (np.concatenate(part) for part in zip(*found, strict=True))
        return merge_overlapping(Detections(*parts), MERGE_OVERLAP)

    def look_again(
        self, frame: Frame, region: Floats, min_score: float, average: Average
    ) -> Detections:
        """Return what is in a region (5,) that was looked at before, by the mean of all looks."""
        found = self._look(frame, region, min_score, average)
        return merge_overlapping(found, MERGE_OVERLAP)

    def close(self) -> None:
        self.model.close()

    def _look(
        self, frame: Frame, region: Floats, min_score: float, average: Average | None = None
    ) -> Detections:
        rgb, matrix = self.cropper.cut(frame.bgr, region)
        lighten(rgb)
        if average is not None:
            rgb = average.add(rgb)
        self.model.write_picture(rgb)
        raw_boxes, raw_scores = self.model.invoke()[:2]
        # Not a number is neither larger nor smaller.
        if not all(np.abs(raw).max() < LARGEST for raw in (raw_boxes, raw_scores)):
            self.counts["invalid"] += 1
        found = decode(raw_boxes[0], raw_scores[0, :, 0], self.anchors, self.side, min_score)
        scale = np.float32(np.hypot(*matrix[:, 0]))
        centres = project((found.boxes[:, :2] + found.boxes[:, 2:]) * np.float32(0.5), matrix)
        half = (found.boxes[:, 2:] - found.boxes[:, :2]) * (scale * np.float32(0.5))
        boxes = np.concatenate((centres - half, centres + half), axis=1)
        return Detections(boxes, project(found.keypoints, matrix), found.scores)


NOTHING = Detections(
    np.empty((0, 4), np.float32), np.empty((0, 0, 2), np.float32), np.empty(0, np.float32)
)
