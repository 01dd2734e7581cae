"""A made-up room in which people pass, meet, stop, hide and come back, and a detector of heads.

All lengths in metres, x across and z away from a camera that looks straight ahead; seeded, so that
the truth is known. What the detector does wrong is as measured on real clips with the face
detector run on each frame by itself, at its threshold of 0.4 (`four_people_720p`, the two faces
that it finds, and `thumbs_up_720p`): see `Detector`.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WIDTH, HEIGHT, FPS = 1280, 720, 25
FOCAL = 900.0
"""Pixels: 71° across, a usual webcam."""
CAMERA_M = 1.45
ACCELERATION = 4.0
"""Metres a second, each second: a sudden stop from a walk within a third of a second. Sprinters
start with 8."""
HEAD_M = 0.2
"""Root of the area of a head's box."""


@dataclass(frozen=True)
class Detector:
    jitter: float = 0.02
    """Standard deviation of the centre in sizes, along each axis. Measured by second differences:
    0.003, 0.008 and 0.019 for the three faces."""
    size_jitter: float = 0.03
    """Of the size's logarithm. Measured: 0.010, 0.018, 0.029."""
    missed: float = 0.038
    """Part of the frames on which a face is missed: 0, 0 and 0.119 for the three faces, 21 of 549
    frames together."""
    burst: float = 4.2
    """Mean number of frames missed one after the other: 3, 11, 2, 3, 2."""
    false: float = 0.023
    """False boxes a frame: 4 in 177 frames of one clip, none in 195 of the other."""
    false_frames: float = 1.3
    """Mean number of frames that one stays: 1, 1, 2."""
    covered: float = 0.6
    """A head that is covered by more than this isn't found."""
    merged: float = 0.3
    """How often two heads that overlap by half or more give one box around both: an assumption,
    since no clip shows it."""


class Truth(NamedTuple):
    """One frame: boxes (n, 4) of all people, and which are to be seen, (n,)."""

    boxes: Floats
    visible: NDArray[np.bool_]


class Sight(NamedTuple):
    """What the detector says of one frame: boxes (m, 4), and whose they are, -1 for nobody's."""

    boxes: Floats
    owners: list[int]


@dataclass
class Walker:
    """Somebody with somewhere to go; accelerates and turns as people do."""

    x: float
    z: float
    lane: float
    height: float
    vx: float = 0.0
    vz: float = 0.0
    goal: tuple[float, float] = (0.0, 0.0)
    pace: float = 0.0
    until: float = 0.0
    sharp: float = 0.3
    """Seconds in which a velocity is changed: 0.1 is a sudden stop."""
    hidden_until: float = 0.0
    behind: float = -1.0
    """When somebody else last stood before them."""
    plans: list[tuple[float, float, float, float]] = field(default_factory=list)

    def step(self, dt: float) -> None:
        dx, dz = self.goal[0] - self.x, self.goal[1] - self.z
        far = math.hypot(dx, dz)
        pace = min(self.pace, far / 0.5)
        wanted = (pace * dx / far, pace * dz / far) if far > 0.02 else (0.0, 0.0)
        weight = 1 - math.exp(-dt / self.sharp)
        change = weight * (wanted[0] - self.vx), weight * (wanted[1] - self.vz)
        # Nobody turns on the spot at a walk: without a limit that would be 10 m/s².
        weight = min(1.0, ACCELERATION * dt / max(math.hypot(*change), 1e-9))
        self.vx += weight * change[0]
        self.vz += weight * change[1]
        self.x += self.vx * dt
        self.z += self.vz * dt


def edge_of_view(z: float) -> float:
    return z * WIDTH / 2 / FOCAL


