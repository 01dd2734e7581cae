"""The shape of a hand: how its fingers are bent, where it points, and which way its palm looks.

Landmarks are numbered as in MediaPipe's hand model (21 points, wrist first).
"""

import math

import numpy as np

from edge.vision.targets import Floats

WRIST, MIDDLE_KNUCKLE = 0, 9
TIPS = np.array((4, 8, 12, 16, 20))
ENDS = np.array((TIPS, (2, 6, 10, 14, 18)))
"""And each finger's first bending joint: a straight finger's tip is far from the wrist, against
it."""
PALM = np.array((0, 5, 9, 13, 17))
MIRROR = np.array((-1, 1, 1), np.float32)
SHAPE = 12
"""Numbers of a shape: where the hand points in the picture (x, y); how far the palm is turned to
the camera (1) or away (-1); how straight each finger is, thumb first (0.7 straight, -0.7 in a
fist); from the thumb's tip to the forefinger's; the forefinger's tip against the palm's middle
(x, y, depth). Lengths in units of the hand's size."""
FACING, FINGERS, PINCH, TIP = 2, slice(3, 8), 8, slice(9, 12)


def straightness(points: Floats) -> Floats:
    """Return how straight each finger is, (5,), thumb first; `points` (21, 3) in any unit."""
    ends = points[ENDS] - points[WRIST]
    far = np.sqrt(np.einsum("fij,fij->fi", ends, ends))
    return (far[0] / np.maximum(far[1], 1e-6) - 1) * np.float32(2)


def hand_size(points: Floats) -> float:
    """Return a hand's size: from the wrist to the middle knuckle, however the hand is turned.

    The palm's length and its breadth are both shortened by a turn only, but not by the same.
    """
    along, across = points[MIDDLE_KNUCKLE] - points[WRIST], points[17] - points[5]
    return max(math.sqrt(along @ along), 1.5 * math.sqrt(across @ across), 1e-6)


def hand_shape(landmarks: Floats, right: bool, mirrored: bool) -> tuple[Floats, float, Floats]:
    """Return a hand's place, size and shape from its landmarks (21, 3), pixels.

    `right`: the person's. `mirrored`: whether the picture is. Place (2,): the palm's middle,
    pixels, x as in a mirrored picture. Size: pixels. Shape (12,): see `SHAPE`.
    """
    points = landmarks if mirrored else landmarks * MIRROR
    size = hand_size(points)
    wrist, palm = points[WRIST], points[PALM].mean(axis=0)
    shape = np.empty(SHAPE, np.float32)
    shape[:2] = (points[MIDDLE_KNUCKLE] - wrist)[:2] / size
    a, b = points[5] - wrist, points[17] - wrist
    turn = float(a[0] * b[1] - a[1] * b[0]) / (size * size)
    shape[FACING] = 1.6 * (turn if right else -turn)
    shape[FINGERS] = straightness(points)
    shape[PINCH] = np.linalg.norm(points[4] - points[8]) / size
    shape[TIP] = (points[8] - palm) / size
    return palm[:2].copy(), size, shape


def in_own_axes(points: Floats, right: bool) -> Floats:
    """Return landmarks (21, 3) in the hand's own axes, its size being 1, as if it were a right one.

    x from the little finger's knuckle to the forefinger's, y from the wrist to the middle knuckle.
    """
    placed = points - points[WRIST]
    if not right:
        placed = placed * MIRROR
    size = hand_size(placed)
    y = placed[MIDDLE_KNUCKLE] / max(np.linalg.norm(placed[MIDDLE_KNUCKLE]), 1e-6)
    x = placed[5] - placed[17]
    x = x - (x @ y) * y
    x = x / max(np.linalg.norm(x), 1e-6)
    axes = np.stack((x, y, np.cross(x, y)), axis=1)
    return np.asarray(placed @ axes / size, np.float32)
