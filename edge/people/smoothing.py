"""Landmarks over time, without their jitter: the One Euro filter (Casiez, Roussel, Vogel 2012)."""

import math
from collections.abc import Hashable

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SECOND = 1_000_000
TURN = 2 * math.pi


class SmoothingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in units of the part's size, which is the root of its box's area: a face across the
    room trembles by as much of its size as one at the desk."""

    cutoff_hz: float = 0.5
    """Of what rests. Sensor noise moves a resting face's landmarks by 0.4 % of its size from frame
    to frame, each frame anew, and a third of that is no longer seen."""
    opening: float = 40.0
    """By how many Hz the cutoff rises with each size per second: half a frame of lag is what
    remains at 0.15 sizes a second, and less the faster it goes."""
    speed_hz: float = 2.0
    """Cutoff of the speed itself: a motion is believed within three frames."""
    noise: float = 0.12
    """Sizes per second by which single landmarks seem to move on their own while all rests. The
    part as a whole has no such limit, since over all landmarks that averages out."""
    gap_s: float = 0.3
    """What wasn't seen for longer comes anew: it can be anywhere."""
    sure: float = 0.3
    """Sizes per second: of so slow a motion half is expected to go on, of a quicker one more."""
    ahead_s: float = 0.2
    """Nothing is predicted for longer: a hand has turned by then."""


class OneEuro:
    """The landmarks of one part, smoothed from frame to frame.

    A low-pass whose cutoff rises with the speed, so that what rests is steady and what moves isn't
    late. Each landmark has its own speed, for lips and fingers; where the part moves as a whole,
    that is the least that counts.
    """

    def __init__(self, settings: SmoothingSettings) -> None:
        self.settings = settings
        self.t = -math.inf
        self._place: Floats
        self._velocity: Floats

    def smoothed(self, t: int, landmarks: Floats, size: float) -> Floats:
        """Return landmarks (k, 2 or more: x, y and what else is to go the same way), smoothed.

        `size`: the part's, in the unit of x and y.
        """
        settings = self.settings
        seconds = (t - self.t) / SECOND
        self.t = t
        if not 0 < seconds <= settings.gap_s or landmarks.shape != self._place.shape:
            self._place = landmarks.copy()
            self._velocity = np.zeros((len(landmarks), 2), np.float32)
            return landmarks
        moved = landmarks - self._place
        velocity = self._velocity
        step = moved[:, :2] * np.float32(1 / (seconds * max(size, 1.0)))
        velocity += _weight(settings.speed_hz, seconds) * (step - velocity)
        speed = np.hypot(velocity[:, 0], velocity[:, 1]) - np.float32(settings.noise)
        np.maximum(speed, math.hypot(*velocity.mean(axis=0).tolist()), out=speed)
        speed *= np.float32(settings.opening)
        speed += np.float32(settings.cutoff_hz)
        moved *= (speed / (speed + np.float32(1 / (TURN * seconds))))[:, None]
        self._place = self._place + moved
        return self._place

    def ahead(self, seconds: float, size: float) -> Floats:
        """Return how far (x, y) the part as a whole goes in the next seconds if it goes on so.

        Of real hands 100 ms ahead that leaves six tenths of the error, of faces seven; where each
        landmark went on by itself it would be more, and bodies, whose limbs do, gain nothing.
        """
        velocity = self._velocity.mean(axis=0)
        speed = math.hypot(*velocity.tolist())
        seconds = min(seconds, self.settings.ahead_s)
        return velocity * np.float32(size * seconds * speed / (speed + self.settings.sure))


class Smoother:
    """Smooths the parts of all people, each under its own key."""

    def __init__(self, settings: SmoothingSettings) -> None:
        self.settings = settings
        self._filters: dict[Hashable, OneEuro] = {}

    def smoothed(
        self, key: Hashable, t: int, landmarks: Floats, size: float, ahead_s: float = 0.0
    ) -> Floats:
        """Return the part's landmarks (k, 2 or more) at t, smoothed; they may not be changed.

        `ahead_s`: for how long they are to go on, as the part as a whole goes.
        """
        known = self._filters.get(key)
        if known is None:
            known = self._filters[key] = OneEuro(self.settings)
        smoothed = known.smoothed(t, landmarks, size)
        if ahead_s:
            smoothed = smoothed.copy()
            smoothed[:, :2] += known.ahead(ahead_s, size)
        return smoothed

    def forget(self, t: int) -> None:
        """Drop what wasn't seen for so long that it would come anew at t."""
        limit = t - self.settings.gap_s * SECOND
        old = [key for key, known in self._filters.items() if known.t < limit]
        for key in old:
            del self._filters[key]

    def restart(self) -> None:
        """Take all that comes next for new."""
        self._filters.clear()


def _weight(cutoff_hz: float, seconds: float) -> np.float32:
    """Return how much of a new value a low-pass of that cutoff takes over."""
    return np.float32(cutoff_hz / (cutoff_hz + 1 / (TURN * seconds)))
