"""Which of the people seen now is which of those seen before."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import lap
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.people.appearance import blended, distances
from edge.people.kalman import Kalman, MotionSettings, Seen, State, measured

Floats = NDArray[np.float32]
Costs = NDArray[np.float64]
Mask = NDArray[np.bool_]
SECOND = 1_000_000
FORBIDDEN = 1e6
"""Cost of a pair that can't be the same person."""


class TrackSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in units of the head's size, which is the root of its box's area: about 0.2 m."""

    confirm_s: float = 0.1
    """Seen for this long, a person counts as entered: one frame's mistake never does. Frames on
    which they are missed count twice against it."""
    forget_s: float = 3.0
    """Out of view for this long, a person has left. The contract promises 2 s; who bends down to
    the table takes up to 3."""
    restart_s: float = 1.0
    """After a gap this long between frames nobody waits to be confirmed: a picture a second is a
    slide show, not a video."""
    motion: MotionSettings = MotionSettings()
    gate: float = 16.3
    """Squared Mahalanobis distance up to which a motion is an ordinary one: 0.999 of the
    chi-square distribution with three degrees of freedom."""
    reach: float = 0.8
    """How far from its prediction a head may be after all, on the next frame: a camera that is
    knocked, a head that is thrown back. People sitting close are further apart, 1.3 sizes."""
    reach_per_s: float = 1.5
    """How much further for each second out of view: a person on a chair moves a head's size in a
    second."""
    jump_s: float = 0.3
    """Nobody jumps who is out of view for longer: what appears there has to be confirmed."""
    stranger: float = 15.0
    """As `newcomer`, of one just confirmed: that they are new, and who is missing stays so."""
    roam_per_s: float = 5.0
    """How far, for each second out of view, somebody may come back from where they should be, once
    they have been seen for `confirm_s` there: at a walk, 1 m/s."""
    size_ratio: float = 2.0
    """A head this many times larger or smaller is another one: nobody halves their distance to
    the camera in the time that a track lives without being seen."""
    size_sd: float = 0.1
    """Standard deviation of the size's logarithm after a jump or out of view: most stay about as
    far from the camera as they were."""
    surprise: float = 9.2
    """What such a jump costs beside its distance: one in a hundred, as -2 ln."""
    newcomer: float = 15.0
    """What it costs, as -2 ln, that one isn't seen any more and another is there instead. Without
    it everybody would be somebody, at any price."""
    absence: float = 12.0
    """What it costs that somebody who was missed on the frame before is seen, and somebody who was
    seen is missed: 19 of 20 of each go on as they were, as -2 ln."""
    doubt: float = 10.0
    """How many times as uncertain a box is that may show, or be partly, somebody else who is
    hidden there: boxes merged of two heads lie up to half a size off."""
    odd: float = 6.3
    """Squared Mahalanobis distance of a box that may be such a one: 0.9 of the distribution."""
    hidden: float = 1.5
    """Nearer than this to where an unseen person should be, a box may be theirs as well."""
    apart: float = 2.5
    """Two heads nearer than this, across, have shoulders that overlap: nobody's clothes are looked
    at then."""
    look_s: float = 1.0
    """Between looks at the clothes of those who stand apart, to know them later."""
    away_s: float = 0.3
    """After so long out of view, looks are asked whether it's the same person."""
    alike: float = 0.35
    """Distance of looks (0 to 1) that speaks neither for nor against the same person."""
    looks_weight: float = 40.0
    """Cost of a whole unit of that distance more."""
    unlike: float = 0.6
    """Who looks as different as this after a while out of view is somebody else."""


@dataclass(slots=True)
class Track:
    """One person over time. `id` is 0 until confirmed; times in µs.

    `state` is that at `seen`. `evidence`: seconds for which they were seen, less those missed.
    `shape`: width and height of the last box in units of its size. `looks` (bins,): the average,
    and `looked` when it was last renewed.
    """

    state: State
    born: int
    seen: int
    shape: tuple[float, float]
    evidence: float = 0.0
    id: int = 0
    looks: Floats | None = None
    looked: int = 0


