"""Overlapping tiles that a picture is searched in for what is too small to be seen in the whole."""

import math

import numpy as np

from edge.vision.targets import Floats

MOST = 15
"""Of one picture: as many as 1080p has at the smallest useful size. Of a larger picture the tiles
are larger, so that an 8K frame costs no more."""


class Tiles:
    """The tiles of a picture, in turn.

    `side` of a tile in pixels; neighbours share `overlap` pixels, so that what is no larger is
    seen whole in one of them. A picture that isn't much larger than a tile has none.
    """

    def __init__(self, side: float, overlap: float) -> None:
        self.side, self.overlap = side, overlap
        self._next = 0
        self._all: tuple[tuple[int, int], Floats] | None = None

    def all(self, size: tuple[int, int]) -> Floats:
        """Return the tiles (n, 5) of a picture of `size` (width, height), row by row."""
        if self._all is None or self._all[0] != size:
            self._all = size, self._of(size)
        return self._all[1]

    def _of(self, size: tuple[int, int]) -> Floats:
        scale = 1.0
        while True:
            side, overlap = self.side * scale, self.overlap * scale
            if max(size) <= side + overlap:
                return np.empty((0, 5), np.float32)
            across, down = (_middles(length, side, overlap) for length in size)
            if len(across) * len(down) <= MOST:
                break
            scale *= 1.1
        rows = [(x, y, side, side, 0) for y in down for x in across]
        return np.array(rows, np.float32)

    def next(self, size: tuple[int, int], due: np.ndarray | None = None) -> Floats:
        """Return the tile (0 or 1, 5) whose turn it is, of those where `due` (n,) is True."""
        tiles = self.all(size)
        rows = np.arange(len(tiles)) if due is None else np.flatnonzero(due)
        if not len(rows):
            return tiles[:0]
        after = rows[rows >= self._next]
        row = int(after[0] if len(after) else rows[0])
        self._next = row + 1
        return tiles[row : row + 1]


def _middles(length: float, side: float, overlap: float) -> list[float]:
    """Return the middles of tiles along a side of the picture of a given length."""
    if side >= length:
        return [length / 2]
    count = math.ceil((length - side) / (side - overlap)) + 1
    return np.linspace(side / 2, length - side / 2, count).tolist()
