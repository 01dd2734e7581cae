"""Where something is, how fast it moves, and how sure that is: a Kalman filter.

The state is the centre of a box and the logarithm of its size, each with its velocity, as in SORT
(Bewley et al. 2016, "Simple online and realtime tracking", without its aspect ratio). All noise is
in units of the object's own size and in seconds: the same near and far, at any and at irregular
frame rates. x, y and size don't depend on each other, and x and y are equally uncertain, so that
two covariances of 2×2 do for all, in plain numbers.

Velocities are Ornstein-Uhlenbeck processes: over a few frames that is constant velocity with white
acceleration noise (Bar-Shalom, Li and Kirubarajan 2001, "Estimation with applications to tracking
and navigation", 6.2.2), over seconds an unseen person slows down instead of walking on for ever,
as in Singer's model (ibid., 8.2) with one integration less.
"""

import math
from typing import NamedTuple

import msgspec


class MotionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in sizes of the object: the root of its box's area. A head's box is about 0.2 m."""

    jitter: float = 0.02
    """Standard deviation of a measured centre. Measured on real clips: 0.003 to 0.019 for the
    face detector on its own, 0.003 to 0.008 for boxes of face landmarks."""
    size_jitter: float = 0.03
    """Standard deviation of a measured size, as a logarithm. Measured: 0.010 to 0.029, and 0.005
    to 0.009."""
    speed: float = 2.0
    """Standard deviation of the velocity of somebody of whom no more is known, sizes a second:
    along each axis 0.4 m/s. Who walks has up to 1.4, but most stand or sit."""
    keep_s: float = 1.0
    """For how long people go on moving as they do: they walk for seconds and turn in less."""
    growth: float = 0.1
    """As `speed`, of the size's logarithm: who comes nearer by a third of a metre a second at 3 m.
    Most move across, or not at all."""
    grow_s: float = 0.5
    """As `keep_s`, of the size."""


class Axis(NamedTuple):
    """Variance of a position, its covariance with the velocity, and the velocity's variance."""

    position: float
    both: float
    velocity: float


class State(NamedTuple):
    """Centre and velocity in pixels and pixels a second; the size's logarithm and its velocity.

    `place` in sizes of the object, `scale` without a unit: how uncertain they are.
    """

    x: float
    y: float
    size: float
    x_velocity: float
    y_velocity: float
    growth: float
    place: Axis
    scale: Axis

    @property
    def pixels(self) -> float:
        """The size."""
        return math.exp(self.size)


class Seen(NamedTuple):
    """A measurement: a centre in pixels and the logarithm of a size."""

    x: float
    y: float
    size: float


def measured(x: float, y: float, width: float, height: float) -> Seen:
    """Return the measurement that a box is; it counts as a pixel wide and high at least."""
    size = math.log(max(width, 1.0) * max(height, 1.0)) / 2
    return Seen(x + width / 2, y + height / 2, size)


class Kalman:
    """The filter; states are values, which it makes new ones of."""

    def __init__(self, settings: MotionSettings) -> None:
        self.settings = settings

    def start(self, seen: Seen) -> State:
        """Return the state of what was seen once."""
        settings = self.settings
        place = Axis(settings.jitter**2, 0.0, settings.speed**2)
        scale = Axis(settings.size_jitter**2, 0.0, settings.growth**2)
        return State(*seen, 0.0, 0.0, 0.0, place, scale)

    def predict(self, state: State, seconds: float) -> State:
        """Return the state after a time in which nothing was seen."""
        settings = self.settings
        going = settings.keep_s * -math.expm1(-seconds / settings.keep_s)
        growing = settings.grow_s * -math.expm1(-seconds / settings.grow_s)
        keep, keep_growth = 1 - going / settings.keep_s, 1 - growing / settings.grow_s
        size = state.size + state.growth * growing
        return State(
            state.x + state.x_velocity * going,
            state.y + state.y_velocity * going,
            size,
            state.x_velocity * keep,
            state.y_velocity * keep,
            state.growth * keep_growth,
            _predict(state.place, seconds, settings.keep_s, settings.speed),
            _predict(state.scale, seconds, settings.grow_s, settings.growth),
        )

    def update(self, state: State, seen: Seen, doubt: float = 1.0) -> State:
        """Return the state with what was seen, whose noise is `doubt` times as large as usual."""
        settings = self.settings
        place_gain, place = _update(state.place, (settings.jitter * doubt) ** 2)
        scale_gain, scale = _update(state.scale, (settings.size_jitter * doubt) ** 2)
        x, y, size = seen.x - state.x, seen.y - state.y, seen.size - state.size
        return State(
            state.x + place_gain[0] * x,
            state.y + place_gain[0] * y,
            state.size + scale_gain[0] * size,
            state.x_velocity + place_gain[1] * x,
            state.y_velocity + place_gain[1] * y,
            state.growth + scale_gain[1] * size,
            place,
            scale,
        )


def _predict(axis: Axis, seconds: float, keep_s: float, deviation: float) -> Axis:
    """Return the covariance after a time, for a velocity that is forgotten within `keep_s`.

    `deviation`: the velocity's own, in the long run. The integrals are those of Gillespie 1996,
    "Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral".
    """
    lost = -math.expm1(-seconds / keep_s)
    going, keep, variance = keep_s * lost, 1 - lost, deviation**2
    # Its terms cancel out for short times, where the first of the series is exact enough.
    ratio = seconds / keep_s
    if ratio < 0.01:
        wander = variance * 2 * ratio * seconds**2 / 3
    else:
        wander = variance * keep_s**2 * (2 * ratio - 2 * lost - lost**2)
    return Axis(
        axis.position + going * (2 * axis.both + going * axis.velocity) + wander,
        keep * (axis.both + going * axis.velocity) + variance * going * lost,
        keep**2 * axis.velocity + variance * (1 - keep**2),
    )


def _update(axis: Axis, noise: float) -> tuple[tuple[float, float], Axis]:
    """Return the gains of position and velocity, and the covariance after a measurement."""
    total = axis.position + noise
    gain, swing = axis.position / total, axis.both / total
    kept = noise / total
    return (gain, swing), Axis(
        axis.position * kept, axis.both * kept, axis.velocity - swing * axis.both
    )