class Update(NamedTuple):
    """`ids`: of each detection, 0 while unconfirmed. `entered`, `left`: who did just now.

    `box_sd`: standard deviation of each box's position, pixels; NaN where the box is no box.
    """

    ids: list[int]
    entered: list[int]
    left: list[int]
    box_sd: list[float]


class Tracks:
    """Gives each detection the id of the person it shows.

    Detections are assigned to the tracks' predictions (`edge.people.kalman`) so that together they
    are most likely (Jonker and Volgenant 1987, by the package `lap`): by motion, with a small
    chance of a jump anywhere near, and by looks where they are given. Who hides another isn't known
    exactly for that time. Who is seen on the first frame, or on the first after `restart`, is
    confirmed at once. Ids count from 1 in the order of confirmation and are never given twice. All
    depends on the given timestamps, boxes and looks alone.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self.settings = settings
        self.tracks: list[Track] = []
        self._kalman = Kalman(settings.motion)
        self._last: int | None = None
        self._next_id = 1

    def update(self, t: int, boxes: Floats, looks: Floats | None = None) -> Update:
        """Take the boxes (n, 4: x, y, width, height) seen at t, which is later than ever before.

        `looks` (n, bins): what each looks like; rows of NaN where that isn't known. A box that
        isn't finite is nobody's.
        """
        settings = self.settings
        since = 0.0 if self._last is None else (t - self._last) / SECOND
        restarted = self._last is None or since >= settings.restart_s
        self._last = t
        left = self._forget(t - settings.forget_s * SECOND)
        ids, deviations = [0] * len(boxes), [math.nan] * len(boxes)
        rows = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        seen = [measured(*box) for box in boxes[rows].tolist()]
        views = None if looks is None else looks[rows]
        now = [
            self._kalman.predict(track.state, (t - track.seen) / SECOND) for track in self.tracks
        ]
        costs, jumps, gated = self._costs(t, since, now, seen, views)
        found = assigned(costs, self.settings.newcomer)
        clear, contested = self._company(now, seen, found)
        shown = {}
        for index, (row, known) in enumerate(zip(rows.tolist(), found, strict=True)):
            width, height = boxes[row, 2:].tolist()
            size = math.exp(seen[index].size)
            shape = max(width, 1.0) / size, max(height, 1.0) / size
            if known < 0:
                track = Track(self._kalman.start(seen[index]), t, t, shape)
                self.tracks.append(track)
            else:
                track = self.tracks[known]
                track.evidence += since
                track.seen, track.shape = t, shape
                if jumps[known, index]:
                    track.state = self._kalman.start(seen[index])
                else:
                    odd = gated[known, index] > settings.odd
                    doubt = settings.doubt if contested[index] and odd else 1.0
                    track.state = self._kalman.update(now[known], seen[index], doubt)
            if views is not None and clear[index]:
                remember(track, t, views[index])
            shown[row] = track
        confirmed = [
            track
            for track in shown.values()
            if not track.id and (restarted or track.evidence >= settings.confirm_s)
        ]
        entered = self._confirm(t, confirmed)
        for row, track in shown.items():
            ids[row], deviations[row] = track.id, deviation(track.state)
        self._drop_flickers(t, since)
        return Update(ids, entered, left, deviations)

    def looks_needed(self, t: int, boxes: Floats) -> Mask:
        """Return of which boxes (n, 4) `update` at t should be given looks.

        Of those that motion alone doesn't tell apart, of those who come back, and now and then of
        each that stands apart, so that there is something to compare with.
        """
        needed = np.zeros(len(boxes), bool)
        since = 0.0 if self._last is None else (t - self._last) / SECOND
        rows = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        seen = [measured(*box) for box in boxes[rows].tolist()]
        now = [
            self._kalman.predict(track.state, (t - track.seen) / SECOND) for track in self.tracks
        ]
        costs, _, _ = self._costs(t, since, now, seen, None)
        found = assigned(costs, self.settings.newcomer)
        clear, _ = self._company(now, seen, found)
        possible = costs < FORBIDDEN
        several = (possible.sum(axis=0) > 1) | (possible & (possible.sum(axis=1) > 1)[:, None]).any(
            axis=0
        )
        for index, (row, known) in enumerate(zip(rows.tolist(), found, strict=True)):
            if known < 0:
                needed[row] = clear[index] and len(self.tracks) > 0
                continue
            track = self.tracks[known]
            away = (t - track.seen) / SECOND >= self.settings.away_s
            due = track.looks is None or (t - track.looked) / SECOND >= self.settings.look_s
            needed[row] = away or (clear[index] and (due or several[index]))
        return needed

    def predicted(self, t: int) -> dict[int, Floats]:
        """Return where each known person should be at t, also those out of view: boxes (4,)."""
        return {
            track.id: box(self._kalman.predict(track.state, (t - track.seen) / SECOND), track.shape)
            for track in self.tracks
            if track.id
        }

    def restart(self) -> list[int]:
        """Take what comes next for another scene; return the ids of all who were known."""
        self._last = None
        return self._forget(math.inf)

    def _forget(self, limit: float) -> list[int]:
        """Drop who was last seen before the limit; return their ids."""
        left = [track.id for track in self.tracks if track.seen < limit and track.id]
        self.tracks = [track for track in self.tracks if track.seen >= limit]
        return left

    def _confirm(self, t: int, tracks: list[Track]) -> list[int]:
        """Give ids: of those who are out of view to who may be them, else new ones; return these.

        What was only just confirmed can't have been taken for it at first sight: it came back
        elsewhere.
        """
        if not tracks:
            return []
        lost = [track for track in self.tracks if track.id and track.seen < t]
        back = assigned(self._returns(t, lost, tracks), self.settings.stranger)
        entered = []
        for track, row in zip(tracks, back, strict=True):
            if row >= 0:
                track.id = lost[row].id
                if track.looks is None:
                    track.looks, track.looked = lost[row].looks, lost[row].looked
                self.tracks.remove(lost[row])
            else:
                track.id = self._next_id
                self._next_id += 1
                entered.append(track.id)
        return entered

    def _returns(self, t: int, lost: list[Track], tracks: list[Track]) -> Costs:
        """Return the costs (lost, tracks) of taking each for the return of each."""
        settings = self.settings
        if not lost:
            return np.empty((0, len(tracks)))
        away = np.array([(t - track.seen) / SECOND for track in lost])[:, None]
        now = [self._kalman.predict(track.state, (t - track.seen) / SECOND) for track in lost]
        x, y, size = np.array([track.state[:3] for track in tracks]).T[:, None]
        x0, y0, size0 = np.array([state[:3] for state in now]).T[:, :, None]
        far = ((x - x0) ** 2 + (y - y0) ** 2) * np.exp(-size0 - size)
        other = (size - size0) ** 2
        roam = settings.reach + settings.roam_per_s * away
        ratio = math.log(settings.size_ratio)
        costs, _ = _unlikely(far, other, (roam / 2) ** 2, np.full_like(roam, settings.size_sd**2))
        # Who was seen beside somebody isn't them.
        since = np.array([track.born for track in tracks]) <= [[track.seen] for track in lost]
        costs[(far >= roam**2) | (other >= ratio**2) | since] = FORBIDDEN
        return costs

    def _drop_flickers(self, t: int, since: float) -> None:
        """Drop who was never confirmed and is missed more than seen."""
        for track in self.tracks:
            if track.seen < t:
                track.evidence -= 2 * since
        self.tracks = [track for track in self.tracks if track.id or track.evidence >= 0]

    def _costs(
        self, t: int, since: float, now: list[State], seen: list[Seen], looks: Floats | None
    ) -> tuple[Costs, Mask, Costs]:
        """Return how unlikely (tracks, seen) each pair is, as -2 ln; which would be a jump; and
        the squared Mahalanobis distances."""
        settings = self.settings
        if not now or not seen:
            none = np.empty((len(now), len(seen)))
            return none, none.astype(bool), none
        away = np.array([(t - track.seen) / SECOND for track in self.tracks])[:, None]
        x, y, size = (part[None] for part in np.array(seen).T)
        states = [(s.x, s.y, s.size, s.place.position, s.scale.position) for s in now]
        x0, y0, size0, place, scale = (part[:, None] for part in np.array(states).T)
        far = ((x - x0) ** 2 + (y - y0) ** 2) * np.exp(-size0 - size)
        other = (size - size0) ** 2
        usual, gated = _unlikely(
            far,
            other,
            place + settings.motion.jitter**2,
            scale + settings.motion.size_jitter**2,
        )
        ratio = math.log(settings.size_ratio)
        reach = settings.reach + settings.reach_per_s * away
        near = (far < reach**2) & (other < ratio**2)
        usual[(gated > settings.gate) | ~near] = FORBIDDEN
        jump, _ = _unlikely(far, other, (reach / 2) ** 2, np.full_like(reach, settings.size_sd**2))
        jump += settings.surprise
        jump[~near | (away > settings.jump_s)] = FORBIDDEN
        costs = np.minimum(usual, jump) + np.where(away > 1.5 * since, settings.absence, 0.0)
        if looks is not None:
            apart = distances([track.looks for track in self.tracks], looks)
            known = np.isfinite(apart)
            costs[known] += settings.looks_weight * (apart[known] - settings.alike)
            costs[known & (apart > settings.unlike) & (away >= settings.away_s)] = FORBIDDEN
        return np.minimum(costs, FORBIDDEN), jump < usual, gated

    def _company(
        self, now: list[State], seen: list[Seen], found: list[int]
    ) -> tuple[list[bool], list[bool]]:
        """Return which of those seen stand apart from all others, and which may hide another."""
        settings = self.settings
        taken = set(found)
        unseen = [
            state
            for index, (state, track) in enumerate(zip(now, self.tracks, strict=True))
            if index not in taken and track.id
        ]
        clear, contested = [], []
        for index, one in enumerate(seen):
            size = math.exp(one.size)
            others = seen[:index] + seen[index + 1 :]
            clear.append(
                not any(
                    abs(other.x - one.x) < settings.apart * max(size, math.exp(other.size))
                    for other in [*others, *unseen]
                )
            )
            contested.append(
                any(
                    math.hypot(other.x - one.x, other.y - one.y) < settings.hidden * size
                    for other in unseen
                )
            )
        return clear, contested


def _unlikely(far: Costs, other: Costs, place: Costs, scale: Costs) -> tuple[Costs, Costs]:
    """Return -2 ln of a normal density, less its constant, and the squared Mahalanobis distance.

    `far`, `other`: squared distances of position and size. `place`, `scale`: their variances.
    """
    gated = far / place + other / scale
    return gated + 2 * np.log(place) + np.log(scale), gated


def assigned(costs: Costs, limit: float) -> list[int]:
    """Return the row of each column of costs, -1 for none: a pair left alone costs the limit."""
    if not costs.size:
        return [-1] * costs.shape[1]
    _, _, rows = lap.lapjv(costs, extend_cost=True, cost_limit=limit)
    return [int(row) for row in rows]


def remember(track: Track, t: int, looks: Floats) -> None:
    """Let the average follow what somebody looks like at t."""
    if not np.isfinite(looks).all():
        return
    track.looks = looks if track.looks is None else blended(track.looks, looks)
    track.looked = t


def box(state: State, shape: tuple[float, float]) -> Floats:
    """Return x, y, width, height of a state, for a box of the given proportions."""
    width, height = shape[0] * state.pixels, shape[1] * state.pixels
    return np.array((state.x - width / 2, state.y - height / 2, width, height), np.float32)


def deviation(state: State) -> float:
    """Return the standard deviation of a position along each axis, pixels."""
    return math.sqrt(state.place.position) * state.pixels
