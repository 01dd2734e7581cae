"""Where to look for faces: where they just were, and now and then anywhere in the picture."""

from collections import Counter

import numpy as np

from edge.graph.node import Context, Node, Previous
from edge.io.frames import Frame
from edge.vision.anchors import face_anchors
from edge.vision.detection import Detections, decode, intersection_over_union, merge_overlapping
from edge.vision.faces import (
    Faces,
    Meshes,
    corners,
    eye_angles,
    follow,
    join,
    no_faces,
    regions_of_boxes,
    select,
)
from edge.vision.models import ModelSettings, open_model
from edge.vision.regions import Cropper, Matrix, project, whole

SECOND = 1_000_000
MODELS = {"near": "face_near", "far": "face_far"}


class FaceDetector(Node):
    """Says where in each frame faces are to be looked for.

    `frame`: any size. `last`: what `face_landmarks` saw in the preceding frame; without it the
    detector runs on every frame that its beat allows and nothing is followed.
    Output: one `Faces` for every frame, in pixels; followed faces first, then newly found ones,
    the largest first, at most `max_faces` together.
    The faces of the preceding frame are followed by their landmarks at no cost. The model looks at
    the whole picture only when there is a reason, marked in the trace as `detect`:
    `first` (nothing is known yet), `still` (a picture on its own), `gap` (the last known faces are
    too old to be followed), `lost` (a face is gone since the preceding frame), `search` (a face
    was lost a moment ago, or none is known), `newcomers` (a slow beat otherwise). With `max_faces`
    in view it never runs.
    All timing is by the frames' own t, so the same input gives the same output.
    """

    class Settings(ModelSettings):
        model: str = "far"
        """`near` (BlazeFace short range: faces within about 2 m, a fifth of the cost), `far`
        (full range: about 5 m), or the path of a model with the same outputs."""
        max_faces: int = 4
        """A family on a sofa. Each face costs a run of the landmark model on every frame."""
        min_score: float = 0.4
        """Lower than the 0.5 or 0.6 that are usual: what passes by mistake costs one run of the
        landmark model, which refuses it; what is missed here is missed altogether."""
        merge_overlap: float = 0.3
        """Detections that share more of their area are one face (the models' own value; heads
        side by side share less)."""
        same_overlap: float = 0.4
        """A detection whose region shares more with a followed face's is that face: regions are
        half as large again as the faces, and two people cheek to cheek share less."""
        search_s: float = 0.1
        """Between looks while a face is missing: who walks in is seen before they have taken
        half a step."""
        newcomers_s: float = 0.5
        """Between looks while all known faces are held: who joins waits no longer than a glance
        takes, and the model costs a fifteenth of what it would at 30 frames a second."""
        search_for_s: float = 1.0
        """How long a lost face is searched for: most occlusions by a hand or a cup are shorter."""
        stale_s: float = 0.3
        """A face can leave its region altogether in this time, at a walk and an arm's length."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        name = MODELS.get(self.settings.model, self.settings.model)
        self.model = open_model(name, self.settings, context, input_range=(-1, 1))
        side = self.model.inputs[0].shape[1]
        self.anchors = face_anchors(self.model.outputs[0].shape[1])
        self.cropper = Cropper(side, side, edges=False, keep_aspect=True)
        self.runs: Counter[str] = Counter()
        self.looked_at: int | None = None
        self.expected, self.search_until = 0, 0

    def process(self, frame: Frame, last: Previous[Meshes]) -> Faces:
        gap = last is not None and self.t - last.t > self.settings.stale_s * SECOND
        if frame.still or gap:
            last = None
        known = no_faces(self.t) if last is None else follow(last, self.t)
        lost = 0 if last is None else last.lost
        if lost:
            self.expected = len(known) + lost
            self.search_until = self.t + round(self.settings.search_for_s * SECOND)
        reason = "still" if frame.still else self._reason(len(known), lost, gap)
        if reason is None:
            return known
        self.context.instant("detect", reason=reason)
        self.runs[reason] += 1
        self.looked_at = self.t
        return join(known, self._newcomers(self._detect(frame), known))

    def close(self) -> None:
        self.model.close()

    def _reason(self, known: int, lost: int, gap: bool) -> str | None:
        """Return why the model has to look at this frame, None if it needn't."""
        if known >= self.settings.max_faces:
            return None
        if self.looked_at is None:
            return "first"
        if gap:
            return "gap"
        if lost:
            return "lost"
        missing = not known or (known < self.expected and self.t < self.search_until)
        since = self.t - self.looked_at
        if missing and since >= self.settings.search_s * SECOND:
            return "search"
        if since >= self.settings.newcomers_s * SECOND:
            return "newcomers"
        return None

    def _detect(self, frame: Frame) -> Faces:
        """Look at the whole picture."""
        rgb, matrix = self.cropper.cut(frame.bgr, whole(frame.size))
        self.model.write_picture(rgb)
        raw_boxes, raw_scores = self.model.invoke()[:2]
        found = decode(
            raw_boxes[0],
            raw_scores[0, :, 0],
            self.anchors,
            self.cropper.size[0],
            self.settings.min_score,
        )
        return self._faces(merge_overlapping(found, self.settings.merge_overlap), matrix)

    def _faces(self, found: Detections, matrix: Matrix) -> Faces:
        """Put detections back into the picture."""
        ends = project(found.boxes.reshape(-1, 2, 2), matrix)
        boxes = np.concatenate((ends[:, 0], ends[:, 1] - ends[:, 0]), axis=1)
        keypoints = project(found.keypoints, matrix)
        regions = regions_of_boxes(boxes, eye_angles(keypoints))
        followed = np.zeros(len(boxes), bool)
        return Faces(self.t, boxes, keypoints, regions, found.scores, followed)

    def _newcomers(self, found: Faces, known: Faces) -> Faces:
        """Return the largest of the found faces that aren't known, as many as there is room for."""
        shared = intersection_over_union(_extents(found), _extents(known))
        new = np.flatnonzero(~(shared > self.settings.same_overlap).any(axis=1))
        new = new[np.argsort(-found.boxes[new, 2], kind="stable")]
        return select(found, new[: self.settings.max_faces - len(known)])


def _extents(faces: Faces) -> np.ndarray:
    """Return the regions' left, top, right, bottom, not turned."""
    half = faces.regions[:, 2:4] / 2
    return corners(np.concatenate((faces.regions[:, :2] - half, 2 * half), axis=1))
