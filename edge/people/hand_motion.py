"""How one hand moves and what shape it has, over the last two seconds, as the classifier sees it.

All is seen as in a mirrored picture, in units of the hand's own size, so that the distance from the
camera, the picture's size, and which hand it is make no difference.
"""

import math

import numpy as np

from edge.people.hand_shape import SHAPE
from edge.vision.targets import Floats

SECOND = 1_000_000
STEPS, STEP_US = 40, 50_000
"""The classifier sees two seconds, 20 times a second: three swings of a wave, and a tap in four."""
PLACE, SIZE, FORM, SEEN, APART, BOTH, KNOWN = slice(0, 2), 2, slice(3, 3 + SHAPE), 15, 16, 17, 18
FEATURES = 19
"""Columns of what the classifier sees: the palm's place (2) and the logarithm of the hand's size,
both against those of now; the shape (12, `edge.people.hand_shape.SHAPE`); whether the hand's own
landmarks are known, or only a wrist; the other hand's distance, and whether there is one; whether
anything was known at that time at all."""
FARTHEST = 12.0
"""In hands: what is farther off, or apart, is as far."""
KEPT = 96
"""Looks that two seconds hold at most: 40 frames a second."""
SETTLING = 0.3
"""Of each look's size so much is believed: from frame to frame it trembles."""


class HandMotion:
    """One hand's last two seconds, out of looks whenever there are any."""

    def __init__(self) -> None:
        self.times = np.zeros(2 * KEPT, np.int64)
        self.rows = np.zeros((2 * KEPT, FEATURES), np.float32)
        self.count = 0
        self.size = 0.0  # pixels
        self.shape = np.zeros(SHAPE, np.float32)

    @property
    def t(self) -> int:
        """When anything was known of it last, µs."""
        return int(self.times[self.count - 1])

    @property
    def place(self) -> Floats:
        """Where it was then, pixels as in a mirrored picture."""
        return self.rows[self.count - 1, PLACE]

    def see(self, t: int, place: Floats, size: float, shape: Floats, apart: float | None) -> None:
        """Take in what the hand looks like at t, µs; `apart`: the other hand's distance, pixels."""
        self.size += (SETTLING if self.size else 1.0) * (size - self.size)
        self.shape = shape
        self._add(t, place, apart, 1.0)

    def guess(self, t: int, place: Floats, apart: float | None) -> None:
        """Take in where a wrist says that the hand is; its shape stays what it was seen like."""
        self._add(t, place, apart, 0.0)

    def window(self, t: int) -> Floats:
        """Return (STEPS, FEATURES), the newest last, of the two seconds that end at t, µs."""
        first = max(0, self.count - KEPT)
        times, rows = self.times[first : self.count], self.rows[first : self.count]
        when = t - STEP_US * np.arange(STEPS - 1, -1, -1, dtype=np.int64)
        after = np.searchsorted(times, when).clip(1, max(1, len(times) - 1))
        before = after - 1
        after = np.minimum(after, len(times) - 1)
        gone = np.maximum(times[after] - times[before], 1)
        part = ((when - times[before]) / gone).clip(0, 1).astype(np.float32)
        found = rows[before] + part[:, None] * (rows[after] - rows[before])
        found[:, PLACE] = (found[:, PLACE] - found[-1, PLACE]) / np.float32(self.size)
        found[:, SIZE] -= found[-1, SIZE]
        found[:, APART] /= np.float32(self.size)
        np.clip(found, -FARTHEST, FARTHEST, out=found)
        found[:, KNOWN] = 1
        found[when < times[0] - STEP_US // 2] = 0
        return found

    def _add(self, t: int, place: Floats, apart: float | None, seen: float) -> None:
        if self.count == len(self.times):  # the newer half goes on
            self.times[:KEPT], self.rows[:KEPT] = self.times[KEPT:], self.rows[KEPT:]
            self.count = KEPT
        self.times[self.count] = t
        row = self.rows[self.count]
        row[PLACE], row[SIZE], row[FORM] = place, math.log(self.size), self.shape
        row[SEEN], row[APART], row[BOTH] = seen, apart or 0.0, apart is not None
        self.count += 1
