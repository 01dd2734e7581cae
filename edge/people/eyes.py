"""Where two eyes look, how open they are, and how large their irises say that the face is.

An eye turns about a point behind its corners; where its iris is against that says where it looks.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.io.intrinsics import Intrinsics
from edge.people.head_pose import SIZE_SEEN, HeadPose, Matrix, direction, rotation, rotation_to
from edge.vision.targets import Floats

IRISES = (slice(468, 473), slice(473, 478))
"""Of the person's right eye and left one: the middle, then the rim right, above, left, below."""
CORNERS = np.array(((33, 133), (362, 263)))
"""As the picture has them from left to right."""
ACROSS = np.array(
    (
        ((33, 133), (159, 145), (158, 153), (160, 144)),
        ((362, 263), (386, 374), (385, 380), (387, 373)),
    )
).transpose(2, 0, 1)
"""From corner to corner, and three times from the upper lid to the lower one."""
_CORNERS_AT = np.array(((-3.15, -2.62, -3.47), (3.15, -2.62, -3.47)))
_TURNS_AT = np.array(((-3.15, -2.82, -2.55), (3.15, -2.82, -2.55)))
"""In a head's axes, canonical cm: the middle between an eye's corners, and what the eye turns
about, 13.5 mm behind the cornea's front and 2 mm higher: so much above the corners the irises of
people stand who look straight ahead (docs/decisions/0112)."""
TO_IRIS = 0.0098
"""From there to the iris's plane, metres: that is 3.6 mm behind the cornea's front."""
IRIS, IRIS_SEEN = 0.0117, 1.18
"""How wide an iris is, metres, whoever it is, ± 0.5 mm (model card "MediaPipe Iris"); and how much
wider the landmark models draw it: on those faces, and on eight people's against 63 mm between
their pupils."""
SHUT, WIDE = 0.1, 0.3
"""How far lids are apart, in widths of the eye, where an eye is shut and where it is wide open: the
lids' own points keep a little apart even then."""
_OUTWARD = np.array(((-0.447, 0, -0.894), (0.447, 0, -0.894)))
"""Which way each eye's side of the face looks: that of a head turned away is hidden first."""
TURNED = 0.25
"""Cosine of 75°: an eye that is turned farther away is hidden by the nose or out of sight."""
SIDEWAYS, UPWARD = 0.69, 0.4
"""The irises' landmarks move less than irises do: so much of it on four faces with eyes and lids
rendered at 80 known gazes (docs/decisions/0112). Up and down it was a third; of that a little less
is made good, for it makes noise of the landmarks' trembling, too."""
REACH = 45.0, 35.0
"""Degrees that eyes turn in a head at most, sideways and up or down."""
ALONG = 4.5
"""Degrees that a gaze is off, however well the eyes are seen: on the same, and nobody looks along
the middle of their eye, but 4° to 8° beside it, which both eyes even out but for a rest."""
PIXEL, IRIS_PART = 0.5, 0.045
"""How far an iris's middle is off: half a pixel, or so much of its width, whichever is more; in the
landmark models' input it is 11 to 13 pixels wide."""


CHEEKS = np.array((50, 101, 280, 330))
DARK, FLAT = 0.35, 0.1
"""Behind sunglasses the white of an eye is darker than so much of the cheek, and no brighter than
the iris by so much of it. Of 43 faces' eyes none was darker than 0.34 or so flat at once."""


class Look(NamedTuple):
    """`way` (3,): where the eyes look, a unit vector in the camera's axes. `place` (3,): from
    between them, metres. `sd`: how far off that may be, degrees."""

    way: Matrix
    place: Matrix
    sd: float


def openness(landmarks: Floats) -> tuple[float, float]:
    """Return how open the person's right eye and left one are, 0 to 1, from how far their lids are
    apart (the eye aspect ratio of Soukupová and Čech 2016). `landmarks` (478, 3), pixels."""
    ends = landmarks[ACROSS]
    across = ends[0] - ends[1]
    far = np.sqrt(np.einsum("eij,eij->ei", across, across))
    ratio = far[:, 1:].mean(axis=1) / np.maximum(far[:, 0], 1e-6)
    right, left = ((ratio - SHUT) / (WIDE - SHUT)).clip(0, 1).tolist()
    return right, left


