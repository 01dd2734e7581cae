"""Eyes in a face: where the iris model is to look."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CORNERS = np.array([[33, 133], [362, 263]])
"""The corners of the person's right eye and left eye among the face's landmarks, as the picture
has them from left to right."""
SCALE = 2.3
"""Side of what the iris model wants to see, in widths of the eye (model card "MediaPipe Iris")."""
MIRRORED = (False, True)
"""The model knows one eye, the person's right: the crop of the left one has to be mirrored, and
what comes back as well."""


def regions_of_eyes(landmarks: Floats) -> Floats:
    """Return square regions (n, 2, 5): each face's right and left eye, turned with the eye.

    `landmarks` (n, 468 or 478, 2 or 3) in pixels; the regions as in `edge.vision.regions`.
    """
    left, right = (landmarks[:, CORNERS[:, side], :2] for side in (0, 1))
    across = right - left
    sides = SCALE * np.linalg.norm(across, axis=-1, keepdims=True)
    angles = np.arctan2(across[..., 1:], across[..., :1])
    return np.concatenate(((left + right) / 2, sides, sides, angles), axis=-1)
