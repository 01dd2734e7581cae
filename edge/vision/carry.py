"""What was seen in one frame, carried to another by the motion of the pixels between them.

`python -m benchmarks.carry` measures how far from the model's own answer that ends up.
"""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np

from edge.io.frames import Frame, Picture
from edge.vision.regions import Matrix, project
from edge.vision.targets import Floats, Mask, Seen, bounds

S = TypeVar("S", bound=Seen)


class Settings(NamedTuple):
    side: int = 96
    """Of the grey crop that flow is computed in, pixels: each thing at a scale of its own. At 64
    hands are 4 % less exact, at 128 no more exact."""
    room: float = 1.4
    """Side of what is cropped, in longer sides of the thing's box, at least: what moves by a fifth
    of its size from frame to frame stays inside."""
    points: int = 24
    """Landmarks that are followed, evenly among all: a similarity needs two, the rest is for
    agreement. All where there are fewer than twice as many."""
    window: int = 11
    """Side of what is compared around each of them, pixels; the cost is proportional to its
    square."""
    levels: int = 2
    """Halvings of the crop: with the window, motion of up to a third of the box is found."""
    agreeing: int = 6
    """At least so many points have to agree on a motion, else the thing stays where it was."""
    tolerance: float = 2.0
    """By how many pixels of the crop a point may disagree."""
    growth: float = 1.5
    """By how much a thing may grow or shrink at once; more is a mistake."""
    jointed: int = 40
    """Things with fewer landmarks have joints: each landmark moves by itself, too."""
    joint_window: int = 9
    """As `window`: a finger's width."""
    there_and_back: float = 1.0
    """By how many pixels a landmark may miss where it started, followed there and back."""
    astray: float = 0.15
    """How far from where the whole goes a joint may go, in sides of the crop: a quick finger."""
    together: float = 7.0
    """Landmarks that are nearer in the crop, pixels, go rather the same way."""


SETTINGS = Settings()
VISIBLE = 0.5
"""A body's landmark with less visibility is a guess, which no pixel belongs to."""
SIZES, PLACES = 4, 8
"""Of the squares that flow is computed in: so many sizes an octave, and places along a side."""
GRID = (np.stack(np.meshgrid(range(5), range(5)), axis=-1).reshape(-1, 2) + 0.5) / 5
"""Points of a box that stand for landmarks where there are none, in parts of its size."""
THUMBNAIL = 160
"""Longer side of the picture that a mask's motion is seen in, the same as `MotionDetector`'s."""
MASK_CELL = 12
"""Between points whose motion is looked at, pixels of that: a head across a room has six."""


def carried(seen: S, before: Frame, now: Frame, t: int) -> S:
    """Return what was seen in `before` as it should be in `now`, at `t`, with `fresh` False.

    Each thing moves, turns and grows as a whole (a similarity), as most of its landmarks do by
    the pyramidal Lucas-Kanade flow (Bouguet 2000). Landmarks of things with joints also move by
    themselves, as far as their flow can be relied on. Box and region move along; a thing without
    landmarks (NaN) moves as the pixels in its box. What else the kind has stays as it was.
    A pure function of its arguments. Frames of unlike sizes have nothing in common: all stays.
    """
    landmarks, boxes, regions = seen.landmarks.copy(), seen.boxes.copy(), seen.regions.copy()
    if before.size == now.size:
        for row in range(len(seen)):
            _carry(landmarks[row], boxes[row], regions[row], before, now)
    more: dict[str, Any] = {"t": t, "landmarks": landmarks, "boxes": boxes, "regions": regions}
    return replace(seen, **more, fresh=np.zeros(len(seen), bool), lost=0)


def _carry(landmarks: Floats, box: Floats, region: Floats, before: Frame, now: Frame) -> None:
    """Move one thing in place: landmarks (k, 3 or more), box (4,), region (5,)."""
    if not np.isfinite(box).all():
        return
    has_landmarks = bool(np.isfinite(landmarks).all())
    points = landmarks[:, :2] if has_landmarks else box[:2] + GRID.astype(np.float32) * box[2:]
    flow = _Flow(before, now, box)
    starts = flow.into_crop(points)
    seen_there = flow.inside(points)
    if landmarks.shape[1] > 3 and has_landmarks:
        seen_there &= landmarks[:, 3] > VISIBLE
    motion = flow.similarity(starts[seen_there])
    moved = project(starts, motion)
    scale, angle = math.hypot(motion[0, 0], motion[1, 0]), math.atan2(motion[1, 0], motion[0, 0])
    if has_landmarks:
        if len(landmarks) < SETTINGS.jointed:
            moved += flow.by_themselves(starts, moved, seen_there)
        limits = bounds(landmarks[None])[0]
        landmarks[:, :2] = flow.out_of_crop(moved)
        landmarks[:, 2] *= scale
        box += bounds(landmarks[None])[0] - limits
    else:
        box[:2] = flow.out_of_crop(moved.mean(axis=0)) - box[2:] * (scale / 2)
        box[2:] *= scale
    region[:2] = flow.out_of_crop(project(flow.into_crop(region[:2]), motion))
    region[2:4] *= scale
    region[4] += angle


