"""Bodies in a picture: where to look for them, from a person detector or from landmarks.

Points are in pixels; a region is a row as in `edge.vision.regions`, turned so that the person
stands upright in it.
"""

from dataclasses import dataclass

import numpy as np

from edge.vision.regions import upright_angles
from edge.vision.targets import Floats, Seen, Targets

SCALE = 1.25
"""Room around the circle that encloses a body (model card "BlazePose GHUM 3D")."""
AUXILIARY = (33, 34)
"""The two landmarks after the body's 33: between the hips, and the top of the circle."""
REACH = 3
"""Cells of the heatmap around a landmark, to each side, that it is refined by."""
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
    rows, columns, _ = heatmap.shape
    cells = points * (columns / side, rows / side)
    inside = ((cells >= 0) & (cells < (columns, rows))).all(axis=1)
    moved = points.copy()
    for index in np.flatnonzero(inside):
        x, y = cells[index].astype(int)
        left, top = max(x - REACH, 0), max(y - REACH, 0)
        near = heatmap[top : y + REACH + 1, left : x + REACH + 1, index]
        weights = 0.5 * (1 + np.tanh(near / 2))
        if weights.max() >= CONFIDENT:
            across = weights.sum(axis=0) @ np.arange(left, left + near.shape[1])
            down = weights.sum(axis=1) @ np.arange(top, top + near.shape[0])
            moved[index] = np.divide((across * side / columns, down * side / rows), weights.sum())
    return moved


def _around(centres: Floats, tops: Floats) -> Floats:
    sides = 2 * SCALE * np.linalg.norm(tops - centres, axis=1)
    angles = upright_angles(centres, tops)
    return np.column_stack((centres, sides, sides, angles)).astype(np.float32)
