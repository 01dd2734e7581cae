"""Somebody's hand that is made to move: poses over time, and when which gesture is complete."""

from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator

from calibration.gestures.hand import BENDS, PLACE, POSE, SEEN, SPREAD, TURN, UP, Floats

RATE = 100
"""Poses a second."""
PALM = 0.092
"""Metres; places are given in palms."""


class Done(NamedTuple):
    """A gesture is complete from `start` to `end`, s: longer than a moment where it goes on."""

    name: str
    start: float
    end: float
    began: float


class Actor:
    """One hand's poses, 100 a second, in the order in which it was told to move."""

    def __init__(self, rng: Generator) -> None:
        self.rng = rng
        self.pose = np.zeros(POSE)
        self.pose[SPREAD], self.pose[UP], self.pose[SEEN] = rng.uniform(0, 1), rng.uniform(0, 1), 1
        self.pose[2] = rng.uniform(0.35, 1.2) if rng.random() < 0.7 else rng.uniform(1.2, 4.5)
        self.parts: list[Floats] = []
        self.done: list[Done] = []
        self.count = 0
        self.together = False
        """Whether the other hand does the same, mirrored."""

    @property
    def now(self) -> float:
        return self.count / RATE

    @property
    def poses(self) -> Floats:
        return np.concatenate(self.parts)

    def u(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def set(self, **changes: Any) -> None:
        """Be in another pose at once: where a scene begins."""
        self.pose = self._changed(changes)

    def hold(self, seconds: float) -> None:
        """Stay, as well as a hand can."""
        self._add(np.repeat(self.pose[None], max(1, round(seconds * RATE)), axis=0))

    def go(self, seconds: float, arc: float = 0.0, **changes: Any) -> None:
        """Move to another pose as arms do, with the least jerk (Flash and Hogan 1985).

        `arc`: how far the way bends aside, in its length.
        """
        target = self._changed(changes)
        count = max(2, round(seconds * RATE))
        part = np.linspace(0, 1, count)
        skew = self.u(0.85, 1.2)
        part = part**skew
        part = part**3 * (10 - 15 * part + 6 * part**2)
        poses = self.pose + part[:, None] * (target - self.pose)
        way = target[PLACE] - self.pose[PLACE]
        aside = np.array((-way[1], way[0], 0))
        poses[:, PLACE] += arc * np.sin(np.pi * part)[:, None] * aside
        self._add(poses)
        self.pose = target

    def swing(self, seconds: float, offsets: Floats) -> None:
        """Move about where the hand is: `offsets` (n, POSE), added over that time."""
        count = max(2, round(seconds * RATE))
        at = np.linspace(0, len(offsets) - 1, count)
        low = np.floor(at).astype(int).clip(0, len(offsets) - 2)
        part = (at - low)[:, None]
        self._add(self.pose + offsets[low] * (1 - part) + offsets[low + 1] * part)

    def say(self, name: str, start: float | None = None, began: float = 0.0) -> None:
        """Note that a gesture is complete now, or has been since `start`."""
        self.done.append(Done(name, self.now if start is None else start, self.now, began))

    def _changed(self, changes: dict[str, Any]) -> Floats:
        pose = self.pose.copy()
        places: dict[str, Any] = {
            "bends": BENDS,
            "spread": SPREAD,
            "up": UP,
            "pinch": 12,
            "flat": 14,
            "seen": SEEN,
        }
        places |= {"x": 0, "y": 1, "z": 2, "roll": 3, "pitch": 4, "yaw": 5}
        for name, value in changes.items():
            if name in ("dx", "dy", "dz"):
                pose[ord(name[1]) - ord("x")] += np.asarray(value) * PALM
            elif name in ("turn_roll", "turn_pitch", "turn_yaw"):
                pose[places[name[5:]]] += value
            elif name in ("x", "y"):
                pose[places[name]] = np.asarray(value) * PALM
            else:
                pose[places[name]] = value
        return pose

    def _add(self, poses: Floats) -> None:
        self.parts.append(poses)
        self.count += len(poses)


def tremble(rng: Generator, count: int) -> Floats:
    """Return how a hand that means to be still moves, (count, POSE)."""
    noise = np.zeros((count, POSE))
    for columns, size in ((PLACE, 0.1 * PALM), (TURN, 0.06), (BENDS, 0.04)):
        wide = columns.stop - columns.start
        for hertz in (0.4, 1.5):
            knots = rng.normal(size=(max(2, round(count / RATE * hertz * 2)) + 1, wide))
            at = np.linspace(0, len(knots) - 1, count)
            for column in range(wide):
                curve = np.interp(at, np.arange(len(knots)), knots[:, column])
                noise[:, columns.start + column] += curve * size * rng.uniform(0.1, 0.6)
    return noise
