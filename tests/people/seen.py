"""Faces, hands and bodies made up, as the landmark nodes would see them."""

import numpy as np

from edge.vision.bodies import Bodies
from edge.vision.faces import KEYPOINTS, Meshes
from edge.vision.hands import Hands
from edge.vision.targets import Seen, bounds

HEAD = {
    5: (-0.2, -0.15), 2: (0.2, -0.15), 0: (0, 0.05), 9: (0.12, 0.25), 10: (-0.12, 0.25),
    8: (-0.5, -0.1), 7: (0.5, -0.1), 1: (0.15, -0.15), 3: (0.25, -0.15), 4: (-0.15, -0.15),
    6: (-0.25, -0.15), 11: (1, 1.2), 12: (-1, 1.2), 13: (1.3, 2.4), 14: (-1.3, 2.4),
    23: (0.6, 4), 24: (-0.6, 4),
}  # fmt: skip
"""Where a body's landmarks are from the middle of the face, in widths of the face."""
KEYS = [5, 2, 0, 9, 8, 7]


def rows(landmarks: np.ndarray, scores: np.ndarray | None = None) -> dict:
    count = len(landmarks)
    return {
        "t": 0,
        "landmarks": landmarks.astype(np.float32),
        "boxes": bounds(landmarks.astype(np.float32)) if count else np.empty((0, 4), np.float32),
        "regions": np.zeros((count, 5), np.float32),
        "scores": np.full(count, 0.9, np.float32) if scores is None else scores,
        "fresh": np.ones(count, bool),
        "lost": 0,
    }


def faces(*middles: tuple[float, float], size: float = 100) -> Meshes:
    """Faces seen from the front."""
    angles = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    circle = np.column_stack((np.cos(angles), np.sin(angles), 0 * angles)) / 2
    circle[KEYPOINTS[:, 0], :2] = circle[KEYPOINTS[:, 1], :2] = [HEAD[key] for key in KEYS]
    points = np.array([circle * size + (*middle, 0) for middle in middles]).reshape(-1, 478, 3)
    return Meshes(**rows(points), trusted=np.ones(len(middles), bool))


def untrusted(seen: Meshes) -> Meshes:
    """The same faces, without landmarks."""
    common = {name: getattr(seen, name) for name in Seen.__slots__}
    common["landmarks"] = np.full_like(seen.landmarks, np.nan)
    return Meshes(**common, trusted=np.zeros(len(seen), bool))


def hands(*wrists: tuple[float, float], size: float = 80, right: tuple[float, ...] = ()) -> Hands:
    """Hands that point up from their wrists."""
    shape = np.zeros((21, 3))
    shape[1:, 0] = np.tile(np.linspace(-0.3, 0.3, 5), 4)
    shape[1:, 1] = -np.repeat(np.linspace(0.4, 1, 4), 5)
    points = np.array([shape * size + (*wrist, 0) for wrist in wrists]).reshape(-1, 21, 3)
    sides = np.array(right or [0.5] * len(wrists), np.float32)
    world, still = (
        np.zeros((len(wrists), 21, 3), np.float32),
        np.zeros((len(wrists), 2), np.float32),
    )
    return Hands(**rows(points), right=sides, world=world, moved=still)


def bodies(
    *middles: tuple[float, float], size: float = 100, visible: float = 0.9, spread: float = 1.4
) -> Bodies:
    """People who sit, wrists at `spread` to both sides: the left one at the picture's right."""
    shape = np.zeros((33, 4))
    shape[:, 1], shape[:, 3] = 4, 0.1
    places = {**HEAD, 15: (spread, 3.2), 16: (-spread, 3.2)}
    for index, place in places.items():
        shape[index] = (*place, 0, 0.9)
    shape[[15, 16], 3] = visible
    scale = np.array([size, size, size, 1])
    points = np.array([shape * scale + (*middle, 0, 0) for middle in middles]).reshape(-1, 33, 4)
    return Bodies(**rows(points), world=np.zeros((len(middles), 33, 3), np.float32))
