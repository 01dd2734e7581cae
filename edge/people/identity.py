"""Which tracklet shows whom: how likely one is the continuation of another."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.people.following import SECOND, Tracklet
from edge.people.kalman import Kalman, State

Floats = NDArray[np.float32]


@dataclass(slots=True)
class Person:
    """Somebody with an id. `state` is that at `known`, when it was last certain who it was.

    `seen`: when anything last went under the id. `looks` (bins,): the average. Times in µs.
    """

    id: int
    state: State
    shape: tuple[float, float]
    known: int
    seen: int
    looks: Floats | None = None


def surprise(
    person: Person, track: Tracklet, kalman: Kalman, size_sd: float
) -> tuple[float, float, float]:
    """Return how unlikely it is that a tracklet goes on with a person, less how unlikely that it
    shows somebody of whom nothing is known, as -2 ln; how far it is from where they should be, in
    sizes, and the logarithm of the ratio of sizes.

    Compared are place and velocity together, as of when it began or was last mixed up; how fast it
    went then is only known from its course a little later.
    """
    motion = kalman.settings
    before = kalman.predict(person.state, (track.mixed - person.known) / SECOND)
    origin, course = track.origin, track.course
    shrink = math.exp(-(before.size + track.state.size) / 2)
    keep = math.exp(-(track.course_t - track.mixed) / SECOND / motion.keep_s)
    place, both, velocity = before.place
    a = place + origin.place.position
    b = keep * both
    noise = motion.speed**2 * (1 - keep**2) + course.place.velocity
    c = keep**2 * velocity + noise
    det = a * c - b * b
    free = motion.speed**2 + course.place.velocity
    total = 2 * math.log(det / free)
    far = 0.0
    for step, now, then in (
        (origin.x - before.x, course.x_velocity, before.x_velocity),
        (origin.y - before.y, course.y_velocity, before.y_velocity),
    ):
        step, now, then = step * shrink, now * shrink, then * shrink
        change = now - keep * then
        far += step * step
        total += (c * step * step - 2 * b * step * change + a * change * change) / det
        total -= now * now / free
    scale = size_sd**2 + track.state.scale.position
    other = track.state.size - before.size
    total += other**2 / scale + math.log(scale)
    return total, math.sqrt(far), abs(other)
