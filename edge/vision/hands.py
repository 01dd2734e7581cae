"""Hands in a picture: where to look for them, from a palm or from the hand's own landmarks.

Points are in pixels; a region is a row as in `edge.vision.regions`, turned so that the fingers of
a raised hand point up.
"""

from dataclasses import dataclass

import numpy as np

from edge.vision.regions import enclosing, upright_angles
from edge.vision.targets import Floats, Seen, Targets

WRIST, MIDDLE_KNUCKLE = 0, 2
"""Of the palm detector's seven points, those that say how a hand is turned."""
PALM_SCALE, PALM_SHIFT = 2.6, -0.5
"""From the box of a palm to the whole hand: longer side times the scale, and half the box's height
towards the fingers (model card "MediaPipe Hands", as its graph has it)."""
HAND_SCALE, HAND_SHIFT = 2.0, -0.1
"""From the box of wrist, thumb and knuckles to the whole hand and room for it to move."""
STEADY = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]
"""Landmarks that move least as fingers bend: wrist, thumb, and each finger's two lowest joints."""


@dataclass(frozen=True, slots=True)
class Palms(Targets):
    """Where hands are to be looked for.

    `otherwise`: palms that the model sees where hands are followed, but turned another way.
    """

    otherwise: Targets | None = None


@dataclass(frozen=True, slots=True)
class Hands(Seen):
    """Hands, with 21 landmarks each.

    `right` (n,): probability that it is the person's right hand, 0 to 1, in a picture that isn't
    mirrored. `world` (n, 21, 3): metres from the hand's centre, turned as in the picture.
    `moved` (n, 2): how far since the preceding frame, pixels, 0 for new ones.
    """

    right: Floats
    world: Floats
    moved: Floats


def regions_of_palms(boxes: Floats, keypoints: Floats) -> Floats:
    """Return square regions (n, 5) of hands from palms: boxes (n, 4) and keypoints (n, 7, 2).

    A box is x, y, width, height, along the picture's axes.
    """
    angles = upright_angles(keypoints[:, WRIST], keypoints[:, MIDDLE_KNUCKLE])
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    upright = np.column_stack((centres, boxes[:, 2:], angles)).astype(np.float32)
    return _grown(upright, PALM_SCALE, PALM_SHIFT)


def regions_of_landmarks(landmarks: Floats) -> Floats:
    """Return square regions (n, 5) of hands from their landmarks (n, 21, 2 or 3)."""
    points = landmarks[..., :2]
    knuckles: Floats = points[:, [5, 9, 9, 13]].mean(axis=1)
    angles = upright_angles(points[:, 0], knuckles)
    rows = [
        enclosing(steady, angle) for steady, angle in zip(points[:, STEADY], angles, strict=True)
    ]
    return _grown(np.array(rows, np.float32).reshape(-1, 5), HAND_SCALE, HAND_SHIFT)


def _grown(regions: Floats, scale: float, shift: float) -> Floats:
    """Return regions moved along their own height by `shift` of it, then squared and scaled."""
    x, y, width, height, angle = regions.T
    down = shift * height
    side = np.maximum(width, height) * scale
    centre = (x - np.sin(angle) * down, y + np.cos(angle) * down)
    return np.column_stack((*centre, side, side, angle)).astype(np.float32)
