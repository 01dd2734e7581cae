"""Bodies in a picture: where to look for them, from a person detector or from landmarks.

Points are in pixels; a region is a row as in `edge.vision.regions`, turned so that the person
stands upright in it.
"""

from dataclasses import dataclass

import numpy as np

from edge.vision.regions import upright_angles
from edge.vision.targets import Floats, Mask, Seen, Targets

SCALE = 1.25
"""Room around the circle that encloses a body (model card "BlazePose GHUM 3D")."""
AUXILIARY = (33, 34)
"""The two landmarks after the body's 33: between the hips, and the top of the circle."""
EYES, EARS, MOUTH, SHOULDERS, ELBOWS, WRISTS = (
    [2, 5], [7, 8], [9, 10], [11, 12], [13, 14], [15, 16],
)  # fmt: skip
"""Pairs of landmarks, the person's left one first."""
FACE_POINTS = 11
"""The first landmarks are of the face."""
VISIBLE = 0.5
"""A landmark with less visibility is rather hidden than seen."""
FACE_BELOW_EYES, FACE_FRONT, FACE_IN_SHOULDERS = 2.9, 0.7, 0.35
"""A face's size in distances from eyes to mouth; how near the middle of a face's landmarks is to
its front, where ears are 0; and the size in widths of the shoulders that a head has at least."""
HIPS_BELOW, CIRCLE = 3.2, 4.1
"""In widths of a face detector's box: from its middle down to the hips, and the radius of the
circle around the whole body. The person detector's own points are at 2.4 and 3.7 on people who
mostly sit; guessed too large, the region still shows all."""
UPRIGHT = 1.6
"""From the top of the head to the hips, in widths of a person's box."""
REACH = 3
"""Cells of the heatmap around a landmark, to each side, that it is refined by."""
NEAR = np.arange(-REACH, REACH + 1)
CONFIDENT = 0.5
"""A heatmap that is nowhere surer than that around a landmark doesn't change it."""


class Persons(Targets):
    """Where bodies are to be looked for."""


@dataclass(frozen=True, slots=True)
class Bodies(Seen):
    """Bodies, with 33 landmarks each: x, y, depth, visibility (0 to 1).

    `world` (n, 33, 3): metres from between the hips, turned as in the picture.
    """

    world: Floats


def regions_of_persons(keypoints: Floats) -> Floats:
    """Return square regions (n, 5) from the person detector's keypoints (n, 4, 2).

    The first lies between the hips, the second on the circle around the whole body, above.
    """
    return _around(keypoints[:, 0], keypoints[:, 1])


def regions_of_landmarks(landmarks: Floats) -> Floats:
    """Return square regions (n, 5) from landmarks (n, 35 or more, 2 or more)."""
    hips, top = (landmarks[:, point, :2] for point in AUXILIARY)
    return _around(hips, top)


def refined(points: Floats, heatmap: Floats, side: int) -> Floats:
    """Return landmarks (k, 2), moved to the middle of what the heatmap shows around them.

    `points` (k, 2) in pixels of the model's input, which is `side` wide and high. `heatmap`
    (rows, columns, k): logits. A landmark outside of it, or that it isn't sure of, stays.
    """
    rows, columns, count = heatmap.shape
    cells = points * np.array((columns / side, rows / side), np.float32)
    inside: Mask = np.all((cells >= 0) & (cells < (columns, rows)), axis=1)
    middles = np.where(inside[:, None], cells, 0).astype(np.intp)
    x, y = (middles[:, axis, None] + NEAR for axis in (0, 1))
    own = np.arange(count)[:, None, None]
    near = heatmap[y.clip(0, rows - 1)[:, :, None], x.clip(0, columns - 1)[:, None], own]
    weights = 0.5 * (1 + np.tanh(near / 2))
    weights *= ((y >= 0) & (y < rows))[:, :, None] & ((x >= 0) & (x < columns))[:, None]
    total = weights.sum(axis=(1, 2))
    sure = inside & (weights.max(axis=(1, 2)) >= CONFIDENT)
    across = (weights.sum(axis=1) * x).sum(axis=1) * (side / columns)
    down = (weights.sum(axis=2) * y).sum(axis=1) * (side / rows)
    means = np.stack((across, down), axis=1) / np.maximum(total, CONFIDENT)[:, None]
    return np.where(sure[:, None], means, points).astype(np.float32)


