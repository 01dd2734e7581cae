"""How a head is turned, and how far off it is, from the landmarks of its face.

Camera's axes: x right, y down in the picture, z away from it. A head's axes are the same when it
looks straight into the camera. Angles are those of `docs/results.md`: yaw to the person's own left,
pitch up, roll to their own right shoulder, in this order, each about the already turned axes.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.io.intrinsics import Intrinsics
from edge.vision.targets import Floats

Matrix = NDArray[np.float64]

_MIDDLE = ((4, -0.46, 7.59), (6, 2.47, 5.79), (10, 8.26, 4.48))
_SIDES = (
    *((33, 263, 4.45, 2.66, 3.17), (54, 284, 6.28, 6.62, 1.43), (67, 297, 3.52, 8.01, 3.73)),
    *((117, 346, 5.26, 0.95, 2.97), (119, 348, 3.30, 0.86, 3.87), (121, 350, 1.82, 1.47, 4.22)),
    *((127, 356, 7.74, 2.36, -2.01), (129, 358, 1.79, -0.98, 4.85), (132, 361, 7.27, -2.89, -2.25)),
    *((133, 362, 1.86, 2.59, 3.76), (143, 372, 6.41, 2.24, 1.56), (147, 376, 6.23, -1.94, 1.66)),
    *((198, 420, 1.25, 0.23, 5.68), (205, 425, 3.83, -1.54, 4.14)),
)
"""Landmarks that no expression moves much, of MediaPipe's canonical face model: those that its face
geometry weighs, without the chin's. Centimetres, x of the person's left one, y up, z forward."""
POINTS = np.array([row[0] for row in _MIDDLE] + [row[side] for row in _SIDES for side in (0, 1)])
PLACES: Matrix = np.array(
    [(0, -y, -z) for _, y, z in _MIDDLE]
    + [(side * x, -y, -z) for _, _, x, y, z in _SIDES for side in (-1, 1)]
)
"""Where they are in a head, centimetres, in the head's axes."""
YAW_SEEN, PITCH_SEEN = 0.92, 0.855
"""The landmarks turn less than the face does: measured on the faces of seven talkers, rendered at
196 known rotations up to 40°, 25° and 30° (docs/decisions/0111)."""
SIZE_SEEN = 1.045
"""And the face seems smaller by so much, measured on the same."""


class HeadPose(NamedTuple):
    """`rotation` (3, 3): from the head's axes to the camera's. `place` (3,): of the canonical
    face's origin, a little behind the nose's root, metres in the camera's axes, if the face is as
    large as the canonical one, whose eyes are 63 mm apart."""

    rotation: Matrix
    place: Matrix


def head_pose(landmarks: Floats, camera: Intrinsics) -> HeadPose | None:
    """Return the pose of a face from its landmarks (468 or 478, 3), pixels; None where none fits.

    PnP (SQPnP, Terzakis and Lourakis 2020) on the canonical face, then set right for what the
    landmark model is known to see too little of.
    """
    seen = landmarks[POINTS, :2].astype(np.float64)
    if not np.isfinite(seen).all() or np.ptp(seen, axis=0).min() < 2:
        return None
    distortion = np.array(camera.distortion) if camera.distortion else None
    found, turn, place = cv2.solvePnP(
        PLACES, seen, camera.matrix(), distortion, flags=cv2.SOLVEPNP_SQPNP
    )
    if not found or place[2, 0] <= 0:
        return None
    centre = np.asarray(place[:, 0], np.float64)
    towards = rotation_to(centre)
    yaw, pitch, roll = angles(towards.T @ np.asarray(cv2.Rodrigues(turn)[0], np.float64))
    upright = rotation(
        max(-89.0, min(89.0, yaw / YAW_SEEN)), max(-89.0, min(89.0, pitch / PITCH_SEEN)), roll
    )
    return HeadPose(towards @ upright, centre / (100 * SIZE_SEEN))


def rotation(yaw: float, pitch: float, roll: float) -> Matrix:
    """Return the rotation (3, 3) of angles, degrees."""
    (cy, sy), (cp, sp), (cr, sr) = (
        (math.cos(math.radians(a)), math.sin(math.radians(a))) for a in (yaw, pitch, roll)
    )
    turned = np.array(((cy, sy * sp, -sy * cp), (0, cp, sp), (sy, -cy * sp, cy * cp)))
    return turned @ np.array(((cr, sr, 0), (-sr, cr, 0), (0, 0, 1)))


def angles(turned: Matrix) -> tuple[float, float, float]:
    """Return yaw, pitch and roll, degrees, of a rotation (3, 3)."""
    yaw, pitch = direction(-turned[:, 2])
    (xx, xy, _), _, (zx, zy, _) = turned.tolist()
    c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    return yaw, pitch, math.degrees(math.atan2(c * xy + s * zy, c * xx + s * zx))


def direction(way: Matrix) -> tuple[float, float]:
    """Return yaw and pitch, degrees, of a way (3,) that something looks; 0, 0 is along the camera's
    axis, towards it."""
    x, y, z = way.tolist()
    return math.degrees(math.atan2(x, -z)), math.degrees(math.atan2(-y, math.hypot(x, z)))


def rotation_to(place: Matrix) -> Matrix:
    """Return the smallest rotation (3, 3) that turns the camera's axis towards a place (3,)."""
    x, y, z = (place / np.linalg.norm(place)).tolist()
    k = 1 / (1 + z)
    return np.array(((1 - k * x * x, -k * x * y, x), (-k * x * y, 1 - k * y * y, y), (-x, -y, z)))
