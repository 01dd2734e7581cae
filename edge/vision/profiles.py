"""Faces whose landmarks can't be trusted: turned away, in noise or darkness, but still there."""

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from edge.graph.node import Context
from edge.io.frames import Frame
from edge.vision.anchors import FACE_FAR, FACE_NEAR
from edge.vision.bodies import Bodies, heads
from edge.vision.detection import Detections, intersection_over_union
from edge.vision.detector import Average, Detector
from edge.vision.evidence import (
    FAR_AROUND,
    NEAR_AROUND,
    SECOND,
    around,
    log_odds,
    look_closer,
    look_turned,
    probability,
    score_of,
    updated,
)
from edge.vision.evidence import SETTINGS as WEIGHTS
from edge.vision.faces import Meshes, eye_angles, regions_of_boxes
from edge.vision.models import ModelSettings
from edge.vision.regions import DARK, whole
from edge.vision.targets import Floats, Mask, Targets, centres, corners, join, select, sizes


class Settings(NamedTuple):
    new: float = 0.7
    """How likely a new face without landmarks has to be."""
    new_far: float = 0.3
    """And what the far detector has to say of it, but in the dark, where it sees little: cloth gets
    0.28, where the near one says 0.6 on each frame."""
    before: float = 2.0
    """Log-odds that what was seen before is worth at most: one glance at nothing must not end it,
    two may."""
    memory_s: float = 2.0
    """In which time evidence fades to a third: somebody may look back for about as long."""
    glance_s: float = 0.1
    """Longest time between two looks at a face that is followed, for all that fading needs."""
    doubt: float = 0.6
    """Below this score of the near detector, the far one is asked, too."""
    grown: float = 0.85
    """From this score on the near detector is right that a face is larger than it was. A blurred
    one it takes for up to half as large again, and if that were believed, for more each time."""
    shrunk: float = 0.5
    """And from this one on that it is smaller: the far model makes small ones too large."""
    turn_s: float = 0.3
    """Between looks whether the face is on its side, or upside down."""
    speed: float = 7.0
    """Widths that a head moves in a second at most, as of somebody who sits down."""
    apart: float = 0.7
    """Faces whose middles are nearer, in widths, are one: those of two people who touch are 0.9
    apart."""
    overlap: float = 0.25
    """What shares less of its area with where the face was is something else."""


SETTINGS = Settings()


@dataclass(slots=True)
class _Row:
    """A face without landmarks, `box` (4,: x, y, width, height), on its way to the next frame."""

    box: Floats
    region: Floats
    score: float = 0.0
    near: Average = field(default_factory=Average)
    far: Average = field(default_factory=Average)
    turned_at: int = -SECOND
    far_score: float = 0.0
    unproven: bool = False
    """No landmarks of it were ever trusted."""

    def move(self, middle: Floats, size: Floats) -> None:
        """Go to another middle (2,) and size (2,).

        The angle stays: both eyes of a profile are at one place, and say nothing of it.
        """
        self.box = np.concatenate((middle - size / 2, size)).astype(np.float32)
        self.region = regions_of_boxes(self.box[None], self.region[4:])[0]