class World:
    """People who each do one thing after the other, some of them together."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        count = int(self.rng.integers(2, 7))
        self.seconds = float(self.rng.uniform(20, 30))
        # Depths differ by a shoulder's width at least: nobody walks through anybody.
        depths = 1.6 + 0.45 * self.rng.permutation(7)[:count] + self.rng.uniform(0, 0.1, count)
        self.people = []
        for depth in depths.tolist():
            x = self._place(depth)
            height = float(self.rng.normal(1.58, 0.07))
            self.people.append(Walker(x, depth, depth, height, goal=(x, depth)))

    def run(self) -> list[Truth]:
        truth = []
        dt = 1 / FPS
        for frame in range(round(self.seconds * FPS)):
            t = frame * dt
            for person in self.people:
                if t >= person.until:
                    self._choose(person, t)
                person.step(dt)
            truth.append(self._look(t))
        return truth

    def _place(self, z: float) -> float:
        return float(self.rng.uniform(-0.85, 0.85)) * edge_of_view(z)

    def _choose(self, person: Walker, t: float) -> None:
        """Give somebody the next thing to do."""
        person.sharp = 0.3
        if person.plans:
            x, seconds, pace, sharp = person.plans.pop(0)
            person.goal, person.pace, person.sharp = (x, person.z), pace, sharp
            person.until = t + seconds
            return
        pace = float(self.rng.uniform(0.5, 1.5))
        z = person.lane + float(self.rng.uniform(-0.15, 0.15))
        what = self.rng.choice(["cross", "stand", "meet", "hide", "leave", "stop"],
                               p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.15])  # fmt: skip
        if what in ("stand", "hide", "stop") and t < person.behind + 0.2:
            # Who can't see steps out from behind.
            what = "cross"
        if what == "cross":
            x = -math.copysign(self.rng.uniform(0.3, 0.8) * edge_of_view(person.z), person.x)
            person.goal, person.pace = (x, z), pace
            person.until = t + abs(x - person.x) / pace + 0.5
        elif what == "stand":
            person.goal, person.until = (person.x, person.z), t + self.rng.uniform(1, 4)
        elif what == "meet":
            self._meet(person, t, pace)
        elif what == "hide":
            # Bends down, or looks away.
            person.goal = (person.x, person.z)
            person.hidden_until = t + self.rng.uniform(0.3, 2.0)
            person.until = person.hidden_until + 0.5
        elif what == "leave":
            self._leave(person, t, pace)
        else:
            x = self._place(person.z)
            person.goal, person.pace = (x, z), pace
            person.plans = [(person.x + (x - person.x) / 2, self.rng.uniform(0.5, 2), 0.0, 0.1)]
            person.until = t + abs(x - person.x) / pace / 2

    def _meet(self, person: Walker, t: float, pace: float) -> None:
        """Two walk up to each other, talk where their heads overlap or nearly, and turn back."""
        others = [other for other in self.people if other is not person and not other.plans]
        if not others:
            return
        other = others[int(self.rng.integers(len(others)))]
        # Where both are on one line of sight, the heads cover each other.
        angle = (person.x / person.z + other.x / other.z) / 2
        gap = float(self.rng.uniform(0.0, 1.0)) * HEAD_M / 2
        for one in (person, other):
            back = one.x
            direction = math.copysign(1.0, one.x / one.z - angle)
            x = angle * one.z + direction * gap
            seconds = abs(x - one.x) / pace + 0.5
            talk = float(self.rng.uniform(0.2, 1.5))
            one.goal, one.pace, one.until = (x, one.z), pace, t + seconds
            one.plans = [(x, talk, 0.3, 0.3), (back, abs(back - x) / pace + 0.5, pace, 0.3)]

    def _leave(self, person: Walker, t: float, pace: float) -> None:
        """Walks out of the picture and comes back within 2 s."""
        side = math.copysign(1.0, person.x)
        out = side * (edge_of_view(person.z) + 0.15)
        beyond = out + side * 0.2 * pace
        to = abs(beyond - person.x) / pace + 0.3
        back = side * edge_of_view(person.z) * float(self.rng.uniform(0.3, 0.8))
        person.goal, person.pace, person.until = (beyond, person.z), pace, t + to
        person.plans = [(back, abs(back - beyond) / pace + 0.5, pace, 0.3)]

    def _look(self, t: float) -> Truth:
        boxes = np.array([project(p) for p in self.people], np.float32)
        hidden = [covered(n, self.people, boxes) for n in range(len(boxes))]
        for person, part in zip(self.people, hidden, strict=True):
            if part > 0.2:
                person.behind = t
        middles = boxes[:, :2] + boxes[:, 2:] / 2
        inside = ((middles > 0) & (middles < (WIDTH, HEIGHT))).all(axis=1)
        away = np.array([t < person.hidden_until for person in self.people])
        return Truth(boxes, inside & ~away & (np.array(hidden) <= Detector.covered))


def project(person: Walker) -> tuple[float, float, float, float]:
    """Return the box of somebody's head in the picture."""
    size = FOCAL * HEAD_M / person.z
    x = WIDTH / 2 + FOCAL * person.x / person.z
    y = HEIGHT / 2 - FOCAL * (person.height - CAMERA_M) / person.z
    width, height = size / 1.1, size * 1.1
    return x - width / 2, y - height / 2, width, height


def covered(row: int, people: list[Walker], boxes: Floats) -> float:
    """Return how much of a head is behind the head or the shoulders of somebody nearer."""
    most = 0.0
    x, y, width, height = boxes[row].tolist()
    for other, person in enumerate(people):
        if person.z < people[row].z:
            left, top, across, down = boxes[other].tolist()
            head = _shared(x, width, left, across) * _shared(y, height, top, down)
            body = _shared(x, width, left - 0.7 * across, 2.4 * across)
            body *= _shared(y, height, top + 1.25 * down, 9 * down)
            most = max(most, (head + body) / (width * height))
    return min(most, 1.0)


