"""What people look like: the colours of their clothes, to tell them apart where motion can't.

Looks are vectors of length 1, of any number of values: here the square roots of a histogram, whose
scalar product is the Bhattacharyya coefficient. An embedding of any kind, scaled to length 1, could
take their place.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.io.frames import Picture

Floats = NDArray[np.float32]

TORSO = (2.4, 0.7, 3.0)
"""Where clothes are, in heads: how wide, and from where to where below the head's middle. A head
and its neck end at 0.7, shoulders are three heads wide, hips lie at four."""
SIDE = 16
"""Samples of the torso, across and down: more say no more about colours."""
CHROMA = 6
"""Bins of each of the two chromaticities, which light changes little."""
CHROMA_RANGE = 48.0
"""Clothes' a and b of CIE Lab lie within so much of grey; who is more colourful counts as that."""
LIGHT = 6
"""Bins of lightness, relative to nothing: black clothes from white ones."""
LIGHT_WEIGHT = 0.4
"""Part of lightness in the looks: a lamp changes it by a third, and colours by little."""
LEAST = 0.25
"""Of the torso, so much has to lie in the picture."""
LEAST_PIXELS = 8
"""A torso that is fewer pixels wide or high shows no colours of its own."""
RATE = 0.2
"""How much a new look changes the average: light and posture change within several looks."""


def make_tables() -> None:
    """Have OpenCV make its tables of CIE Lab, which takes it 75 ms, before a frame waits for it."""
    cv2.cvtColor(np.zeros((1, 1, 3), np.uint8), cv2.COLOR_BGR2LAB)


def looks(picture: Picture, heads: Floats) -> Floats:
    """Return the looks (n, bins) of people, by the boxes (n, 4) of their heads in a BGR picture.

    Joint histogram of CIE Lab's a and b, and one of its lightness, of a grid of samples below the
    head. NaN where too little of it is in the picture. 40 µs a person.
    """
    found = np.full((len(heads), CHROMA * CHROMA + LIGHT), np.nan, np.float32)
    for row, head in enumerate(heads.tolist()):
        if all(map(math.isfinite, head)):
            sampled = _torso(picture, *head)
            if sampled is not None:
                found[row] = _histogram(sampled)
    return found


def distance(one: Floats, other: Floats) -> float:
    """Return how far apart two looks (bins,) are, 0 to 1: the Hellinger distance of histograms."""
    alike: float = np.vdot(one, other).item()
    return math.sqrt(max(1 - alike, 0.0))


def blended(known: Floats, looks: Floats) -> Floats:
    """Return the average (bins,) after another look (bins,)."""
    average = known + np.float32(RATE) * (looks - known)
    length: float = np.linalg.norm(average).item()
    return (average / np.float32(max(length, 1e-6))).astype(np.float32)


def _torso(picture: Picture, x: float, y: float, width: float, height: float) -> Picture | None:
    """Return a few pixels of what is below a head, (SIDE, SIDE, 3), None if that is out of view."""
    size = math.sqrt(max(width, 1.0) * max(height, 1.0))
    middle, centre = x + width / 2, y + height / 2
    rows, columns = picture.shape[:2]
    half, top, bottom = TORSO[0] / 2 * size, centre + TORSO[1] * size, centre + TORSO[2] * size
    left, right = max(middle - half, 0), min(middle + half, columns)
    above, below = max(top, 0), min(bottom, rows)
    if min(right - left, below - above) < LEAST_PIXELS:
        return None
    if (right - left) * (below - above) < LEAST * 2 * half * (bottom - top):
        return None
    # One sample in the middle of each cell: averages would mix the colours of a pattern.
    across = (left + (np.arange(SIDE) + 0.5) * ((right - left) / SIDE)).astype(np.intp)
    down = (above + (np.arange(SIDE) + 0.5) * ((below - above) / SIDE)).astype(np.intp)
    return picture[down[:, None], across]


def _histogram(pixels: Picture) -> Floats:
    """Return the square roots of the histogram of BGR pixels, as a vector of length 1."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float32)
    light = _spread(lab[:, 0] * (LIGHT / 255), LIGHT)
    scale = CHROMA / (2 * CHROMA_RANGE)
    a = _spread((lab[:, 1] - (128 - CHROMA_RANGE)) * scale, CHROMA)
    b = _spread((lab[:, 2] - (128 - CHROMA_RANGE)) * scale, CHROMA)
    chroma = (a.T @ b).reshape(-1) * (1 - LIGHT_WEIGHT)
    return np.sqrt(np.concatenate((chroma, light.sum(axis=0) * LIGHT_WEIGHT)) / len(lab))


def _spread(places: Floats, bins: int) -> Floats:
    """Return the share (n, bins) that each place, 0 to `bins`, gives to the two nearest bins.

    A hard limit would take a colour that lies on it from one bin to the other with every cloud.
    """
    middles = np.arange(bins, dtype=np.float32) + 0.5
    inside = np.clip(places, 0.5, bins - 0.5)
    return np.maximum(1 - np.abs(inside[:, None] - middles), 0).astype(np.float32)
