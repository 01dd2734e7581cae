"""The canonical face with eyes that look somewhere, as a camera and the landmark model see it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.graph.node import Context
from edge.io.frames import Frame
from edge.io.intrinsics import Intrinsics
from edge.people.eyes import ACROSS, IRISES, SIDEWAYS, TO_IRIS, UPWARD
from edge.people.head_pose import PLACES, POINTS, SIZE_SEEN, rotation
from edge.people.results import Face, FrameResult, Hand, Person
from edge.vision.faces import Meshes
from tests.people.seen import rows

Floats = NDArray[Any]
Angles = tuple[float, float]
SIZE, FOCAL = (1280, 720), 900.0
CAMERA = Intrinsics(size=SIZE, focal=FOCAL, centre=(SIZE[0] / 2, SIZE[1] / 2))
VIEW_DEG = float(np.degrees(2 * np.arctan(SIZE[0] / 2 / FOCAL)))
TURNS_AT = np.array(((-3.15, -2.82, -2.55), (3.15, -2.82, -2.55)))
"""What eyes turn about: 2 mm above the middle of their corners, 9 mm behind it."""
RIM = np.array(((0, 0), (-1, 0), (0, -1), (1, 0), (0, 1)))


def face(
    gaze: Angles = (0, 0),
    turn: tuple[float, float, float] = (0, 0, 0),
    place: tuple[float, float, float] = (0, 0, 60),
    open_: float = 0.8,
    iris: float = 0.69,
) -> Floats:
    """Return landmarks (478, 3), pixels, of a head turned by `turn` at `place`, cm as PnP on the
    canonical face finds them, with its eyes at `gaze` in the head, degrees; NaN what has no part in
    it. `open_`: of the lids, 0 to 1; `iris`: its radius, cm."""
    landmarks = np.full((478, 3), np.nan, np.float32)
    head = rotation(*turn)

    def put(points: Any, places: Floats) -> None:
        there = places @ head.T + place
        landmarks[points, :2] = there[:, :2] / there[:, 2:] * FOCAL + np.array(SIZE) / 2
        landmarks[points, 2] = 0

    put(POINTS, PLACES)
    # The irises' landmarks follow only part of the way.
    look = -rotation(SIDEWAYS * gaze[0], UPWARD * gaze[1], 0)[:, 2]
    for side, eye in enumerate(IRISES):
        middle = TURNS_AT[side] + look * TO_IRIS * 100 * SIZE_SEEN
        put(range(eye.start, eye.stop), middle + iris * np.column_stack((RIM, np.zeros(5))))
    set_lids(landmarks, open_)
    return landmarks


def set_lids(landmarks: Floats, open_: float) -> None:
    """Put lids so far apart that eyes are so far open, 0 to 1."""
    for right_left in (0, 1):
        a, b = landmarks[ACROSS[:, right_left, 0]]
        middle, width = (a + b) / 2, float(np.linalg.norm(b - a))
        along = (b - a) / width
        down = np.array((-along[1], along[0], 0)) * width * (0.1 + 0.2 * open_) / 2
        landmarks[ACROSS[0, right_left, 1:]] = middle - down
        landmarks[ACROSS[1, right_left, 1:]] = middle + down


def mirrored(landmarks: Floats) -> Floats:
    """Return what the landmark model would see of the same face in a mirror."""
    across = landmarks * (-1, 1, 1) + (SIZE[0], 0, 0)
    partner = np.arange(478)
    pairs = POINTS[3:].reshape(-1, 2)
    partner[pairs] = pairs[:, ::-1]
    right, left = np.arange(468, 473), np.arange(473, 478)
    partner[right], partner[left] = left[[0, 3, 2, 1, 4]], right[[0, 3, 2, 1, 4]]
    # Lids are listed from the right eye's outer corner on, and from the left eye's inner one.
    lids, order = ACROSS[:, :, 1:], [0, 2, 1]
    partner[lids[:, 0]], partner[lids[:, 1]] = lids[:, 1][:, order], lids[:, 0][:, order]
    return np.asarray(across[partner], np.float32)


def meshes(*faces: Floats) -> Meshes:
    """Return faces as `face_landmarks` gives them."""
    boxes = np.array([_box(points) for points in faces], np.float32)
    return Meshes(**{**rows(np.array(faces)), "boxes": boxes}, trusted=np.ones(len(faces), bool))


def result(seen: Meshes, hands: list[list[float]] | None = None) -> FrameResult:
    """Return people with these faces; the first of them has hands with these boxes."""
    people = []
    for row, box in enumerate(seen.boxes.tolist()):
        held = [Hand(side="left", score=1, box=hand) for hand in hands or []] if row == 0 else []
        face_ = Face(box=box, score=1)
        person = Person(id=row + 1, box=box, score=1, fresh=True, face=face_, hands=held)
        people.append(person)
    return FrameResult(frame=0, t=0, size=list(SIZE), people=people)


def frame(light: int = 200, mirrored: bool = False) -> Frame:
    """Return an even picture, in which nothing covers any eyes."""
    made = Frame(np.full((SIZE[1], SIZE[0]), light, np.uint8), 0, 0)
    made.mirrored = mirrored
    return made


def context(live: bool = False) -> Context:
    return Context("node", lambda: 0, live, lambda kind, **f: None, lambda name, **f: None, True)


def _box(points: Floats) -> list[float]:
    low, high = np.nanmin(points[:, :2], axis=0), np.nanmax(points[:, :2], axis=0)
    return [*low.tolist(), *(high - low).tolist()]
