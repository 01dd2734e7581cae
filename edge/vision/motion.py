"""Where in the picture something moves, seen on a thumbnail."""

from collections import deque
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.budget.levels import Level, Levelled
from edge.graph.node import Context, Node
from edge.io.frames import Frame, Picture
from edge.vision.targets import Floats, Mask

SECOND = 1_000_000
CELL = 8
"""Side of a cell, pixels of the thumbnail, or a little less, so that they fill it."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Which cells of a grid over the frame at `t` have changed of late.

    `moving` (rows, columns): all True where there's nothing yet to compare with. `cell`: width and
    height of a cell in pixels of the frame.
    """

    t: int
    moving: Mask
    cell: tuple[float, float]

    def outside(self, boxes: Floats) -> bool:
        """Say whether anything moves outside of boxes (n, 4: left, top, right, bottom)."""
        return bool(self.rest(boxes).any())

    def rest(self, boxes: Floats) -> Mask:
        """Return (rows, columns) what moves outside of boxes (n, 4: left, top, right, bottom)."""
        rest = self.moving.copy()
        for (top, left), (bottom, right) in zip(*self._cells(boxes), strict=True):
            rest[top:bottom, left:right] = False
        return rest

    def inside(self, boxes: Floats) -> Mask:
        """Return (n,) in which boxes (n, 4: left, top, right, bottom) anything moves."""
        ranges = zip(*self._cells(boxes), strict=True)
        return np.array(
            [self.moving[top:bottom, left:right].any() for (top, left), (bottom, right) in ranges],
            bool,
        )

    def _cells(self, boxes: Floats) -> tuple[list[list[int]], list[list[int]]]:
        """Return first (row, column), and the one after the last, of the cells that boxes touch."""
        (rows, columns), (width, height) = self.moving.shape, self.cell
        low, high = [], []
        for left, top, right, bottom in boxes.tolist():  # a few: numpy takes longer to begin
            low.append([_within(top // height, rows), _within(left // width, columns)])
            high.append([_within(-(-bottom // height), rows), _within(-(-right // width), columns)])
        return low, high


def _within(cell: float, cells: int) -> int:
    return int(min(max(cell, 0), cells))


class MotionDetector(Levelled):
    """Says where something moves, for detectors to look only where there is a reason.

    `frame`: any size. Output: one `Motion` for every frame. It compares thumbnails, a few
    thousand pixels, and looks at nothing else. After a change of size, and in a picture on its
    own, all is taken to move.
    """

    class Settings(Node.Settings):
        side: int = 160
        """Longer side of the thumbnail, pixels: a head across a room is five of them wide."""
        over_s: float = 0.2
        """Time between the thumbnails that are compared: who walks slowly moves enough in it."""
        levels: float = 2.5
        """Mean change of a cell that counts, of 256 levels: ten times what a sensor's noise leaves
        in a thumbnail at night, half of what a hand across a room makes."""
        typical: float = 2.0
        """And so many times the median change of all cells, so that neither noise nor a lamp that
        flickers moves everything."""

    levels = tuple(Level(every, 0.1 * (every - 1)) for every in (1, 2, 3))
    weight = 0.3
    rests, watches = False, True
    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.before: deque[tuple[int, Picture]] = deque()
        self.last: Motion | None = None

    def process(self, frame: Frame) -> Motion:
        if self.turn is False and self.last is not None and not frame.still:
            self.looked = False
            self.last = replace(self.last, t=self.t)
        else:
            self.looked = True
            self.last = self._compared(frame)
            self.need = float(self.last.moving.any())
        return self.last

    def _compared(self, frame: Frame) -> Motion:
        width, height = frame.size
        across = max(1, round(self.settings.side * width / max(width, height)))
        thumbnail = frame.thumbnail(across)
        before = self._before(thumbnail, frame.still)
        rows, columns = (-(-length // CELL) for length in thumbnail.shape)
        cell = (width / columns, height / rows)
        if before is None:
            return Motion(self.t, np.ones((rows, columns), bool), cell)
        change = cv2.absdiff(thumbnail, before).astype(np.float32)
        cells = cv2.resize(change, (columns, rows), interpolation=cv2.INTER_AREA)
        typical = np.partition(cells, cells.size // 2, axis=None)[cells.size // 2]
        limit = self.settings.levels + self.settings.typical * float(typical)
        return Motion(self.t, cells > limit, cell)

    def _before(self, thumbnail: Picture, still: bool) -> Picture | None:
        """Return the thumbnail to compare with, if there is one, and remember the new one."""
        if self.before and (still or self.before[-1][1].shape != thumbnail.shape):
            self.before.clear()
        while len(self.before) > 1 and self.t - self.before[1][0] >= self.settings.over_s * SECOND:
            self.before.popleft()
        before = self.before[0][1] if self.before else None
        self.before.append((self.t, thumbnail))
        return before
