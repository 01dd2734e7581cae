"""How much later than the picture its sound arrives, told by people who speak."""

import numpy as np

from edge.people.lips import TICK_US
from edge.vision.targets import Floats

REACH = 12
"""Ticks by which sound may be early or late: half a second, more than any device adds."""
ENOUGH = 250
"""Ticks of somebody's speech before anything is said: 10 s."""
STANDS_OUT = 4.0
"""So many standard deviations the best offset's correlation exceeds the others' by."""
CLEAR = 0.35
"""And at least so high: chance reaches 0.3 in ten seconds, lips and their own voice 0.6."""
BESIDE = 3
"""Ticks about the best that are no measure of chance: syllables overlap."""


class OffsetMeter:
    """Correlates the lips of who speaks with sound of up to half a second before and after."""

    def __init__(self, weights: Floats) -> None:
        """`weights` (k,): of the ways in which lips and sound are compared."""
        self._weights = weights
        self._tick = -1
        self.reset()

    def reset(self) -> None:
        lags, ways = 2 * REACH + 1, len(self._weights)
        self.count = 0
        self._moves = np.zeros(ways)
        self._moves_squared = np.zeros(ways)
        self._sound = np.zeros((lags, ways))
        self._sound_squared = np.zeros((lags, ways))
        self._together = np.zeros((lags, ways))

    def add(self, tick: int, moves: Floats, sound: Floats) -> None:
        """Take in one more tick, if it is one. `moves`, `sound`: (25 or more, k), newest last."""
        if tick <= self._tick:
            return
        self._tick = tick
        lips, heard = moves[-1 - REACH].astype(np.float64), sound[-1 - 2 * REACH :]
        self.count += 1
        self._moves += lips
        self._moves_squared += lips * lips
        self._sound += heard
        self._sound_squared += heard * heard
        self._together += lips * heard

    def late_us(self) -> int | None:
        """Return by how much sound is late, below 0 early; None as long as that isn't clear."""
        if self.count < ENOUGH:
            return None
        found = self._correlations()
        best = int(found.argmax())
        others = np.abs(np.arange(len(found)) - best) > BESIDE
        chance = found[others]
        if found[best] < max(CLEAR, chance.mean() + STANDS_OUT * chance.std()):
            return None
        return round((best - REACH + _between(found, best)) * TICK_US)

    def _correlations(self) -> Floats:
        n = self.count
        together = self._together - self._moves * self._sound / n
        lips = self._moves_squared - self._moves**2 / n
        heard = self._sound_squared - self._sound**2 / n
        return np.asarray((together / np.sqrt(lips * heard + 1e-9)) @ self._weights)


def _between(found: Floats, best: int) -> float:
    """Return where between its neighbours the peak of a parabola through them is, -0.5 to 0.5."""
    if not 0 < best < len(found) - 1:
        return 0.0
    before, at, after = found[best - 1 : best + 2]
    bend = before - 2 * at + after
    return float((before - after) / (2 * bend)) if bend < 0 else 0.0
