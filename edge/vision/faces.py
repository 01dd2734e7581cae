"""Faces on their way through the graph: where to look for them, and what was seen there."""

from dataclasses import dataclass

import numpy as np

from edge.vision.regions import enclosing
from edge.vision.targets import Floats, Mask, Seen, Targets

MARGIN = 1.5
"""Side of the region that the landmark models want to see, in units of the face: what they were
trained on (model card "MediaPipe Face Mesh V2")."""
KEYPOINTS = np.array([[33, 133], [362, 263], [1, 1], [13, 14], [234, 234], [454, 454]])
"""Pairs of landmarks whose middle is a keypoint of the detector: the person's right eye, left eye,
nose tip, mouth, right ear, left ear."""
QUARTERS = (np.pi / 2, -np.pi / 2, np.pi)
"""By how much a face is turned, radians clockwise, where it isn't upright: the detectors know faces
that are turned by a good eighth either way."""


class Faces(Targets):
    """Where faces are to be looked for."""


@dataclass(frozen=True, slots=True)
class Meshes(Seen):
    """Faces, with 478 or 468 landmarks each; depth 0 lies about at the head's centre.

    `trusted` (n,): False where the landmarks would be made up, as of a head that is turned away:
    they are NaN there, and box and region come from whatever else says where the face is.
    """

    trusted: Mask


def eye_angles(keypoints: Floats) -> Floats:
    """Return by how much each face (n, 6, 2) is turned in the picture, radians clockwise."""
    across = keypoints[:, 1] - keypoints[:, 0]
    return np.arctan2(across[:, 1], across[:, 0])


def regions_of_boxes(boxes: Floats, angles: Floats) -> Floats:
    """Return square regions (n, 5) around a detector's boxes (n, 4), that don't turn with faces."""
    sides = boxes[:, 2:].max(axis=1) * MARGIN
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    return np.column_stack((centres, sides, sides, angles))


def regions_of_landmarks(landmarks: Floats, angles: Floats) -> Floats:
    """Return square regions (n, 5) around landmarks (n, k, 3), measured along the turned face."""
    regions = np.empty((len(landmarks), 5), np.float32)
    # Face by face: with a handful of faces, numbers are quicker than arrays of them.
    for row, angle in enumerate(angles.tolist()):
        x, y, width, height, _ = enclosing(landmarks[row, :, :2], angle)
        side = max(width, height) * MARGIN
        regions[row] = x, y, side, side, angle
    return regions
