"""The landmarks of every face in view."""

import math

import numpy as np
from numpy.typing import NDArray

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.vision.detection import intersection_over_union
from edge.vision.faces import Faces, Floats, Meshes, bounds, corners
from edge.vision.models import ModelSettings, open_model
from edge.vision.regions import Cropper, project

Mask = NDArray[np.bool_]


class FaceLandmarks(Node):
    """Finds the landmarks of each face, and says which of them aren't faces (any more).

    `frame`: any size. `faces`: where to look.
    Output: one `Meshes` for every frame, in pixels, in the order of `faces`. What the model
    doesn't take for a face, what has left the picture, what isn't finite, and the less certain of
    two regions that have run into one face is left out; if it was followed from the preceding
    frame, it counts as lost.
    """

    class Settings(ModelSettings):
        model: str = "face_landmarks_478"
        """`face_landmarks_478` with irises, `face_landmarks_468` without, at a quarter of the
        cost, or the path of a model with the same outputs."""
        min_score: float = 0.5
        """A new face has to be more likely than not, as in MediaPipe."""
        keep_score: float = 0.3
        """A followed face may be less likely for a while: a hand before the mouth scores 0.3 to
        0.7. Profiles beyond about 60°, whose landmarks would be made up, score below 0.25."""
        merge_overlap: float = 0.6
        """Faces that share more of their boxes are one: cheeks that touch share under a fifth."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = open_model(self.settings.model, self.settings, context, input_range=(0, 1))
        side = self.model.inputs[0].shape[1]
        self.cropper = Cropper(side, side)
        self.points = math.prod(self.model.outputs[0].shape) // 3

    def process(self, frame: Frame, faces: Faces) -> Meshes:
        landmarks = np.empty((len(faces), self.points, 3), np.float32)
        scores = np.empty(len(faces), np.float32)
        for row, region in enumerate(faces.regions):
            scores[row] = self._look(frame, region, landmarks[row])
        boxes = bounds(landmarks)
        kept = scores >= np.where(faces.followed, self.settings.keep_score, self.settings.min_score)
        kept &= np.isfinite(landmarks).all(axis=(1, 2)) & _inside(boxes, frame.size)
        kept = self._one_each(kept, boxes, scores)
        return Meshes(
            self.t,
            landmarks[kept],
            boxes[kept],
            faces.regions[kept],
            scores[kept],
            lost=int((faces.followed & ~kept).sum()),
        )

    def close(self) -> None:
        self.model.close()

    def _look(self, frame: Frame, region: Floats, landmarks: Floats) -> float:
        """Fill in the landmarks (k, 3) of a region; return the probability that it is a face."""
        rgb, matrix = self.cropper.cut(frame.bgr, region)
        self.model.write_picture(rgb)
        raw, score = self.model.invoke()[:2]
        points = raw.reshape(-1, 3)
        landmarks[:, :2] = project(points[:, :2], matrix)
        # Depth has the scale of x.
        landmarks[:, 2] = points[:, 2] * (region[2] / self.cropper.size[0])
        return _sigmoid(float(score.reshape(-1)[0]))

    def _one_each(self, kept: Mask, boxes: Floats, scores: Floats) -> Mask:
        """Of regions that have run into the same face keep the one that is most certain."""
        if len(kept) < 2:
            return kept
        same = intersection_over_union(corners(boxes), corners(boxes)) > self.settings.merge_overlap
        for row in np.argsort(-scores, kind="stable"):
            if kept[row]:
                kept = kept & ~same[row]
                kept[row] = True
        return kept


def _inside(boxes: Floats, size: tuple[int, int]) -> Mask:
    """Return which boxes (n, 4) have their centre in the picture."""
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    return np.all((centres >= 0) & (centres < size), axis=1)


def _sigmoid(logit: float) -> float:
    return 0.5 * (1 + math.tanh(logit / 2))