class Profiles:
    """Keeps faces that the landmark model doesn't know as such (any more).

    Each is looked at where it was by the near detector, at a fraction of the landmark model's cost,
    and by the far one where that is in doubt; or the head of a body says that it is there. A row's
    score is the probability that all evidence together amounts to (`edge.vision.evidence`).
    """

    def __init__(
        self, settings: ModelSettings, context: Context, points: int, counts: Counter[str]
    ) -> None:
        shared = ModelSettings(threads=settings.threads, accelerator=settings.accelerator)
        self.near, self.far = (
            Detector(name, (FACE_NEAR, FACE_FAR), shared, context, (-1, 1), "face detector", counts)
            for name in ("face_near", "face_far")
        )
        self.points = points
        self.t: int | None = None
        self.rows: list[_Row] = []

    def close(self) -> None:
        self.near.close()
        self.far.close()

    def keep(
        self,
        frame: Frame,
        targets: Targets,
        seen: Meshes,
        bodies: Bodies | None,
        least: float,
        passed_s: float,
    ) -> Meshes:
        """Return what was seen and, untrusted, what else is there of the targets.

        `least`: how likely one has to be that is followed. `passed_s`: since the preceding frame.
        """
        self.t = seen.t
        moved = _moved(targets, seen, passed_s)
        passed_s = min(passed_s, SETTINGS.glance_s)
        shared = intersection_over_union(corners(targets.boxes), corners(seen.boxes))
        gone = np.flatnonzero(~(shared > SETTINGS.overlap).any(axis=1) & ~moved).tolist()
        before, self.rows = self.rows, []
        followed = 0
        for index in gone:
            row = _before(before, targets.boxes[index], targets.regions[index])
            is_followed = bool(targets.followed[index])
            row.unproven |= not is_followed
            odds = log_odds(float(targets.scores[index]))
            self._look(frame, row, min(odds, SETTINGS.before), bodies, passed_s)
            limit = least if is_followed else SETTINGS.new
            if not is_followed and row.far_score < SETTINGS.new_far and not is_dark(frame):
                continue
            if row.score >= limit and _is_inside(row.box, frame.size):
                self.rows.append(row)
                followed += is_followed
        if not self.rows:
            return seen
        both = join(seen, self._meshes(seen.t))
        single = _single(both)
        lost = max(seen.lost - followed + int((~single[len(seen) :]).sum()), 0)
        order = _order(targets, both)
        return replace(select(both, order[single[order]]), lost=lost)

    def _look(
        self, frame: Frame, row: _Row, odds: float, bodies: Bodies | None, passed_s: float
    ) -> None:
        """Look at a face where it was; move it there, and weigh what speaks for it."""
        box, angle = corners(row.box[None])[0], float(row.region[4])
        near = look_closer(self.near, frame, around(box, NEAR_AROUND, angle), box, row.near)
        found = [near]
        if score_of(near) < SETTINGS.doubt or (row.unproven and not row.far_score):
            region = self._far_region(frame, box, angle)
            found.append(look_closer(self.far, frame, region, box, row.far))
        score = max(map(score_of, found))
        boxes = np.concatenate([each.boxes for each in found])
        if len(boxes):
            weights = np.concatenate([each.scores for each in found])
            middle = np.average(centres(sizes(boxes)), axis=0, weights=weights)
            row.move(middle, _size(row.box[2:], near))
            self._turn(frame, row)
        head = None
        if score < WEIGHTS.neutral and bodies is not None:
            head = _head(bodies, row.box)
        if head is not None:
            # It neither adds to the evidence nor takes from it, which then fades.
            score = WEIGHTS.neutral
            if not len(boxes):
                row.move(head, row.box[2:])
        row.far_score = score_of(found[-1])
        row.score = probability(updated(odds, score, passed_s, SETTINGS.memory_s))

    def _far_region(self, frame: Frame, box: Floats, angle: float) -> Floats:
        """Return what the far model is to see: all there is, if the face is large enough in it."""
        everything = whole(frame.size)
        share = float((box[2:] - box[:2]).max() / everything[2:4].max())
        if share * FAR_AROUND > 0.8 and abs(math.sin(angle)) < 0.5 < math.cos(angle):
            return everything
        return around(box, FAR_AROUND, angle)

    def _turn(self, frame: Frame, row: _Row) -> None:
        """Now and then see whether the face is rather one on its side, or upside down."""
        assert self.t is not None
        if self.t - row.turned_at < SETTINGS.turn_s * SECOND:
            return
        row.turned_at = self.t
        box = corners(row.box[None])[0]
        found = look_turned(self.near, frame, box, float(row.region[4]))
        if len(found.scores):
            row.region[4] = eye_angles(found.keypoints)[0]
            row.near, row.far = Average(), Average()

    def _meshes(self, t: int) -> Meshes:
        n = len(self.rows)
        return Meshes(
            t=t,
            landmarks=np.full((n, self.points, 3), np.nan, np.float32),
            boxes=np.array([row.box for row in self.rows], np.float32),
            regions=np.array([row.region for row in self.rows], np.float32),
            scores=np.array([row.score for row in self.rows], np.float32),
            fresh=np.ones(n, bool),
            lost=0,
            trusted=np.zeros(n, bool),
        )


def is_dark(frame: Frame) -> bool:
    """Say whether the picture as a whole is so dark that crops of it are made lighter."""
    return bool(frame.bgr[::16, ::16].mean() < DARK)


def _moved(targets: Targets, seen: Meshes, passed_s: float) -> Mask:
    """Return (n,) which of the targets are probably one of the faces that weren't known before."""
    followed = corners(targets.boxes[targets.followed])
    shared = intersection_over_union(corners(seen.boxes), followed) > SETTINGS.overlap
    new = centres(seen.boxes)[~shared.any(axis=1)]
    apart = np.linalg.norm(centres(targets.boxes)[:, None] - new[None], axis=2)
    reach = (SETTINGS.apart + SETTINGS.speed * passed_s) * targets.boxes[:, 2:].max(axis=1)
    return np.asarray(targets.followed & (apart < reach[:, None]).any(axis=1))


def _before(rows: list[_Row], box: Floats, region: Floats) -> _Row:
    """Return the row of the preceding frame that a target (4,: x, y, width, height) comes from."""
    for row in rows:
        if np.array_equal(row.box, box):
            return row
    return _Row(box, region)


def _size(before: Floats, near: Detections) -> Floats:
    """Return width and height of a face by what they were and what the near detector saw."""
    if not len(near.scores):
        return before
    now = near.boxes[0, 2:] - near.boxes[0, :2]
    least = SETTINGS.grown if now.max() > before.max() else SETTINGS.shrunk
    half: Floats = (before + now) * np.float32(0.5)
    return half if score_of(near) >= least else before


def _is_inside(box: Floats, size: tuple[int, int]) -> bool:
    middle = box[:2] + box[2:] / 2
    return bool(((middle >= 0) & (middle < size)).all())


def _single(faces: Meshes) -> Mask:
    """Return (n,) without those that have run into another, landmarks or not."""
    middles, widths = centres(faces.boxes), faces.boxes[:, 2:].max(axis=1)
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)
    same = apart < SETTINGS.apart * np.maximum(widths[:, None], widths[None])
    better = (faces.scores + faces.trusted)[:, None] < (faces.scores + faces.trusted)[None]
    return np.asarray(faces.trusted | ~(same & better).any(axis=1))


def _head(bodies: Bodies, box: Floats) -> Floats | None:
    """Return the middle (2,) of the head that a face's box (4,) lies on."""
    boxes, _, seen = heads(bodies)
    boxes = boxes[seen]
    if not len(boxes):
        return None
    middles = centres(boxes)
    apart = np.linalg.norm(middles - (box[:2] + box[2:] / 2), axis=1)
    nearest = int(apart.argmin())
    return middles[nearest] if apart[nearest] < boxes[nearest, 2] / 2 else None


def _order(targets: Targets, seen: Meshes) -> np.ndarray:
    """Return the rows of what was seen in the order of the targets that they are nearest to."""
    apart = np.linalg.norm(centres(seen.boxes)[:, None] - centres(targets.boxes)[None], axis=2)
    return np.argsort(apart.argmin(axis=1), kind="stable")
