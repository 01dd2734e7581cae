"""Which of the people seen now is which of those seen before."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import lap
import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SECOND = 1_000_000
FORBIDDEN = 1e6
"""Cost of a pair that can't be the same person."""


class TrackSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in units of the face's size, which is the root of its box's area."""

    confirm_s: float = 0.1
    """Seen for this long, a person counts as entered: one frame's mistake never does."""
    forget_s: float = 3.0
    """Out of view for this long, a person has left. The contract promises 2 s; who bends down to
    the table takes up to 3."""
    restart_s: float = 1.0
    """After a gap this long between frames nobody waits to be confirmed: a picture a second is a
    slide show, not a video."""
    reach: float = 0.8
    """How far from its prediction a face may be on the next frame: a camera that is knocked, a head
    that is thrown back. People sitting close are further apart, 1.3 face sizes and more."""
    reach_per_s: float = 1.0
    """How much further for each second out of view: a person on a chair moves a head's size in a
    second, and who walks that fast is seen again before."""
    size_ratio: float = 2.0
    """A face this many times larger or smaller is another one: nobody halves their distance to
    the camera in the time that a track lives without being seen."""
    velocity_s: float = 0.15
    """Time over which motion is averaged: a few frames, since boxes jitter by 2 % of their size."""
    coast_s: float = 0.3
    """How long an unseen person is taken to go on moving: heads turn back within about this."""


class Spot(NamedTuple):
    """Where something was seen: its centre and its size, the root of its area, in pixels."""

    x: float
    y: float
    size: float


@dataclass(slots=True)
class Track:
    """One person over time. `id` is 0 until confirmed; times in µs, velocity in pixels a second."""

    spot: Spot
    born: int
    seen: int
    velocity: tuple[float, float] = (0.0, 0.0)
    id: int = 0


class Update(NamedTuple):
    """`ids`: of each detection, 0 while unconfirmed. `entered`, `left`: who did just now."""

    ids: list[int]
    entered: list[int]
    left: list[int]


class Tracks:
    """Gives each detection the id of the person it shows.

    People move at a constant velocity for a moment, and detections are assigned so that the sum of
    `distances` is least (Jonker and Volgenant 1987, by the package `lap`). Who is seen on the first
    frame, or on the first after `restart`, is confirmed at once. Ids count from 1 in the order of
    confirmation and are never given twice. All depends on the given timestamps and boxes alone.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self.settings = settings
        self.tracks: list[Track] = []
        self._last: int | None = None
        self._next_id = 1

    def update(self, t: int, boxes: Floats) -> Update:
        """Take the boxes (n, 4: x, y, width, height) seen at t, which is later than ever before."""
        settings = self.settings
        restarted = self._last is None or t - self._last >= settings.restart_s * SECOND
        self._last = t
        left = self._forget(t - settings.forget_s * SECOND)
        spots = [spot(*box) for box in boxes.tolist()]
        ids = []
        entered = []
        for seen, track in zip(spots, self._assigned(t, spots), strict=True):
            if track is None:
                track = Track(seen, born=t, seen=t)
                self.tracks.append(track)
            else:
                follow(track, t, seen, settings)
            if not track.id and (restarted or t - track.born >= settings.confirm_s * SECOND):
                track.id = self._next_id
                self._next_id += 1
                entered.append(track.id)
            ids.append(track.id)
        # What was never confirmed has to be seen on every frame.
        self.tracks = [track for track in self.tracks if track.id or track.seen == t]
        return Update(ids, entered, left)

    def restart(self) -> list[int]:
        """Take what comes next for another scene; return the ids of all who were known."""
        self._last = None
        return self._forget(math.inf)

    def _forget(self, limit: float) -> list[int]:
        """Drop who was last seen before the limit; return their ids."""
        left = [track.id for track in self.tracks if track.seen < limit and track.id]
        self.tracks = [track for track in self.tracks if track.seen >= limit]
        return left

    def _assigned(self, t: int, spots: list[Spot]) -> list[Track | None]:
        """Return the track that each spot at t belongs to, None for a new one."""
        if not self.tracks or not spots:
            return [None] * len(spots)
        costs = [
            [distance(track, t, seen, self.settings) for seen in spots] for track in self.tracks
        ]
        _, _, rows = lap.lapjv(np.array(costs), extend_cost=True, cost_limit=1.0)
        return [self.tracks[row] if row >= 0 else None for row in rows]


def spot(x: float, y: float, width: float, height: float) -> Spot:
    """Return where a box is; it counts as a pixel at least."""
    return Spot(x + width / 2, y + height / 2, math.sqrt(max(width * height, 1.0)))


def predicted(track: Track, t: int, settings: TrackSettings) -> Spot:
    """Return where the track should be at t."""
    seconds = min((t - track.seen) / SECOND, settings.coast_s)
    x, y, size = track.spot
    return Spot(x + track.velocity[0] * seconds, y + track.velocity[1] * seconds, size)


def follow(track: Track, t: int, seen: Spot, settings: TrackSettings) -> None:
    """Move the track to where it was seen at t."""
    seconds = (t - track.seen) / SECOND
    weight = 1 - math.exp(-seconds / settings.velocity_s)
    moved = (seen.x - track.spot.x) / seconds, (seen.y - track.spot.y) / seconds
    track.velocity = (
        track.velocity[0] + weight * (moved[0] - track.velocity[0]),
        track.velocity[1] + weight * (moved[1] - track.velocity[1]),
    )
    track.spot, track.seen = seen, t


def distance(track: Track, t: int, seen: Spot, settings: TrackSettings) -> float:
    """Return how unlikely it is that the track is at `seen` at t; 1 is the limit."""
    reach = settings.reach + settings.reach_per_s * (t - track.seen) / SECOND
    far = position_distance(predicted(track, t, settings), seen) / reach
    other = size_distance(track.spot, seen) / math.log(settings.size_ratio)
    return math.hypot(far, other) / math.sqrt(2) if far < 1 and other < 1 else FORBIDDEN


def position_distance(a: Spot, b: Spot) -> float:
    """Return the distance between two centres, in units of their mean size."""
    return math.hypot(a.x - b.x, a.y - b.y) / ((a.size + b.size) / 2)


def size_distance(a: Spot, b: Spot) -> float:
    """Return how much two sizes differ: the logarithm of their ratio, 0 where they are equal."""
    return abs(math.log(a.size / b.size))