def _shared(a: float, a_length: float, b: float, b_length: float) -> float:
    return max(min(a + a_length, b + b_length) - max(a, b), 0.0)


def detect(truth: list[Truth], detector: Detector, rng: np.random.Generator) -> list[Sight]:
    """Return what a detector makes of the truth."""
    count = len(truth[0].visible)
    start = detector.missed / (1 - detector.missed) / detector.burst
    missing = rng.random(count) < detector.missed
    false: list[tuple[float, ...]] = []
    merging: dict[tuple[int, int], bool] = {}
    sights = []
    for boxes, visible in truth:
        missing = np.where(
            missing, rng.random(count) > 1 / detector.burst, rng.random(count) < start
        )
        seen = {
            n: noisy(boxes[n], detector, rng) for n in np.flatnonzero(visible & ~missing).tolist()
        }
        for a, b in _overlapping(boxes, visible, merging, detector, rng):
            if a in seen and b in seen:
                low = np.minimum(seen[a][:2], seen[b][:2])
                high = np.maximum(seen[a][:2] + seen[a][2:], seen[b][:2] + seen[b][2:])
                # Whose it counts as: the nearer one's, which is larger.
                near, far = (a, b) if boxes[a, 2] > boxes[b, 2] else (b, a)
                seen[near] = np.concatenate((low, high - low))
                del seen[far]
        false = [one for one in false if rng.random() > 1 / detector.false_frames]
        if rng.random() < detector.false / detector.false_frames:
            size = float(rng.uniform(30, 130))
            false.append((*(rng.random(2) * (WIDTH - size, HEIGHT - size)).tolist(), size, size))
        owners = [*seen, *([-1] * len(false))]
        rows = [*seen.values(), *(noisy(np.array(one), detector, rng) for one in false)]
        order = rng.permutation(len(rows)).tolist()
        found = np.array([rows[n] for n in order], np.float32).reshape(-1, 4)
        sights.append(Sight(found, [owners[n] for n in order]))
    return sights


def noisy(box: Floats, detector: Detector, rng: np.random.Generator) -> NDArray[np.float64]:
    x, y, width, height = box.tolist()
    size = math.sqrt(width * height)
    dx, dy = (rng.normal(0, detector.jitter, 2) * size).tolist()
    grown = math.exp(rng.normal(0, detector.size_jitter))
    middle = x + width / 2 + dx, y + height / 2 + dy
    width, height = width * grown, height * grown
    return np.array((middle[0] - width / 2, middle[1] - height / 2, width, height))


def _overlapping(
    boxes: Floats,
    visible: NDArray[np.bool_],
    merging: dict[tuple[int, int], bool],
    detector: Detector,
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """Return the pairs whose boxes are one: that is drawn once for each time that two overlap."""
    pairs = []
    rows = np.flatnonzero(visible).tolist()
    for index, a in enumerate(rows):
        for b in rows[index + 1 :]:
            shared = _shared(boxes[a, 0], boxes[a, 2], boxes[b, 0], boxes[b, 2])
            shared *= _shared(boxes[a, 1], boxes[a, 3], boxes[b, 1], boxes[b, 3])
            if shared < 0.5 * min(boxes[a, 2] * boxes[a, 3], boxes[b, 2] * boxes[b, 3]):
                merging.pop((a, b), None)
            elif merging.setdefault((a, b), rng.random() < detector.merged):
                pairs.append((a, b))
    return pairs


class Clothes:
    """What people look like: vectors of length 1, with noise as between looks at one person."""

    def __init__(self, count: int, apart: bool, rng: np.random.Generator, bins: int = 42) -> None:
        self.rng = rng
        one = rng.dirichlet(np.full(bins, 0.1))
        rows = [rng.dirichlet(np.full(bins, 0.1)) if apart else one for _ in range(count)]
        self.colours = np.array(rows)

    def look(self, owners: list[int], needed: NDArray[np.bool_]) -> Floats:
        """Return looks (m, bins) of those that are needed, NaN of the others."""
        looks = np.full((len(owners), self.colours.shape[1]), np.nan, np.float32)
        for row, owner in enumerate(owners):
            if needed[row]:
                colour = self.colours[owner] if owner >= 0 else self.rng.dirichlet(np.ones(42))
                shown = 0.9 * colour + 0.1 * self.rng.dirichlet(np.ones(42))
                looks[row] = np.sqrt(shown / shown.sum())
        return looks
