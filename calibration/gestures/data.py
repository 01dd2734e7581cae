"""What the classifier of motions is trained on: windows and what each is."""

from collections.abc import Iterable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from tqdm import tqdm

from calibration.gestures.motions import GESTURES, MIRRORED
from calibration.gestures.recorded import CLIPS, Tracks, clip, learned_tracks, replayed
from calibration.gestures.scenes import scene
from edge.people.hand_motion import FEATURES
from edge.people.moving_gestures import MOVING

Windows = tuple[NDArray[np.float16], NDArray[np.int64]]
EVERYDAY = 0.4
"""Of all scenes, so many without a gesture."""
KEPT_OF_NONE = 0.3
"""Most of what is seen is no gesture, and neighbours are alike."""
REPLAYS = 300
"""Of each clip."""
SIDEWAYS = np.where(np.isin(np.arange(FEATURES), (0, 3, 12)), -1, 1)
"""What a mirror makes of a window's columns: place, where the hand points, the forefinger's tip."""
SWAPPED = np.array([MOVING.index(MIRRORED.get(name, name)) for name in MOVING])


def generated(seed: int, count: int) -> Windows:
    """Return the windows of so many scenes, half of them mirrored."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in tqdm(range(count), "scenes", leave=False):
        name = None if rng.random() < EVERYDAY else GESTURES[rng.integers(len(GESTURES))]
        made = scene(rng, name)
        if len(made.t):
            parts.append(_thinned(made.windows, made.labels, KEPT_OF_NONE, rng))
    windows, labels = _joined(parts)
    mirrored = rng.random(len(labels)) < 0.5
    windows[mirrored] *= SIDEWAYS.astype(np.float16)
    labels[mirrored] = SWAPPED[labels[mirrored]]
    return windows, labels


def replays(names: Iterable[str], rng: Generator) -> Windows:
    """Return the windows of clips that are replayed otherwise."""
    parts = []
    for name in names:
        looks = clip(name)
        for _ in range(REPLAYS):
            made = replayed(looks, CLIPS[name], rng)
            parts.append(_thinned(made.windows, made.labels, 0.5, rng))
    return _joined(parts)


def drawn(known: Tracks, rows: NDArray[np.int64], rng: Generator) -> Windows:
    """Return the windows of hands that draw these tracks."""
    made = learned_tracks(known, rows, rng)
    return made.windows.astype(np.float16), made.labels


def joined(*parts: Windows) -> Windows:
    return _joined(list(parts))


def _thinned(
    windows: NDArray[np.float32], labels: NDArray[np.int64], kept: float, rng: Generator
) -> Windows:
    """Return what says something: all of gestures, a part of the rest."""
    rows = (labels > 0) | ((labels == 0) & (rng.random(len(labels)) < kept))
    return windows[rows].astype(np.float16), labels[rows]


def _joined(parts: list[Windows]) -> Windows:
    windows, labels = zip(*parts, strict=True)
    return np.concatenate(windows), np.concatenate(labels)
