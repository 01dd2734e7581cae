"""Where heads are by what is known of bodies, and which of these have no face yet."""

import numpy as np

from edge.vision.bodies import Bodies
from edge.vision.regions import upright_angles
from edge.vision.targets import Floats, Mask

FACE = slice(0, 11)
"""Nose, eyes, ears and mouth among a body's landmarks."""
SHOULDERS = slice(11, 13)
VISIBLE = 0.5
"""What is less visible is a guess."""
WIDTH = 0.75
"""Of a face, in distances from between the shoulders to the middle of the face: a head's height
and the neck's, about 24 cm, while a face is 16 to 18 cm wide with its surroundings."""


def heads(bodies: Bodies) -> Floats:
    """Return regions (n, 5), as wide as the face, of the bodies whose head is in view."""
    points = bodies.landmarks
    points = points[_in_view(points)]
    middles = points[:, FACE, :2].mean(axis=1)
    necks = points[:, SHOULDERS, :2].mean(axis=1)
    sides = np.linalg.norm(middles - necks, axis=1) * WIDTH
    regions = np.column_stack((middles, sides, sides, upright_angles(necks, middles)))
    return regions[sides > 1].astype(np.float32)


def _in_view(points: Floats) -> Mask:
    shown = points[:, :, 3] > VISIBLE
    finite = np.isfinite(points[:, :13]).all(axis=(1, 2))
    return finite & (shown[:, FACE].mean(axis=1) > 0.5) & shown[:, SHOULDERS].any(axis=1)


def without_face(heads: Floats, faces: Floats) -> Floats:
    """Return the heads (n, 5) in which no middle of a face (m, 4: x, y, width, height) lies."""
    middles = faces[:, :2] + faces[:, 2:] / 2
    apart = np.linalg.norm(heads[:, None, :2] - middles[None], axis=2)
    return heads[~(apart < heads[:, None, 2]).any(axis=1)]