def regions_of_faces(boxes: Floats, angles: Floats) -> Floats:
    """Return square regions (n, 5) of bodies below faces: boxes (n, 4), turned by angles (n,).

    Only a guess: how people stand or sit shows in what the landmark model then says.
    """
    sides = boxes[:, 2:].max(axis=1)
    down = np.stack((-np.sin(angles), np.cos(angles)), axis=1)
    hips = boxes[:, :2] + boxes[:, 2:] / 2 + down * (sides * HIPS_BELOW)[:, None]
    return _around(hips, hips - down * (sides * CIRCLE)[:, None])


def regions_of_boxes(boxes: Floats) -> Floats:
    """Return square regions (n, 5) of upright people from an object detector's boxes (n, 4).

    Somebody seen whole is twice as high as wide or more, with the hips in the middle; of somebody
    cut off by the picture or a table, the hips lie lower, two widths below the top of the head.
    """
    widths, heights = boxes[:, 2], boxes[:, 3]
    half = np.maximum(heights / 2, np.minimum(widths * UPRIGHT, heights))
    hips = np.stack((boxes[:, 0] + widths / 2, boxes[:, 1] + half), axis=1)
    return _around(hips, np.stack((hips[:, 0], boxes[:, 1]), axis=1))


def heads(bodies: Bodies) -> tuple[Floats, Floats, Mask]:
    """Return the heads of bodies: boxes (n, 4), angles (n,), and (n,) whether they are seen.

    A box is about that of the face's landmarks, seen from the front: measured on 58 people in
    photos and clips, its centre is 0.05 face sizes off (median; 90 %: 0.15), its size 0.99 times
    the face's (10 to 90 %: 0.88 to 1.07). The angles are radians clockwise, 0 upright.
    """
    if not len(bodies):  # most often nobody is in view, and then nothing may cost
        return bodies.boxes, bodies.scores, np.empty(0, bool)
    points = bodies.landmarks[..., :2]
    eyes, mouths, ears = (points[:, pair].mean(axis=1) for pair in (EYES, MOUTH, EARS))
    across = _length(points[:, EARS[0]] - points[:, EARS[1]])
    down = _length(eyes - mouths)
    # A face turned aside is narrow, but not low; a bowed one the other way round.
    sides = np.hypot(across, FACE_BELOW_EYES * down) / np.float32(np.sqrt(2))
    shoulders = _length(points[:, SHOULDERS[0]] - points[:, SHOULDERS[1]])
    sides = np.maximum(np.maximum(sides, FACE_IN_SHOULDERS * shoulders), 1)[:, None]
    middles = FACE_FRONT * (eyes + mouths) / 2 + (1 - FACE_FRONT) * ears
    boxes = np.concatenate((middles - sides / 2, sides, sides), axis=1).astype(np.float32)
    seen = bodies.landmarks[:, :FACE_POINTS, 3].mean(axis=1) >= VISIBLE
    return boxes, upright_angles(mouths, eyes), seen


def wrists(bodies: Bodies) -> tuple[Floats, Floats, Floats]:
    """Return positions (n, 2, 2), visibility (n, 2) and forearms' lengths (n, 2), the left first.

    Left and right are the person's own, in pixels of a picture that isn't mirrored.
    """
    points = bodies.landmarks[:, WRISTS]
    forearms = points[..., :2] - bodies.landmarks[:, ELBOWS, :2]
    return points[..., :2], points[..., 3], _length(forearms)


def visible_bounds(landmarks: Floats, size: tuple[int, int]) -> Floats:
    """Return x, y, width, height (n, 4) of those of the landmarks (n, 33, 4) that can be seen.

    These are more likely visible than not, and lie in the picture of `size` (width, height). NaN
    for a body of which nothing can be seen.
    """
    points = landmarks[..., :2]
    seen = (landmarks[..., 3] >= VISIBLE) & ((points >= 0) & (points < size)).all(axis=2)
    low = np.where(seen[..., None], points, np.inf).min(axis=1)
    high = np.where(seen[..., None], points, -np.inf).max(axis=1)
    boxes = np.full((len(landmarks), 4), np.nan, np.float32)
    some = seen.any(axis=1)
    boxes[some] = np.concatenate((low, high - low), axis=1)[some]
    return boxes


def _length(vectors: Floats) -> Floats:
    return np.hypot(vectors[..., 0], vectors[..., 1])


def _around(centres: Floats, tops: Floats) -> Floats:
    sides = 2 * SCALE * np.linalg.norm(tops - centres, axis=1)
    angles = upright_angles(centres, tops)
    return np.column_stack((centres, sides, sides, angles)).astype(np.float32)
