"""Whether somebody attends to the device, and speaks to it: a few signs, held for long enough."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

SECOND = 1_000_000
Angles = tuple[float, float]
"""Yaw and pitch, degrees."""


class AddressingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What attending and speaking to the device look like."""

    facing_deg: float = 20.0
    """Within so much of the device a head is turned to it: eyes turn by 10° to 15° before the head
    does, and a pose is known to 3°."""
    facing_soft_deg: float = 4.0
    """So gradually: what pose and device's place leave open."""
    gazing_deg: float = 16.0
    """Within so much of it eyes look at it: a gaze is known to 6°, and the device is 10° wide."""
    gazing_soft_deg: float = 4.0
    askance_deg: float = 35.0
    """How far the head may be turned away where the eyes are seen to be on the device: farther,
    and what is seen of eyes says little."""
    near_m: float = 3.5
    """Who speaks to a display from farther off calls across the room."""
    near_soft_m: float = 0.3
    rise_s: float = 0.9
    """How slowly attention comes: a glance, under 0.8 s, stays below `attending`."""
    fall_s: float = 0.8
    """And goes: who blinks or looks at a hand for a moment attends still."""
    attending: float = 0.6
    unattending: float = 0.3
    """So far apart that attention doesn't flicker."""
    speaks: float = 0.5
    """From this probability on they are who is heard."""
    speech_s: float = 0.3
    """Speech that is shorter is a cough, or a yes to somebody else."""
    looked: float = 0.6
    """Of the time since a little before they spoke, at most `looked_over_s` of it, so much they
    must have looked at the device: who talks to somebody else glances at it."""
    before_s: float = 0.7
    """People look before they speak."""
    looked_over_s: float = 3.0
    pause_s: float = 1.5
    """Who speaks on after so short a pause is still speaking to the device."""
    away_s: float = 1.5
    """Who stops attending for longer isn't, whatever they say."""
    learn_s: float = 15.0
    """How slowly it is learned where somebody looks who attends: at the middle of the screen, past
    glasses, with a bent head."""
    natural_deg: float = 8.0
    """And how far from the device at most: farther is something else."""


class Signs(NamedTuple):
    """What is seen and heard of somebody at t, µs.

    `facing`, `gazing`: how far from the device head and eyes are turned, None where that isn't
    known. `distance_m`: None where it isn't known. `speaking`: the probability that they are heard.
    `since`: when that speech began, µs, None where nobody speaks.
    """

    t: int
    facing: Angles | None
    gazing: Angles | None = None
    distance_m: float | None = None
    speaking: float = 0.0
    since: int | None = None


class Said(NamedTuple):
    """`kind`: an event. `t`: when it was so, µs. `speech_t`: when the speech began, µs."""

    kind: Literal["addressed", "addressed_ended"]
    t: int
    score: float
    speech_t: int


@dataclass(slots=True)
class Addressee:
    """One person, as far as the device is concerned."""

    settings: AddressingSettings
    attention: float = 0.0
    attending: bool = False
    attended: int = -SECOND * 60
    spoke: int = -SECOND * 60
    began: int | None = None
    """When the speech began that is or may be addressed to the device."""
    addressing: int | None = None
    """The same, once it is."""
    natural: dict[str, Angles] = field(default_factory=dict)
    looks: deque[tuple[int, int, bool]] = field(default_factory=deque)
    """From when to when, and whether they looked at the device."""
    t: int | None = None

    def see(self, signs: Signs) -> list[Said]:
        """Take in the signs of one moment; return what follows from them. Times have to grow."""
        settings = self.settings
        passed = 0 if self.t is None else signs.t - self.t
        self.t = signs.t
        looks = self._looks(signs)
        slow = settings.rise_s if looks > self.attention else settings.fall_s
        self.attention += (looks - self.attention) * (1 - math.exp(-passed / SECOND / slow))
        limit = settings.unattending if self.attending else settings.attending
        self.attending = self.attention >= limit
        if self.attending:
            self.attended = signs.t
            self._learn(signs, passed)
        self.looks.append((signs.t - passed, signs.t, looks > 0.5))
        while signs.t - self.looks[0][1] > settings.looked_over_s * SECOND:
            self.looks.popleft()
        self._hear(signs)
        return self._judge(signs)

    def gone(self, t: int) -> list[Said]:
        """Return what follows from their leaving."""
        return self._end(t) if self.addressing is not None else []

    def _looks(self, signs: Signs) -> float:
        """Return how likely they look at the device, and are near enough."""
        settings = self.settings
        if signs.facing is None:
            return 0.0
        facing = _off(signs.facing, self.natural.get("facing"))
        if signs.gazing is None:
            looks = _within(facing, settings.facing_deg, settings.facing_soft_deg)
        else:
            gazing = _off(signs.gazing, self.natural.get("gazing"))
            looks = _within(facing, settings.askance_deg, settings.facing_soft_deg) * _within(
                gazing, settings.gazing_deg, settings.gazing_soft_deg
            )
        if signs.distance_m is None:
            return looks
        return looks * _within(signs.distance_m, settings.near_m, settings.near_soft_m)

    def _learn(self, signs: Signs, passed: int) -> None:
        settings = self.settings
        part = passed / SECOND / settings.learn_s
        for name, seen in (("facing", signs.facing), ("gazing", signs.gazing)):
            if seen is None:
                continue
            last = self.natural.get(name, (0.0, 0.0))
            yaw, pitch = (a + part * (b - a) for a, b in zip(last, seen, strict=True))
            shrink = min(1.0, settings.natural_deg / max(math.hypot(yaw, pitch), 1e-6))
            self.natural[name] = yaw * shrink, pitch * shrink

    def _hear(self, signs: Signs) -> None:
        """Note since when they have been speaking."""
        settings = self.settings
        if signs.speaking < settings.speaks:
            return
        paused = signs.t - self.spoke > settings.pause_s * SECOND
        if self.began is None or paused:
            self.began = signs.t if signs.since is None else max(signs.since, self.spoke)
        self.spoke = signs.t

    def _judge(self, signs: Signs) -> list[Said]:
        settings = self.settings
        silent = signs.t - self.spoke > settings.pause_s * SECOND
        if self.addressing is not None:
            if silent or signs.t - self.attended > settings.away_s * SECOND:
                return self._end(signs.t)
            return []
        if self.began is None or silent or self.spoke != signs.t or not self.attending:
            return []
        if signs.t - self.began < settings.speech_s * SECOND or not self._looked(signs.t):
            return []
        self.addressing = self.began
        return [Said("addressed", signs.t, min(self.attention, signs.speaking), self.began)]

    def _looked(self, t: int) -> bool:
        """Say whether they looked at the device while they spoke, and before."""
        settings = self.settings
        assert self.began is not None
        first = max(self.began - settings.before_s * SECOND, t - settings.looked_over_s * SECOND)
        looked = sum(end - max(start, first) for start, end, on in self.looks if on and end > first)
        return looked >= settings.looked * (t - first)

    def _end(self, t: int) -> list[Said]:
        assert self.addressing is not None
        began, self.addressing, self.began = self.addressing, None, None
        return [Said("addressed_ended", t, self.attention, began)]


def _off(angles: Angles, natural: Angles | None) -> float:
    return math.dist(angles, natural or (0.0, 0.0))


def _within(value: float, limit: float, soft: float) -> float:
    """Return 1 well below the limit, 0 well above."""
    return 1 / (1 + math.exp(max(-50.0, min(50.0, 2 * (value - limit) / soft))))
