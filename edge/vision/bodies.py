"""Bodies in a picture: where to look for them, from a person detector or from landmarks.

Points are in pixels; a region is a row as in `edge.vision.regions`, turned so that the person
stands upright in it.
"""

import numpy as np
from numpy.typing import NDArray

from edge.vision.regions import upright_angles

Floats = NDArray[np.float32]

SCALE = 1.25
"""Room around the circle that encloses a body (model card "BlazePose GHUM 3D")."""
AUXILIARY = (33, 34)
"""The two landmarks after the body's 33: between the hips, and the top of the circle."""


def regions_of_persons(keypoints: Floats) -> Floats:
    """Return square regions (n, 5) from the person detector's keypoints (n, 4, 2).

    The first lies between the hips, the second on the circle around the whole body, above.
    """
    return _around(keypoints[:, 0], keypoints[:, 1])


def regions_of_landmarks(landmarks: Floats) -> Floats:
    """Return square regions (n, 5) from landmarks (n, 35 or more, 2 or more)."""
    hips, top = (landmarks[:, point, :2] for point in AUXILIARY)
    return _around(hips, top)


def _around(centres: Floats, tops: Floats) -> Floats:
    sides = 2 * SCALE * np.linalg.norm(tops - centres, axis=1)
    angles = upright_angles(centres, tops)
    return np.column_stack((centres, sides, sides, angles)).astype(np.float32)
