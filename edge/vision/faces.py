"""Faces on their way through the graph: where to look for them, and what was seen there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.vision.regions import enclosing

Floats = NDArray[np.float32]

MARGIN = 1.5
"""Side of the region that the landmark models want to see, in units of the face: what they were
trained on (model card "MediaPipe Face Mesh V2")."""
KEYPOINTS = np.array([[33, 133], [362, 263], [1, 1], [13, 14], [234, 234], [454, 454]])
"""Pairs of landmarks whose middle is a keypoint of the detector: the person's right eye, left eye,
nose tip, mouth, right ear, left ear."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Where faces are to be looked for in the frame at `t`, n rows of float32 in pixels.

    `boxes` (n, 4): x, y, width, height. `keypoints` (n, 6, 2): right eye, left eye (the person's
    own), nose tip, mouth, right ear, left ear. `regions` (n, 5): see `edge.vision.regions`.
    `scores` (n,): 0 to 1. `followed` (n,): True where the region comes from the preceding frame's
    landmarks, with that frame's boxes, keypoints and scores; False where the detector found it.
    """

    t: int
    boxes: Floats
    keypoints: Floats
    regions: Floats
    scores: Floats
    followed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class Meshes:
    """The faces seen in the frame at `t`, n rows of float32 in pixels.

    `landmarks` (n, 478 or 468, 3): x, y and depth, where smaller is nearer and 0 lies about at the
    head's centre. `boxes` (n, 4): x, y, width, height of the landmarks. `regions` (n, 5): where
    the model looked. `scores` (n,): probability that a face is there, 0 to 1.
    `lost`: how many faces of the preceding frame weren't found again.
    """

    t: int
    landmarks: Floats
    boxes: Floats
    regions: Floats
    scores: Floats
    lost: int

    def __len__(self) -> int:
        return len(self.scores)


def no_faces(t: int) -> Faces:
    empty = np.empty((0, 5), np.float32)
    keypoints = np.empty((0, len(KEYPOINTS), 2), np.float32)
    return Faces(t, empty[:, :4], keypoints, empty, empty[:, 0], np.empty(0, bool))


def follow(meshes: Meshes, t: int) -> Faces:
    """Return where the faces of the preceding frame are to be looked for at `t`."""
    keypoints = meshes.landmarks[:, KEYPOINTS, :2].mean(axis=2)
    regions = regions_of_landmarks(meshes.landmarks, eye_angles(keypoints))
    followed = np.ones(len(meshes), bool)
    return Faces(t, meshes.boxes, keypoints, regions, meshes.scores, followed)


def join(a: Faces, b: Faces) -> Faces:
    """Return the faces of both, at the t of the first."""
    parts = (
        np.concatenate((getattr(a, name), getattr(b, name)))
        for name in ("boxes", "keypoints", "regions", "scores", "followed")
    )
    return Faces(a.t, *parts)


def select(faces: Faces, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Faces:
    """Return the faces of the given rows."""
    return Faces(
        faces.t,
        faces.boxes[rows],
        faces.keypoints[rows],
        faces.regions[rows],
        faces.scores[rows],
        faces.followed[rows],
    )


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


def bounds(points: Floats) -> Floats:
    """Return x, y, width, height (n, 4) of points (n, k, 2 or 3)."""
    # Along the memory a minimum is found six times as fast.
    coordinates = np.ascontiguousarray(points[..., :2].swapaxes(1, 2))
    low, high = coordinates.min(axis=2), coordinates.max(axis=2)
    return np.concatenate((low, high - low), axis=1)


def corners(boxes: Floats) -> Floats:
    """Return left, top, right, bottom of boxes (n, 4) of x, y, width, height."""
    return np.concatenate((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]), axis=1)
