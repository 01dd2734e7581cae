"""Follows boxes from one frame to the next by motion alone, and says where that leaves doubt."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.people.appearance import blended
from edge.people.assignment import FORBIDDEN, Costs, assigned
from edge.people.kalman import Kalman, MotionSettings, Seen, State, measured

Floats = NDArray[np.float32]
SECOND = 1_000_000


class FollowSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in units of the head's size, about 0.2 m."""

    gate: float = 16.3
    """Squared Mahalanobis distance up to which a motion is an ordinary one: 0.999 of the
    chi-square distribution with three degrees of freedom."""
    miss_s: float = 0.15
    """Missed for longer, who is seen next is somebody who has to be recognised: the detector's
    usual gap is four frames of 25 a second."""
    hidden: float = 1.0
    """So near to somebody who isn't seen, or has just appeared, that may be them: behind a head,
    or the shoulders."""
    settle_s: float = 0.3
    """So long after two have come apart it is decided who is who: by then it shows where each is
    going."""
    apart: float = 2.5
    """Two heads nearer than this, across, have shoulders that overlap: nobody's clothes are looked
    at then."""


@dataclass(slots=True)
class Tracklet:
    """One box followed from frame to frame; whom it shows is another question.

    `state` is that at `seen`; times in µs. `shape`: width and height of the last box in units of
    its size. `evidence`: seconds for which it was seen, less twice those missed; `proved`: when it
    was last looked for and found, up to which they are counted.
    `person`: id of whom it shows, 0 for nobody so far. `since`: that may be wrong since then; None
    if it can't.
    `mixed`: when it last could be mixed up with somebody else; `origin`: its state then; `course`:
    that at `course_t`, a little later, when it shows where it goes.
    `looks` (bins,): the average, since `since`, and `looked` when it was last renewed.
    """

    state: State
    seen: int
    since: int | None
    mixed: int
    origin: State
    course: State
    course_t: int
    proved: int
    evidence: float = 0.0
    person: int = 0
    looks: Floats | None = None
    looked: int = 0

    def go_on(self, t: int, state: State, settle_s: float, fresh: bool) -> None:
        """Take the state that it has at t. `fresh`: it was looked for, and found there."""
        if fresh:
            self.evidence += (t - self.proved) / SECOND
            self.proved = t
        self.state, self.seen = state, t
        if self.mixed == t:
            self.origin = state
        if (t - self.mixed) / SECOND <= settle_s:
            self.course, self.course_t = state, t

    def remember(self, t: int, looks: Floats) -> None:
        """Let the average follow what somebody looks like at t."""
        if np.isfinite(looks).all():
            self.looks = looks if self.looks is None else blended(self.looks, looks)
            self.looked = t


def begun(t: int, state: State) -> Tracklet:
    """Return the tracklet of a box that goes on none."""
    return Tracklet(state, t, t, t, state, state, t, t)


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
    return np.where(gated > gate, FORBIDDEN, gated + 2 * np.log(place) + np.log(scale))


def doubtful(
    matched: Match, tracklets: list[Tracklet], lost: list[State], settings: FollowSettings
) -> list[Tracklet]:
    """Return which of the tracklets that go on could be mixed up, by where they should be.

    With another that is expected there and isn't seen, or with what appears there. One that is
    doubtful already is also mixed up with whom it may hide: `lost`.
    """
    new = [one for one, known in zip(matched.seen, matched.found, strict=True) if known < 0]
    taken = set(matched.found)
    missed = [state for index, state in enumerate(matched.now) if index not in taken]
    found = []
    for index, (track, state) in enumerate(zip(tracklets, matched.now, strict=True)):
        hidden = [*new, *missed, *(lost if track.since is not None else ())]
        limit = settings.hidden * state.pixels
        if index in taken and _any_near(state, hidden, limit):
            found.append(track)
    return found


def _any_near(one: State, others: Iterable[Seen | State], limit: float) -> bool:
    return any(math.hypot(one.x - other.x, one.y - other.y) < limit for other in others)


def clear(matched: Match, tracklets: list[Tracklet], apart: float) -> list[bool]:
    """Return which of those seen stand apart from all others, seen or not, so that it's their
    clothes that are below their heads."""
    taken = set(matched.found)
    known = [
        (state.x, state.size)
        for index, (state, track) in enumerate(zip(matched.now, tracklets, strict=True))
        if index not in taken and track.person
    ]
    if not matched.seen:
        return []
    x, size = np.array([(one.x, one.size) for one in matched.seen] + known).T
    limits = apart * np.exp(np.maximum(size[:, None], size[None]))
    near = np.abs(x[:, None] - x[None]) < limits
    return (near[: len(matched.seen)].sum(axis=1) == 1).tolist()  # itself
