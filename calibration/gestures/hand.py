"""A hand of sticks: from how it is bent and held to its 21 landmarks in a picture.

Axes as in a mirrored picture: x right, y down, z away from the camera. At rest the right hand shows
its palm to the camera, fingers up, thumb to the left. Lengths in metres, of an average adult's hand
(ANSUR II's hand length, 0.19 m, and breadth, 0.085 m).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POSE = 18
"""Numbers of a pose: place (3, metres from the picture's middle, z from the camera), turn (3: in
the picture's plane, forward, about its own length; radians), how bent each finger is (5, thumb
first; 0 straight, 1 as in a fist), how far the fingers are spread (0 to 1), how near the thumb's
tip is put to the forefinger's (0 to 1), how far the thumb points up rather than aside (0 to 1), how
far all fingers bend at the knuckles only (0 to 1), and whether the hand can be seen; two are
spare."""
PLACE, TURN, BENDS = slice(0, 3), slice(3, 6), slice(6, 11)
SPREAD, PINCH, UP, FLAT, SEEN = 11, 12, 13, 14, 15
KNUCKLES = np.array(
    ((-0.026, -0.088, 0), (-0.003, -0.092, 0), (0.018, -0.085, 0), (0.036, -0.074, 0))
)
BONES = np.array(
    ((0.043, 0.026, 0.022), (0.048, 0.03, 0.023), (0.044, 0.028, 0.023), (0.034, 0.02, 0.02))
)
FIST = np.radians((82, 105, 65))
"""How far the three joints of a finger bend in a fist."""
FAN = np.radians((-14, -2, 9, 20))
# The thumb's last three joints, from the wrist: aside, up along the hand, and across the palm.
BASE = np.array((-0.024, -0.022, -0.006))
ASIDE = np.array(((-0.048, -0.042, -0.012), (-0.07, -0.062, -0.014), (-0.09, -0.079, -0.014)))
ALONG = np.array(((-0.042, -0.052, -0.012), (-0.048, -0.082, -0.014), (-0.05, -0.107, -0.014)))
ACROSS = np.array(((-0.038, -0.05, -0.02), (-0.018, -0.066, -0.04), (0.006, -0.068, -0.042)))


def sticks(poses: Floats, scale: Floats) -> Floats:
    """Return the landmarks (n, 21, 3), metres, of poses (n, POSE), as they lie about the wrist.

    `scale` (5, 3): of each finger's bones, thumb first; people differ.
    """
    count = len(poses)
    points = np.zeros((count, 21, 3))
    points[:, 5:18:4] = KNUCKLES
    for finger in range(4):
        bend, spread = poses[:, 7 + finger], poses[:, SPREAD]
        fan = FAN[finger] * spread * (1 - 0.8 * bend)
        flat = poses[:, FLAT]
        angles = np.cumsum(
            np.stack([bend * FIST[0] + flat * 1.3, bend * FIST[1], bend * FIST[2]], axis=1), axis=1
        )
        last = points[:, 5 + 4 * finger]
        for joint in range(3):
            length = BONES[finger, joint] * scale[finger + 1, joint]
            forward, along = np.sin(angles[:, joint]), np.cos(angles[:, joint])
            step = np.stack([np.sin(fan) * along, -np.cos(fan) * along, -forward], axis=1)
            last = last + length * step
            points[:, 6 + 4 * finger + joint] = last
    straight, up = 1 - poses[:, 6], poses[:, UP]
    open_ = ASIDE + up[:, None, None] * (ALONG - ASIDE)
    thumb = ACROSS + straight[:, None, None] * (open_ - ACROSS)
    pinch = poses[:, PINCH, None]
    tip = thumb[:, 2] + pinch * (points[:, 8] + (0, 0.004, 0.004) - thumb[:, 2])
    points[:, 1], points[:, 2] = BASE, thumb[:, 0] * scale[0, 0]
    points[:, 4] = tip
    points[:, 3] = thumb[:, 1] + pinch * (
        (points[:, 2] + tip) / 2 + (-0.006, 0, -0.004) - thumb[:, 1]
    )
    return points


def turned(points: Floats, turns: Floats) -> Floats:
    """Return points (n, k, 3) turned by (n, 3): about their own length, forward, in the picture."""
    roll, pitch, yaw = turns.T
    zero, one = np.zeros_like(roll), np.ones_like(roll)

    def matrix(*rows: tuple[Floats, Floats, Floats]) -> Floats:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    c, s = np.cos(yaw), np.sin(yaw)
    about = matrix((c, zero, s), (zero, one, zero), (-s, zero, c))
    c, s = np.cos(pitch), np.sin(pitch)
    # Forward: the fingers tip towards the camera.
    forward = matrix((one, zero, zero), (zero, c, -s), (zero, s, c))
    c, s = np.cos(roll), np.sin(roll)
    plane = matrix((c, -s, zero), (s, c, zero), (zero, zero, one))
    return points @ (plane @ forward @ about).transpose(0, 2, 1)


def pictured(poses: Floats, scale: Floats, focal: float, left: bool) -> Floats:
    """Return the landmarks (n, 21, 3) in pixels of a picture whose middle is 0, 0; z likewise.

    `left`: a left hand, which is the same in a mirror, where poses are those of the right one.
    """
    points = turned(sticks(poses, scale), poses[:, TURN])
    if left:
        points[..., 0] *= -1
    depth = poses[:, None, 2:3] + points[..., 2:]
    place = poses[:, None, :2] + points[..., :2]
    flat = focal * place / np.maximum(depth, 0.05)
    near = focal * points[..., 2:] / poses[:, None, 2:3]
    return np.concatenate((flat, near), axis=2)