class _Flow:
    """How pixels around a box move from one frame to another, in a square of both."""

    def __init__(self, before: Frame, now: Frame, box: Floats) -> None:
        x, y, width, height = box.tolist()
        length = max(width, height, 1.0) * SETTINGS.room
        # Of a few sizes and places, so that the next frame finds this one's square ready.
        length = math.ceil(2 ** (math.ceil(SIZES * math.log2(length)) / SIZES))
        step = max(1, length // PLACES)
        left = round((x + width / 2 - length / 2) / step) * step
        top = round((y + height / 2 - length / 2) / step) * step
        side = SETTINGS.side
        self.size = before.size
        self.scale = np.float32(side / length)
        # The middle of the first pixel of the square is the middle of the picture's there.
        self.corner = np.array([left, top], np.float32) + np.float32(0.5 * length / side - 0.5)
        self.before, self.now = (frame.patch(left, top, length, side) for frame in (before, now))

    def into_crop(self, points: Floats) -> Floats:
        return (points - self.corner) * self.scale

    def out_of_crop(self, points: Floats) -> Floats:
        return points / self.scale + self.corner

    def inside(self, points: Floats) -> Mask:
        """Return which points of the pictures (k, 2) lie in them."""
        return np.all((points >= 0) & (points < self.size), axis=1)

    def similarity(self, starts: Floats) -> Matrix:
        """Return the similarity (2, 3) by which most of these points move, none if unsure."""
        still = np.eye(2, 3)
        if len(starts) < SETTINGS.agreeing:
            return still
        starts = np.ascontiguousarray(starts[:: max(1, len(starts) // SETTINGS.points)])
        ends, found = _follow(self.before, self.now, starts, None, SETTINGS.window, SETTINGS.levels)
        if np.count_nonzero(found) < SETTINGS.agreeing:
            return still
        fitted, agreeing = cv2.estimateAffinePartial2D(
            starts[found],
            ends[found],
            method=cv2.RANSAC,
            ransacReprojThreshold=SETTINGS.tolerance,
        )
        if fitted is None or np.count_nonzero(agreeing) < SETTINGS.agreeing:
            return still
        scale = math.hypot(fitted[0, 0], fitted[1, 0])
        if not 1 / SETTINGS.growth < scale < SETTINGS.growth:
            return still
        return np.asarray(fitted, np.float64)

    def by_themselves(self, starts: Floats, guesses: Floats, usable: Mask) -> Floats:
        """Return how much farther than guessed each landmark goes, (k, 2).

        Followed there and back; where that fails a landmark goes as its neighbours do, and the
        fewer of them there are the nearer it stays to the guess.
        """
        window = SETTINGS.joint_window
        starts = np.ascontiguousarray(starts)
        ends, found = _follow(self.before, self.now, starts, guesses, window, 1)
        back, found_back = _follow(self.now, self.before, ends, starts, window, 1)
        farther = ends - guesses
        limit = SETTINGS.astray * SETTINGS.side
        usable = usable & found & found_back & (np.abs(farther).max(axis=1) < limit)
        usable &= np.abs(back - starts).max(axis=1) < SETTINGS.there_and_back
        apart = np.square(starts[:, None] - starts[None]).sum(axis=2)
        weights = np.exp(apart * np.float32(-0.5 / SETTINGS.together**2)) * usable
        summed = weights @ np.where(usable[:, None], farther, np.float32(0))
        return summed / (weights.sum(axis=1, keepdims=True) + np.float32(0.5))


def _follow(
    before: Picture, now: Picture, starts: Floats, guesses: Floats | None, window: int, levels: int
) -> tuple[Floats, Mask]:
    """Return where points (k, 2) are now, and which of them were found."""
    ends, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        starts,
        None if guesses is None else guesses.astype(np.float32),  # type: ignore[arg-type]
        winSize=(window, window),
        maxLevel=levels,
        flags=0 if guesses is None else cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return ends.astype(np.float32, copy=False), found[:, 0] == 1


def mask_thumbnail(frame: Frame) -> Picture:
    """Return what masks of a frame are carried by."""
    width, height = frame.size
    return frame.thumbnail(max(1, round(THUMBNAIL * width / max(width, height))))


def carried_mask(mask: Picture, old: Picture, new: Picture) -> Picture:
    """Return a mask (rows, columns; the whole frame, stretched) of one frame as it is in another,
    by their thumbnails, which have one shape.

    Its edges move as the pixels around them do, by Lucas-Kanade flow, from the new frame back to
    where they were; elsewhere it's one value, whichever way it moves.
    """
    rows, columns = (-(-length // MASK_CELL) for length in new.shape)
    y, x = np.nonzero(_edges(mask, rows, columns))
    scale = np.array((new.shape[1] / columns, new.shape[0] / rows), np.float32)
    points = ((np.stack((x, y), axis=1) + 0.5) * scale).astype(np.float32)
    if not len(points):
        return mask
    ends, found = _follow(new, old, points, None, SETTINGS.window, SETTINGS.levels)
    flow = np.zeros((rows, columns, 2), np.float32)
    shape = np.array(mask.shape[::-1], np.float32)
    flow[y, x] = np.where(found[:, None], ends - points, 0) * shape / new.shape[::-1]
    back = cv2.add(cv2.resize(flow, mask.shape[::-1]), _pixels(*mask.shape))
    moved = cv2.remap(mask, back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(moved, np.uint8)


def _edges(mask: Picture, rows: int, columns: int) -> Mask:
    """Return in which cells of a grid over a mask it has an edge, or next to which."""
    means = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA)
    mixed = ((means > 0.05 * 255) & (means < 0.95 * 255)).astype(np.uint8)
    return cv2.dilate(mixed, np.ones((3, 3), np.uint8)) > 0


@lru_cache(maxsize=4)
def _pixels(rows: int, columns: int) -> Floats:
    """Return x and y of every pixel, (rows, columns, 2)."""
    return np.dstack(np.meshgrid(np.arange(columns), np.arange(rows))).astype(np.float32)
