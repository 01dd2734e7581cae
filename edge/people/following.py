"""Follows boxes from one frame to the next by motion alone."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.people.appearance import blended
from edge.people.assignment import FORBIDDEN, Costs, assigned
from edge.people.kalman import Kalman, MotionSettings, Seen, State, measured

Floats = NDArray[np.float32]
SECOND = 1_000_000


@dataclass(slots=True)
class Tracklet:
    """One box followed without a doubt, of somebody whose id is another question.

    `state` is that at `seen`; times in µs. `shape`: width and height of the last box in units of
    its size. `evidence`: seconds for which it was seen, less twice those missed.
    `person`: id of whom it shows, 0 for nobody so far. `since`: that may be wrong since then; None
    if it can't. `mixed`: when it last could be mixed up with somebody else, `origin`: its state
    then, `course`: that at
    `course_t`, a little later, when it shows where it goes.
    `looks` (bins,): the average since `since`, and `looked` when it was last renewed.
    """

    state: State
    seen: int
    shape: tuple[float, float]
    since: int | None
    mixed: int
    origin: State
    course: State
    course_t: int
    evidence: float = 0.0
    margin: float = 0.0
    person: int = 0
    looks: Floats | None = None
    looked: int = 0

    def remember(self, t: int, looks: Floats) -> None:
        """Let the average follow what somebody looks like at t."""
        if np.isfinite(looks).all():
            self.looks = looks if self.looks is None else blended(self.looks, looks)
            self.looked = t


class Match(NamedTuple):
    """What the boxes at t continue.

    `rows`: of the boxes that are any. `seen`: the same, measured. `now`: state of each tracklet
    at t. `found`: the tracklet of each box seen, -1 for none.
    """

    t: int
    rows: list[int]
    seen: list[Seen]
    now: list[State]
    found: list[int]


def match(t: int, boxes: Floats, tracklets: list[Tracklet], kalman: Kalman, gate: float) -> Match:
    """Return which of the tracklets the boxes (n, 4) at t go on."""
    rows = np.flatnonzero(np.isfinite(boxes).all(axis=1)).tolist()
    seen = [measured(*box) for box in boxes[rows].tolist()]
    now = [kalman.predict(track.state, (t - track.seen) / SECOND) for track in tracklets]
    found = assigned(_costs(now, seen, kalman.settings, gate).T)
    return Match(t, rows, seen, now, found)


def _costs(now: list[State], seen: list[Seen], motion: MotionSettings, gate: float) -> Costs:
    """Return how unlikely (tracklets, seen) each pair is, as -2 ln of a density."""
    if not now or not seen:
        return np.empty((len(now), len(seen)))
    x, y, size = (part[None] for part in np.array(seen).T)
    states = [(s.x, s.y, s.size, s.place.position, s.scale.position) for s in now]
    x0, y0, size0, place, scale = (part[:, None] for part in np.array(states).T)
    place, scale = place + motion.jitter**2, scale + motion.size_jitter**2
    far = ((x - x0) ** 2 + (y - y0) ** 2) * np.exp(-size0 - size)
    gated = far / place + (size - size0) ** 2 / scale
    # Better anybody than nobody, within the gate: costs may be below zero.
    costs = gated + 2 * np.log(place) + np.log(scale)
    return np.where(gated > gate, FORBIDDEN, costs)


def begun(t: int, seen: Seen, box: list[float], kalman: Kalman) -> Tracklet:
    """Return the tracklet of a box that goes on none."""
    state = kalman.start(seen)
    return Tracklet(state, t, proportions(box), t, t, state, state, t)


def proportions(box: list[float]) -> tuple[float, float]:
    """Return width and height of a box in units of its size."""
    width, height = max(box[2], 1.0), max(box[3], 1.0)
    size = math.sqrt(width * height)
    return width / size, height / size
