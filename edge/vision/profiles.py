"""Faces that are turned away: still there, by a closer look or the body, but without landmarks."""

from dataclasses import replace

import numpy as np

from edge.graph.node import Context
from edge.io.frames import Frame
from edge.vision.anchors import FACE_FAR, FACE_NEAR
from edge.vision.bodies import Bodies
from edge.vision.detection import Detections, intersection_over_union
from edge.vision.detector import Detector
from edge.vision.evidence import NOTHING, SECOND, log_odds, probability, updated
from edge.vision.faces import MARGIN, Meshes, eye_angles, regions_of_boxes
from edge.vision.heads import heads
from edge.vision.landmarks import one_each
from edge.vision.models import ModelSettings
from edge.vision.targets import Floats, Targets, centres, corners, join, select, sizes

AROUND = 2.5
"""Side of what the detector sees, in widths of the face."""
WIDER = 2.0
"""And how much more the far model sees, where the near one is in doubt: what is blurred or dark is
rather its job."""
NEW = 0.7
"""A new face without landmarks has to be so likely by the detectors alone."""
FAINT = 0.1
"""What scores less isn't worth weighing."""
NEUTRAL = 0.45
"""What the near model gives to a face and to anything else equally often where a face just was: on
a plain wall it still gives 0.1 to 0.3, on a profile 0.5 to 0.9."""
HEAD = 0.5
"""What the head of a body is worth, as a score: it neither adds to the evidence nor takes from it,
which then fades."""
MEMORY_S = 2.0
"""In which time evidence fades to a third: somebody may look back for about as long."""
FRAME_S = 0.1
"""Longest time between two looks at a face that is followed, for all that fading needs."""
OVERLAP = 0.25
"""A detection that shares less with where the face was is something else."""


class Profiles:
    """Keeps followed faces that the landmark model doesn't know as such any more.

    Each is looked at by the near detector where it was, for a fraction of the landmark model's
    cost, and only while it is turned away. A row's score is the probability that all evidence
    together amounts to (`edge.vision.evidence`).
    """

    def __init__(self, settings: ModelSettings, context: Context, points: int) -> None:
        shared = ModelSettings(threads=settings.threads, accelerator=settings.accelerator)
        self.detector = Detector(
            "face_near", (FACE_NEAR,), shared, context, (-1, 1), "face detector"
        )
        self.far = Detector("face_far", (FACE_FAR,), shared, context, (-1, 1), "face detector")
        self.points = points
        self.t: int | None = None

    def close(self) -> None:
        self.detector.close()
        self.far.close()

    def keep(
        self, frame: Frame, targets: Targets, seen: Meshes, bodies: Bodies | None, least: float
    ) -> Meshes:
        """Return what was seen and, untrusted, what else is there of the followed targets."""
        shared = intersection_over_union(corners(targets.boxes), corners(seen.boxes))
        passed_s = FRAME_S if self.t is None else min((seen.t - self.t) / SECOND, FRAME_S)
        self.t = seen.t
        gone = np.flatnonzero(~(shared > OVERLAP).any(axis=1))
        rows = [self._row(frame, targets, row, bodies, passed_s) for row in gone]
        limits = np.where(targets.followed[gone], least, NEW)
        kept, followed = [], 0
        for row, limit, was in zip(rows, limits, targets.followed[gone], strict=True):
            if row is not None and row[2] >= limit:
                kept.append(row)
                followed += int(was)
        if not kept:
            return seen
        boxes = np.array([box for box, _, _ in kept], np.float32)
        n = len(kept)
        untrusted = Meshes(
            t=seen.t,
            landmarks=np.full((n, self.points, 3), np.nan, np.float32),
            boxes=boxes,
            regions=np.array([region for _, region, _ in kept], np.float32),
            scores=np.array([score for _, _, score in kept], np.float32),
            fresh=np.ones(n, bool),
            lost=0,
            trusted=np.zeros(n, bool),
        )
        both = join(seen, untrusted)
        # A row without landmarks that has run into another is that one.
        single = one_each(np.ones(len(both), bool), both.boxes, both.scores + both.trusted, OVERLAP)
        single |= both.trusted
        lost = max(seen.lost - followed + int((~single[len(seen) :]).sum()), 0)
        rows = _order(targets, both)
        return replace(select(both, rows[single[rows]]), lost=lost)

    def _row(
        self, frame: Frame, targets: Targets, row: int, bodies: Bodies | None, passed_s: float
    ) -> tuple[Floats, Floats, float] | None:
        """Return box (4,), region (5,) and score of a face, by what speaks for it."""
        box, region = targets.boxes[row], targets.regions[row]
        wide = region.copy()
        wide[2:4] *= AROUND / MARGIN
        found = self.detector.look(frame, wide[None], FAINT)
        best = _best(found, box)
        if best is None or found.scores[best] < NEUTRAL:
            wide[2:4] *= WIDER
            farther = self.far.look(frame, wide[None], FAINT)
            other = _best(farther, box)
            if other is not None and (best is None or farther.scores[other] > found.scores[best]):
                found, best = farther, other
        score = NOTHING
        if best is not None:
            score = float(found.scores[best])
            box = sizes(found.boxes[best : best + 1])[0]
            angle = eye_angles(found.keypoints[best : best + 1])
            # Both eyes of a profile are at one place: only its keypoints' angle is unsure.
            region = regions_of_boxes(box[None], angle)[0]
            region[4] = targets.regions[row, 4]
        if score < HEAD and bodies is not None:
            head = _head(bodies, box)
            if head is not None:
                score = HEAD if best is None else max(score, HEAD)
                if best is None:
                    box = np.concatenate((head[:2] - box[2:] / 2, box[2:])).astype(np.float32)
                    region = np.concatenate((head[:2], region[2:])).astype(np.float32)
        middle = box[:2] + box[2:] / 2
        if not ((middle >= 0) & (middle < frame.size)).all():
            return None
        before = log_odds(targets.scores[row : row + 1]).clip(-3, 2)
        odds = updated(before, np.float32([score]), NEUTRAL, passed_s, MEMORY_S)
        return box, region, float(probability(odds)[0])


def _best(found: Detections, box: Floats) -> int | None:
    """Return which of the detections is at a box (4,), the surest one."""
    if not len(found.scores):
        return None
    shared = intersection_over_union(found.boxes, corners(box[None]))[:, 0]
    near = np.flatnonzero(shared > OVERLAP)
    return int(near[found.scores[near].argmax()]) if len(near) else None


def _head(bodies: Bodies, box: Floats) -> Floats | None:
    """Return the head (5,) that a face's box (4,) lies on."""
    known = heads(bodies)
    if not len(known):
        return None
    apart = np.linalg.norm(known[:, :2] - (box[:2] + box[2:] / 2), axis=1)
    nearest = int(apart.argmin())
    return known[nearest] if apart[nearest] < known[nearest, 2] / 2 else None


def _order(targets: Targets, seen: Meshes) -> np.ndarray:
    """Return the rows of what was seen in the order of the targets that they are nearest to."""
    apart = np.linalg.norm(centres(seen.boxes)[:, None] - centres(targets.boxes)[None], axis=2)
    return np.argsort(apart.argmin(axis=1), kind="stable")
