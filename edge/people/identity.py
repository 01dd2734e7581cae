"""Which of the boxes that are followed shows whom, where motion from frame to frame can't tell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.people.appearance import distance
from edge.people.assignment import FORBIDDEN, Costs
from edge.people.following import SECOND, Tracklet
from edge.people.kalman import Kalman, State

Floats = NDArray[np.float32]


class IdentitySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in units of the head's size, about 0.2 m; costs are -2 ln of probabilities."""

    size_sd: float = 0.05
    """Standard deviation of the size's logarithm after a time out of view: most stay about as
    far from the camera as they were. People who pass each other are a shoulder's width apart, which
    at 3 m is a tenth."""
    newcomer: float = 15.0
    """What it costs that somebody new is seen, and who is missing stays so."""
    held: float = 2.0
    """What it is worth that somebody was taken for this person on the frame before."""
    looks_weight: float = 40.0
    """What it costs to look less like a person, by the whole distance of 1, than others do."""
    unlike: float = 0.6
    """Who looks as different as this is somebody else."""


@dataclass(slots=True)
class Person:
    """Somebody with an id. `state` is that at `known`, when it was last certain who it was.

    `seen`: when anything last went under the id, pauses of the video left out. `looks` (bins,): the
    average. Times in µs.
    """

    id: int
    state: State
    known: int
    seen: int
    looks: Floats | None = None


def costs(
    people: Sequence[Person],
    tracks: Sequence[Tracklet],
    kalman: Kalman,
    settings: IdentitySettings,
) -> Costs:
    """Return how unlikely (people, tracks) it is that each is shown by each, as -2 ln."""
    found = np.full((len(people), len(tracks)), FORBIDDEN)
    apart = np.full(found.shape, np.nan)
    for row, person in enumerate(people):
        for column, track in enumerate(tracks):
            # Else they were seen beside each other.
            if track.since is not None and track.since > person.known:
                found[row, column] = surprise(person, track, kalman, settings.size_sd)
                if track.looks is not None and person.looks is not None:
                    apart[row, column] = distance(person.looks, track.looks)
    found = _by_looks(found, apart, settings)
    names = np.array([person.id for person in people]), np.array([track.person for track in tracks])
    own = names[0][:, None] == names[1][None]
    # Who was followed until now isn't new, whatever they do.
    return np.where(own, np.minimum(found, settings.newcomer) - settings.held, found)


def surprise(person: Person, track: Tracklet, kalman: Kalman, size_sd: float) -> float:
    """Return how unlikely it is that a tracklet goes on with a person, less how unlikely that it
    shows somebody of whom nothing is known, as -2 ln.

    Place and velocity are compared together, as of when the tracklet began or was last mixed up;
    how fast it went then is known from its course a little later, less what may have changed since.
    """
    speed = kalman.settings.speed
    before = kalman.predict(person.state, (track.mixed - person.known) / SECOND)
    origin, course = track.origin, track.course
    keep = math.exp(-(track.course_t - track.mixed) / SECOND / kalman.settings.keep_s)
    shrink = math.exp(-(before.size + track.state.size) / 2)
    # The covariance of both differences, along each axis: [[a, b], [b, c]].
    place, both, velocity = before.place
    a, b = place + origin.place.position, keep * both
    c = keep**2 * velocity + speed**2 * (1 - keep**2) + course.place.velocity
    det = a * c - b * b
    free = speed**2 + course.place.velocity
    total = 2 * math.log(det / free)
    for step, now, then in (
        (origin.x - before.x, course.x_velocity, before.x_velocity),
        (origin.y - before.y, course.y_velocity, before.y_velocity),
    ):
        step, now, change = step * shrink, now * shrink, (now - keep * then) * shrink
        total += (c * step * step - 2 * b * step * change + a * change * change) / det
        total -= now * now / free
    growth = track.state.size - before.size
    scale = size_sd**2 + track.state.scale.position
    return total + growth**2 / scale + math.log(scale)


def _by_looks(found: Costs, apart: Costs, settings: IdentitySettings) -> Costs:
    """Return the costs with what looks say, whose distances are `apart` (people, tracks), NaN
    where they aren't known.

    What counts is by how much somebody looks less alike than the others do who may be shown: where
    all are dressed alike that is nothing, and who was never looked at is neither better nor worse.
    """
    asked = np.isfinite(apart)
    if not asked.any():
        return found
    usual = np.where(asked, apart, 0).sum(axis=0) / np.maximum(asked.sum(axis=0), 1)
    told = found + np.where(asked, settings.looks_weight * (apart - usual), 0)
    return np.where(asked & (apart > settings.unlike), FORBIDDEN, np.minimum(told, FORBIDDEN))
