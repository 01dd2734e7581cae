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


@dataclass(slots=True)
class Track:
    """One person over time. `id` is 0 until confirmed; positions in pixels, times in µs."""

    centre: NDArray[np.float64]
    size: float
    born: int
    seen: int
    velocity: NDArray[np.float64]
    """Pixels a second."""
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
        centres, sizes = centres_and_sizes(boxes)
        cost = distances(self.tracks, t, centres, sizes, settings)
        ids = [0] * len(boxes)
        entered = []
        for column, track in enumerate(self._assigned(cost)):
            if track is None:
                track = Track(centres[column], sizes[column], t, t, np.zeros(2))
                self.tracks.append(track)
            else:
                follow(track, t, centres[column], sizes[column], settings)
            if not track.id and (restarted or t - track.born >= settings.confirm_s * SECOND):
                track.id = self._next_id
                self._next_id += 1
                entered.append(track.id)
            ids[column] = track.id
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

    def _assigned(self, cost: NDArray[np.float64]) -> list[Track | None]:
        """Return the track of each detection (a column of cost)."""
        if 0 in cost.shape:
            return [None] * cost.shape[1]
        _, _, rows = lap.lapjv(cost, extend_cost=True, cost_limit=1.0)
        return [self.tracks[row] if row >= 0 else None for row in rows]


def centres_and_sizes(boxes: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centres (n, 2) and sizes (n,) of boxes (n, 4), at least a pixel."""
    exact = boxes.astype(np.float64)
    sizes = np.sqrt(np.maximum(exact[:, 2] * exact[:, 3], 1.0))
    return exact[:, :2] + exact[:, 2:] / 2, sizes


def predicted(track: Track, t: int, settings: TrackSettings) -> NDArray[np.float64]:
    """Return where the track's centre should be at t."""
    return track.centre + track.velocity * min((t - track.seen) / SECOND, settings.coast_s)


def follow(
    track: Track, t: int, centre: NDArray[np.float64], size: float, settings: TrackSettings
) -> None:
    """Move the track to where it was seen at t."""
    seconds = (t - track.seen) / SECOND
    weight = 1 - math.exp(-seconds / settings.velocity_s)
    track.velocity += weight * ((centre - track.centre) / seconds - track.velocity)
    track.centre, track.size, track.seen = centre, size, t


def distances(
    tracks: list[Track],
    t: int,
    centres: NDArray[np.float64],
    sizes: NDArray[np.float64],
    settings: TrackSettings,
) -> NDArray[np.float64]:
    """Return how unlikely each track (row) is to be each detection (column); 1 is the limit."""
    if not tracks:
        return np.empty((0, len(sizes)))
    expected = np.array([predicted(track, t, settings) for track in tracks])
    known = np.array([track.size for track in tracks])
    unseen = np.array([(t - track.seen) / SECOND for track in tracks])
    reach = settings.reach + settings.reach_per_s * unseen
    far = position_distance(expected, known, centres, sizes) / reach[:, None]
    other = size_distance(known, sizes) / math.log(settings.size_ratio)
    return np.where((far < 1) & (other < 1), np.hypot(far, other) / math.sqrt(2), FORBIDDEN)


def position_distance(
    expected: NDArray[np.float64],
    known: NDArray[np.float64],
    centres: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return distances (m, n) between centres, in units of the mean size of the two."""
    apart = np.linalg.norm(expected[:, None] - centres[None], axis=2)
    return apart / ((known[:, None] + sizes[None]) / 2)


def size_distance(known: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much sizes differ, (m, n), as the logarithm of their ratio."""
    return np.abs(np.log(known[:, None] / sizes[None]))