def covered(landmarks: Floats, grey: NDArray[np.uint8]) -> bool:
    """Say whether something dark is before the eyes; `grey` (height, width): the picture."""
    points = landmarks[:, :2]
    iris = points[[IRISES[0].start, IRISES[1].start]]
    rims = points[[469, 471, 474, 476]]
    # The white lies between the iris's rim and the corner beside it.
    white = (rims + points[[133, 33, 263, 362]]) / 2
    seen = np.concatenate((white, iris, (2 * rims + iris[[0, 0, 1, 1]]) / 3, points[CHEEKS]))
    height, width = grey.shape
    x, y = seen.round().astype(np.intp).T
    light = grey[y.clip(0, height - 1), x.clip(0, width - 1)].astype(np.float32)
    white_light, iris_light, cheek = light[:4], light[4:10], max(float(light[10:].mean()), 1.0)
    flat = float(white_light.max() - iris_light.min()) < FLAT * cheek
    return bool(flat and white_light.mean() < DARK * cheek)


def within(landmarks: Floats, boxes: list[list[float]]) -> bool:
    """Say whether one of the eyes is in one of these boxes, such as hands': the landmarks of what
    is behind are made up, and those of the whole face suffer."""
    eyes = landmarks[[IRISES[0].start, IRISES[1].start], :2].tolist()
    return any(
        left <= x <= left + width and top <= y <= top + height
        for x, y in eyes
        for left, top, width, height in boxes
    )


def iris_width(landmarks: Floats) -> float:
    """Return how wide irises are, pixels: the wider of the two, which is turned away less."""
    return max(math.dist(landmarks[eye][1, :2], landmarks[eye][3, :2]) for eye in IRISES)


def look(
    landmarks: Floats, pose: HeadPose, camera: Intrinsics, open_: tuple[float, float]
) -> Look | None:
    """Return where a face of 478 landmarks looks; None where neither eye can be seen.

    `open_`: of right and left, as from `openness`.
    """
    wide = iris_width(landmarks)
    place = _placed(_TURNS_AT.mean(axis=0), pose)
    towards = -place / np.linalg.norm(place)
    ways, weights = [], []
    for side in (0, 1):
        seen = float(pose.rotation @ _OUTWARD[side] @ towards) * min(1.0, 2 * open_[side])
        way = _way(landmarks, side, pose, camera) if wide > 1 and seen > TURNED else None
        if way is not None:
            ways.append(way)
            weights.append(seen)
    if not ways:
        return None
    both = _widened(np.average(ways, axis=0, weights=weights), pose)
    off = max(PIXEL, IRIS_PART * wide) / wide * IRIS / TO_IRIS  # of a sine
    turned = max(0.3, float(both @ towards))
    one = math.degrees(off) / SIDEWAYS / turned / math.sqrt(sum(weights))
    return Look(both, place, math.hypot(ALONG, one))


def _widened(way: Matrix, pose: HeadPose) -> Matrix:
    """Return where eyes look whose irises' landmarks look along `way`."""
    yaw, pitch = direction(pose.rotation.T @ way)
    yaw = max(-REACH[0], min(REACH[0], yaw / SIDEWAYS))
    pitch = max(-REACH[1], min(REACH[1], pitch / UPWARD))
    return np.asarray(pose.rotation @ -rotation(yaw, pitch, 0)[:, 2])


def _placed(point: Matrix, pose: HeadPose) -> Matrix:
    return pose.rotation @ point / (100 * SIZE_SEEN) + pose.place


def _way(landmarks: Floats, side: int, pose: HeadPose, camera: Intrinsics) -> Matrix | None:
    """Return where one eye looks, a unit vector; None where its iris can't be where it is seen."""
    turns = _placed(_TURNS_AT[side], pose)
    corners = _placed(_CORNERS_AT[side], pose)
    # Where the canonical face's corners would be, people's are but nearly.
    off = landmarks[CORNERS[side], :2].mean(axis=0) - _pictured(corners, camera)
    aside = landmarks[IRISES[side].start, :2] - _pictured(turns, camera) - off
    x, y = (aside / camera.focal * turns[2] / TO_IRIS).tolist()
    out = x * x + y * y
    if out > 0.9:
        return None
    return np.asarray(rotation_to(turns) @ np.array((x, y, -math.sqrt(1 - out))))


def _pictured(place: Matrix, camera: Intrinsics) -> Matrix:
    return place[:2] / place[2] * camera.focal + np.array(camera.centre)
