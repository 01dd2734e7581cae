"""What was seen in one frame, carried to another by the motion of the pixels between them."""

import math
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np

from edge.io.frames import Frame, Picture
from edge.vision.regions import Matrix, crop_to_picture, project
from edge.vision.targets import Floats, Seen, bounds

S = TypeVar("S", bound=Seen)


class Settings(NamedTuple):
    side: int = 96
    """Of the grey crop that flow is computed in, pixels: each thing at a scale of its own."""
    room: float = 1.6
    """Side of what is cropped, in longer sides of the thing's box, so that it stays inside."""
    points: int = 24
    """Landmarks that are followed, evenly among all: a similarity needs two, the rest is for
    agreement."""
    agreeing: int = 6
    """At least so many points have to agree on a motion, else the thing stays where it was."""
    tolerance: float = 2.0
    """By how many pixels of the crop a point may disagree."""


SETTINGS = Settings()
WINDOW = {"winSize": (15, 15), "maxLevel": 2}


def carried(seen: S, before: Frame, now: Frame, t: int) -> S:
    """Return what was seen in `before` as it should be in `now`, at `t`, with `fresh` False.

    Each thing moves, turns and grows as a whole (a similarity), as most of its landmarks do by
    the pyramidal Lucas-Kanade flow (Bouguet 2000); landmarks, box and region move along. A pure
    function of its arguments. Frames of unlike sizes have nothing in common: all stays in place.
    """
    landmarks, regions = seen.landmarks.copy(), seen.regions.copy()
    if before.size == now.size:
        for row, box in enumerate(seen.boxes):
            matrix = _motion(before.grey, now.grey, seen.landmarks[row, :, :2], box)
            if matrix is not None:
                _move(landmarks[row], regions[row], matrix)
    boxes = bounds(landmarks) if len(landmarks) else seen.boxes
    more: dict[str, Any] = {"t": t, "landmarks": landmarks, "boxes": boxes, "regions": regions}
    return replace(seen, **more, fresh=np.zeros(len(seen), bool), lost=0)


def _motion(before: Picture, now: Picture, points: Floats, box: Floats) -> Matrix | None:
    """Return the similarity (2, 3) that takes `before` to `now` around a box, if there is one."""
    length = float(max(box[2], box[3], 1)) * SETTINGS.room
    region = (*(box[:2] + box[2:] / 2), length, length, 0)
    matrix = crop_to_picture(region, (SETTINGS.side, SETTINGS.side))
    chosen = points[:: max(1, len(points) // SETTINGS.points)]
    scale = SETTINGS.side / length
    start = ((chosen - matrix[:, 2]) * scale).astype(np.float32)
    a, b = (_crop(grey, matrix) for grey in (before, now))
    end, found, _ = cv2.calcOpticalFlowPyrLK(a, b, start, None, **WINDOW)  # type: ignore[call-overload]
    kept = found[:, 0] == 1
    if kept.sum() < SETTINGS.agreeing:
        return None
    start, end = (project(part[kept], matrix) for part in (start, end))
    fitted, agreeing = cv2.estimateAffinePartial2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=SETTINGS.tolerance / scale
    )
    if fitted is None or agreeing.sum() < SETTINGS.agreeing:
        return None
    return np.asarray(fitted, np.float64)


def _crop(grey: Picture, matrix: Matrix) -> Picture:
    return cv2.warpAffine(
        grey,
        matrix,
        (SETTINGS.side, SETTINGS.side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _move(landmarks: Floats, region: Floats, matrix: Matrix) -> None:
    """Move landmarks (k, 3 or more) and a region (5,) in place."""
    scale, angle = math.hypot(matrix[0, 0], matrix[1, 0]), math.atan2(matrix[1, 0], matrix[0, 0])
    landmarks[:, :2] = project(landmarks[:, :2], matrix)
    landmarks[:, 2] *= scale
    region[:2] = project(region[:2], matrix)
    region[2:4] *= scale
    region[4] += angle


def carried_mask(mask: Picture, before: Frame, now: Frame) -> Picture:
    """Return a mask of `before` (rows, columns; the whole frame, stretched) as it is in `now`."""
    return mask
