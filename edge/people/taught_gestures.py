"""Still gestures that a user taught, from a folder of photos; kept on this device only.

A gesture is known by the mean shape of its examples, in the hand's own axes: turned, mirrored, near
or far it is the same. How far from it a hand may be follows from how far the examples are.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from edge.errors import UserError, nearest
from edge.io.part_file import PartFile
from edge.paths import config_dir
from edge.people.hand_shape import TIPS, in_own_axes, straightness
from edge.vision.targets import Floats

FOLDER = "gestures"
NAME = re.compile(r"[a-z][a-z0-9_]*")
NONE = "none"
"""A folder of this name shows what none of the gestures is."""
FEWEST = 3
"""Photos of a gesture; five tell the three of HaGRID's that were tried apart in 19 of 20 cases."""
SPREAD = 0.1
"""Variance that every number is taken to have beside that of the examples: another person's hand,
and the landmarks' own errors, of which a handful of photos shows too little."""
FARTHEST = 0.4
"""Mean squared distance, in variances, up to which a hand shows the gesture: of photos that weren't
taught 0.97 of the right gesture are nearer, 0.005 of others."""
NEAREST_OTHER = 0.8
"""Of the distance of the nearest example of "none": what is farther is none, too."""
JOINTS = np.array((3, 4, 6, 8, 10, 12, 14, 16, 18, 20))
ANGLES = np.array((5, 6, 9, 10, 13, 17))
PAIRS = np.triu_indices(5, 1)


def check_name(name: str) -> None:
    """Raises UserError for what can't be a gesture's name."""
    if not NAME.fullmatch(name):
        raise UserError(
            f"'{name}' can't be a gesture's name: use small letters, digits and _, such as call"
        )


def descriptor(landmarks: Floats, world: Floats, right: bool) -> Floats:
    """Return a hand's shape as numbers to compare, from its landmarks and those in metres."""
    return np.concatenate([_described(in_own_axes(points, right)) for points in (landmarks, world)])


def _described(points: Floats) -> Floats:
    tips = points[TIPS]
    apart = np.linalg.norm(tips[PAIRS[0]] - tips[PAIRS[1]], axis=1)
    thumb = np.linalg.norm(points[ANGLES] - tips[0], axis=1)
    return np.concatenate((straightness(points), apart, thumb, points[JOINTS].ravel() / 2))


@dataclass(frozen=True, slots=True)
class Taught:
    """Gestures by name: `means` (n, k), `weights` (k,) of each number, `limits` (n,)."""

    names: tuple[str, ...]
    means: Floats
    weights: Floats
    limits: Floats

    def recognize(self, hand: Floats) -> tuple[str | None, float]:
        """Return which gesture a hand (its descriptor) shows, None for none, and how surely."""
        distances = _distances(self.means, self.weights, hand)
        best = int(distances.argmin())
        share = float(distances[best] / self.limits[best])
        return (self.names[best], 1 - 0.5 * share) if share < 1 else (None, 0.0)


def learn(examples: dict[str, list[list[Floats]]]) -> Taught:
    """Return what photos teach: by gesture, of each photo the descriptors of the hands in it.

    Which of several hands makes the gesture is found out: the one most like all the others'.
    """
    names = tuple(sorted(name for name in examples if name != NONE))
    chosen = {name: _alike([photo for photo in examples[name] if photo]) for name in names}
    means = np.stack([hands.mean(axis=0) for hands in chosen.values()])
    off = np.concatenate([hands - hands.mean(axis=0) for hands in chosen.values()])
    weights = np.asarray(1 / ((off**2).mean(axis=0) + SPREAD), np.float32)
    limits = np.full(len(names), FARTHEST, np.float32)
    for photo in examples.get(NONE, []):
        for hand in photo:
            limits = np.minimum(limits, NEAREST_OTHER * _distances(means, weights, hand))
    return Taught(names, means.astype(np.float32), weights, np.maximum(limits, 1e-3))


def _alike(photos: list[list[Floats]]) -> Floats:
    """Return one hand of each photo, (n, k)."""
    hands = np.stack([hand for photo in photos for hand in photo])
    middle = np.median(hands, axis=0)
    return np.stack([min(photo, key=lambda hand: np.abs(hand - middle).sum()) for photo in photos])


def _distances(means: Floats, weights: Floats, hand: Floats) -> Floats:
    return np.asarray(((means - hand) ** 2 * weights).mean(axis=1), np.float32)


def kept() -> dict[str, list[list[Floats]]]:
    """Return the examples of all gestures that were taught. Raises UserError for a damaged file."""
    return {path.stem: _read(path) for path in sorted((config_dir() / FOLDER).glob("*.npz"))}


def _read(path: Path) -> list[list[Floats]]:
    try:
        # Where this is no archive, NumPy wouldn't close a file that it had opened itself.
        with path.open("rb") as file, np.load(file) as arrays:
            hands, photos = arrays["hands"], arrays["photos"]
        return [list(hands[photos == photo]) for photo in np.unique(photos)]
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        raise UserError(
            f"{path} holds no gesture: teach it anew with `edge gestures train`, or "
            f"`edge gestures remove {path.stem}`"
        ) from None


def taught() -> Taught | None:
    """Return what was taught on this device, None where nothing was."""
    examples = kept()
    return learn(examples) if any(name != NONE for name in examples) else None


def keep(name: str, photos: list[list[Floats]]) -> None:
    """Keep a gesture's examples, in place of what was kept by that name. Raises UserError."""
    check_name(name)
    folder = config_dir(make=True) / FOLDER
    folder.mkdir(exist_ok=True)
    part = PartFile(folder / f"{name}.npz")
    hands = np.array([hand for photo in photos for hand in photo], np.float32)
    numbers = np.repeat(np.arange(len(photos)), [len(photo) for photo in photos])
    np.savez(part.file, hands=hands, photos=numbers)
    part.complete()


def forget(name: str) -> None:
    """Raises UserError where no such gesture was taught."""
    known: dict[str, Path] = {p.stem: p for p in (config_dir() / FOLDER).glob("*.npz")}
    if name not in known:
        raise UserError(f"no gesture '{name}' was taught{nearest(name, known)}")
    known[name].unlink()
