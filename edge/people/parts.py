"""Turns rows of what was seen into the parts of people, as results have them."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from msgspec import UNSET

from edge.people.results import Body, Face, Hand, Person
from edge.people.smoothing import Smoother
from edge.vision.bodies import Bodies
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.targets import Floats, Mask, Seen, select

FARTHEST = 1e6
"""No picture has so many pixels: positions beyond are a model's mistake, like those not finite."""
VISIBLE = 0.5
"""A body's landmark with less visibility is rather hidden than seen."""
SIDES = ("left", "right")
Corners = tuple[float, float, float, float]
"""Left, top, right, bottom."""
S = TypeVar("S", Meshes, Hands, Bodies)


class Rows(NamedTuple):
    """One person's rows in what was seen, -1 and none where a part wasn't.

    `hands`: row, side (0: left, 1: right), and the key under which it is smoothed, 0 for none.
    """

    face: int
    body: int
    hands: list[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Sight:
    """All that was seen in the frame at `t`, of `size` (width, height), of which results tell.

    `ahead_s`: they are to tell of so much later.
    """

    t: int
    size: tuple[int, int]
    faces: Meshes
    hands: Hands
    bodies: Bodies
    ahead_s: float = 0.0


class Parts:
    """Builds people out of their parts, each smoothed; with `landmarks`, these are written."""

    def __init__(self, smoother: Smoother, *, landmarks: bool) -> None:
        self.smoother = smoother
        self.landmarks = landmarks

    def person(self, id_: int, sight: Sight, rows: Rows, box_sd: float) -> Person:
        faces, hands, bodies = sight.faces, sight.hands, sight.bodies
        fresh = [bool(hands.fresh[row]) for row, _, _ in rows.hands]
        if rows.face >= 0:
            fresh.append(bool(faces.fresh[rows.face]))
        if rows.body >= 0:
            fresh.append(bool(bodies.fresh[rows.body]))
        seen = any(fresh)
        scores, extents = [], []
        parts: dict[str, Any] = {}
        if rows.face >= 0:
            reliable = bool(faces.trusted[rows.face])
            common, extent, _ = self._part(("face", id_), sight, faces, rows.face, seen, reliable)
            parts["face"] = Face(**common)
            scores.append(common["score"])
            extents.append(extent)
        if rows.hands:
            parts["hands"] = []
        for row, side, key in sorted(rows.hands, key=lambda hand: hand[1]):
            common, extent, _ = self._part(("hand", key) if key else None, sight, hands, row, seen)
            parts["hands"].append(Hand(**common, side=SIDES[side]))
            scores.append(common["score"])
            extents.append(extent)
        box = extents[0] if extents else (0.0, 0.0, 0.0, 0.0)
        if rows.body >= 0:
            common, extent, points = self._part(("body", id_), sight, bodies, rows.body, seen)
            parts["body"] = Body(**common)
            scores.append(common["score"])
            shown = visible_corners(points, sight.size)
            box = whole([*extents, *shown] or [extent], sight.size)
        return Person(
            id=id_,
            box=box_of(box),
            score=max(scores),
            fresh=seen,
            box_sd=round(box_sd, 2) if math.isfinite(box_sd) else UNSET,
            **parts,
        )

    def _part(
        self,
        key: Hashable,
        sight: Sight,
        seen: Seen,
        row: int,
        fresh: bool,
        reliable: bool = True,
    ) -> tuple[dict[str, Any], Corners, Floats]:
        """Return what all parts have, where it is, and its landmarks, or corners for want of them.

        Without a `key` it isn't smoothed.
        """
        left, top, width, height = seen.boxes[row].tolist()
        points = seen.landmarks[row]
        if not reliable:
            points = np.array(((left, top), (left + width, top + height)), np.float32)
        if key is not None:
            size = math.sqrt(max(width * height, 1.0))
            points = self.smoother.smoothed(key, seen.t, points, size, sight.ahead_s)
        across, down = points[:, 0], points[:, 1]
        extent = (float(across.min()), float(down.min()), float(across.max()), float(down.max()))
        own = bool(seen.fresh[row])
        common = {
            "box": box_of(extent),
            "score": round(min(max(float(seen.scores[row]), 0.0), 1.0), 3),
            "fresh": UNSET if own == fresh else own,
        }
        common["landmarks"] = written(points) if self.landmarks and reliable else UNSET
        return common, extent, points


def clean(seen: S) -> tuple[S, int]:
    """Return the rows that have a place and a score, and how many haven't.

    A face without landmarks is none that is trusted.
    """
    good = np.isfinite(seen.scores) & (np.abs(seen.boxes) < FARTHEST).all(axis=1)
    landmarks = (np.abs(seen.landmarks) < FARTHEST).all(axis=(1, 2))
    if not isinstance(seen, Meshes):
        good &= landmarks
    elif not (landmarks | ~seen.trusted).all():
        seen = replaced_trust(seen, seen.trusted & landmarks)
    bad = int((~good).sum())
    return (select(seen, good), bad) if bad else (seen, 0)


def replaced_trust(faces: Meshes, trusted: Mask) -> Meshes:
    landmarks = faces.landmarks.copy()
    landmarks[~trusted] = np.nan
    rows = (faces.boxes, faces.regions, faces.scores, faces.fresh)
    return Meshes(faces.t, landmarks, *rows, lost=faces.lost, trusted=trusted)


def visible_corners(points: Floats, size: tuple[int, int]) -> list[Corners]:
    """Return the extent of a body's landmarks (33, 4) that are seen in the picture, if any are."""
    inside = (points[:, 3] >= VISIBLE) & ((points[:, :2] >= 0) & (points[:, :2] < size)).all(axis=1)
    if not inside.any():
        return []
    low, high = points[inside, :2].min(axis=0), points[inside, :2].max(axis=0)
    return [(*low.tolist(), *high.tolist())]


def whole(extents: list[Corners], size: tuple[int, int]) -> Corners:
    """Return what bounds all of them, as far as it lies in the picture."""
    left, top = (min(extent[side] for extent in extents) for side in (0, 1))
    right, bottom = (max(extent[side] for extent in extents) for side in (2, 3))
    inside = max(left, 0.0), max(top, 0.0), min(right, float(size[0])), min(bottom, float(size[1]))
    return inside if inside[0] <= inside[2] and inside[1] <= inside[3] else extents[0]


def box_of(corners: Corners) -> list[float]:
    """Return x, y, width, height, rounded as `results.rounded` does it."""
    left, top, right, bottom = corners
    return [round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)]


def written(points: Floats) -> list[list[float]]:
    """Return landmarks (k, 3 or 4) as lists of short numbers; the fourth is a probability."""
    values = points.astype(np.float64)
    rounded = np.round(values, 1)
    if values.shape[1] > 3:
        rounded[:, 3] = np.round(values[:, 3].clip(0, 1), 3)
    lists: list[list[float]] = rounded.tolist()
    return lists


def nobody(kind: type[S], points: int, values: int, **more: Floats | Mask) -> S:
    """Return what it looks like when nothing of a kind was seen."""
    rows = np.empty((0, 5), np.float32)
    none = np.empty(0, bool)
    landmarks = np.empty((0, points, values), np.float32)
    return kind(0, landmarks, rows[:, :4], rows, rows[:, 0], none, lost=0, **more)  # type: ignore[arg-type]


NO_FACES = nobody(Meshes, 478, 3, trusted=np.empty(0, bool))
NO_HANDS = nobody(
    Hands,
    21,
    3,
    right=np.empty(0, np.float32),
    world=np.empty((0, 21, 3), np.float32),
    moved=np.empty((0, 2), np.float32),
)
NO_BODIES = nobody(Bodies, 33, 4, world=np.empty((0, 33, 3), np.float32))
