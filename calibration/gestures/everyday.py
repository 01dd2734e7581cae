"""What hands do all day, and don't mean."""

from collections.abc import Callable

import numpy as np

from calibration.gestures.actor import PALM, Actor
from calibration.gestures.hand import POSE, Floats
from calibration.gestures.motions import OPEN, about, appear, deliberate, leave

RELAXED = (0.3, 0.35, 0.4, 0.45, 0.5)


def relaxed(actor: Actor) -> Floats:
    return about(actor, RELAXED, 0.2)


def _swings(actor: Actor, seconds: float, hertz: float, sizes: dict[int, float]) -> None:
    """Go to and fro about where the hand is; `sizes`: of each number of the pose."""
    count = max(8, int(seconds * 40))
    time = np.linspace(0, seconds, count)
    offsets = np.zeros((count, POSE))
    for column, size in sizes.items():
        rate = hertz * actor.u(0.8, 1.25)
        drift = np.cumsum(actor.rng.normal(0, 0.15, count))
        offsets[:, column] = size * np.sin(2 * np.pi * rate * time + drift + actor.u(0, 6))
    offsets -= offsets[0]
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.15)[:, None]
    actor.swing(seconds, offsets * fade)


def _home(actor: Actor, axis: int) -> float:
    """Return a part of the way back to the middle, in palms: hands don't stray for long."""
    return -0.25 * float(actor.pose[axis]) / PALM


def scratching(actor: Actor) -> None:
    appear(actor, relaxed(actor), pitch=actor.u(-0.5, 1.2), yaw=actor.u(-1.6, 1.6))
    for _ in range(int(actor.rng.integers(1, 4))):
        fingers = {7: 0.2, 8: 0.2, 9: 0.2}
        _swings(actor, actor.u(0.5, 1.6), actor.u(2, 5), {0: 0.012, 1: 0.02} | fingers)
        actor.hold(actor.u(0.1, 0.6))
    leave(actor)


def drinking(actor: Actor) -> None:
    grip = about(actor, (0.5, 0.5, 0.5, 0.55, 0.6), 0.1)
    pose = {"roll": actor.u(-0.5, 0.5), "pitch": actor.u(-0.2, 0.5), "yaw": actor.u(0.8, 1.7)}
    actor.set(x=actor.u(-4, 4), y=actor.u(1, 4), bends=relaxed(actor), **pose)
    actor.hold(actor.u(0.2, 0.8))
    actor.go(actor.u(0.4, 0.9), bends=grip, dx=actor.u(-2, 2))
    up = actor.u(2, 5)
    actor.go(actor.u(0.5, 1.2), arc=actor.u(-0.3, 0.3), dy=-up, dx=actor.u(-1.5, 1.5))
    actor.go(actor.u(0.3, 0.8), turn_roll=actor.u(-0.8, 0.8), turn_pitch=actor.u(-0.6, 0.3))
    actor.hold(actor.u(0.4, 1.5))
    actor.go(actor.u(0.5, 1.2), arc=actor.u(-0.3, 0.3), dy=up, roll=pose["roll"])
    actor.go(actor.u(0.2, 0.5), bends=relaxed(actor))
    leave(actor)


def typing(actor: Actor) -> None:
    actor.set(x=actor.u(-4, 4), y=actor.u(1, 4), pitch=actor.u(0.8, 2.2), yaw=actor.u(-0.5, 0.5))
    actor.set(bends=about(actor, (0.3, 0.4, 0.4, 0.4, 0.4), 0.1), roll=actor.u(-0.6, 0.6))
    for _ in range(int(actor.rng.integers(2, 6))):
        sizes = {0: 0.01, 1: 0.006} | dict.fromkeys(range(6, 11), 0.12)
        _swings(actor, actor.u(0.5, 1.5), actor.u(2, 6), sizes)
        if actor.chance(0.4):
            actor.go(actor.u(0.2, 0.5), dx=actor.u(-2, 2), dy=actor.u(-0.5, 0.5))
    leave(actor)


def talking(actor: Actor) -> None:
    """Beats, now and then a large one: bent fingers, no pause before or after, curved ways."""
    appear(actor, relaxed(actor), pitch=actor.u(-0.6, 1.6), yaw=actor.u(-1.6, 1.6))
    for _ in range(int(actor.rng.integers(4, 12))):
        way = actor.u(0, 2 * np.pi)
        size = actor.u(0.2, 1.8) if actor.chance(0.8) else actor.u(1.8, 3.5)
        turn = {"turn_pitch": actor.u(-0.4, 0.4), "turn_yaw": actor.u(-0.6, 0.6)}
        actor.go(
            max(actor.u(0.18, 0.6), size / 9),
            arc=actor.u(-0.5, 0.5),
            dx=size * np.cos(way) + _home(actor, 0),
            dy=size * np.sin(way) * 0.8 + _home(actor, 1),
            turn_roll=actor.u(-0.4, 0.4),
            bends=about(actor, RELAXED, 0.25),
            **turn,
        )
        if actor.chance(0.3):
            actor.hold(actor.u(0.05, 0.6))
        actor.pose[3:6] = actor.pose[3:6].clip(-1.7, 2)
    leave(actor)


def phone(actor: Actor) -> None:
    actor.set(x=actor.u(-3, 3), y=actor.u(-2, 3), yaw=actor.u(0.3, 1.8), pitch=actor.u(-0.2, 0.8))
    actor.set(bends=about(actor, (0.3, 0.5, 0.6, 0.6, 0.6), 0.1))
    for _ in range(int(actor.rng.integers(2, 6))):
        _swings(actor, actor.u(0.3, 1.2), actor.u(1, 3), {6: 0.35, 4: 0.05})
        actor.hold(actor.u(0.1, 0.8))
    leave(actor)


def touching_the_face(actor: Actor) -> None:
    """Glasses, hair, nose, chin: up, a little something, and down."""
    actor.set(x=actor.u(-4, 4), y=actor.u(3, 7), bends=relaxed(actor), pitch=actor.u(0, 2))
    actor.hold(actor.u(0.1, 0.8))
    end = {"x": actor.u(-3, 3), "y": actor.u(-4, 0), "bends": about(actor, (0.4,) * 5, 0.3)}
    turn = {"roll": actor.u(-1, 1), "pitch": actor.u(-0.6, 1), "yaw": actor.u(-1.8, 1.8)}
    actor.go(actor.u(0.35, 0.9), arc=actor.u(-0.2, 0.2), **end, **turn)
    _swings(actor, actor.u(0.3, 1.5), actor.u(0.5, 3), {0: 0.02, 1: 0.02, 3: 0.15, 7: 0.15})
    actor.hold(actor.u(0.0, 1.2))
    leave(actor)


def resting(actor: Actor) -> None:
    """On a table or in the lap; now and then it shifts, or drums with its fingers."""
    actor.set(x=actor.u(-5, 5), y=actor.u(1, 5), bends=about(actor, RELAXED, 0.4).clip(0, 1))
    actor.set(roll=actor.u(-1.6, 1.6), pitch=actor.u(-0.5, 2.8), yaw=actor.u(-1.8, 1.8))
    for _ in range(int(actor.rng.integers(1, 4))):
        actor.hold(actor.u(0.5, 2))
        if actor.chance(0.3):
            sizes = {finger: actor.u(0.05, 0.25) for finger in range(7, 11)}
            _swings(actor, actor.u(0.5, 1.5), actor.u(2, 5), sizes)
        elif actor.chance(0.4):  # it closes a little, or opens
            actor.go(actor.u(0.2, 0.8), bends=about(actor, (actor.u(0.25, 0.85),) * 5, 0.15))
        else:
            shift = {"dx": actor.u(-1, 1), "dy": actor.u(-0.7, 0.7)}
            actor.go(actor.u(0.3, 0.9), bends=relaxed(actor), **shift)


def holding_up(actor: Actor) -> None:
    """A still gesture is shown, and another one: fingers counted, letters signed, thumbs up."""
    shape = (actor.rng.random(5) < 0.5).astype(float)
    up = actor.u(0, 1)
    appear(actor, about(actor, tuple(shape), 0.1), up=up)
    for _ in range(int(actor.rng.integers(1, 5))):
        actor.hold(actor.u(0.2, 1.3))
        last, shape = shape, (actor.rng.random(5) < 0.5).astype(float)
        if _means(last, shape):
            shape = last
        flat = actor.u(0, 0.5) if actor.chance(0.3) else 0.0
        turn = {"turn_roll": actor.u(-0.5, 0.5), "turn_yaw": actor.u(-0.7, 0.7)}
        bends = about(actor, tuple(shape), 0.15)
        actor.go(actor.u(0.15, 0.6), bends=bends, up=actor.u(0, 1), flat=flat, **turn)
    leave(actor)


def _means(first: Floats, second: Floats) -> bool:
    """Say whether fingers that go from one to the other are a gesture."""
    opened, closed = second.mean() < 0.25, second.mean() > 0.75
    was_open, was_closed = first.mean() < 0.25, first.mean() > 0.75
    ell = tuple(second[:2]) == (0, 0) or tuple(first[:2]) == (0, 0)
    return bool((was_open and closed) or (was_closed and opened) or ell)


def signing(actor: Actor) -> None:
    """Sign language: shape after shape, on the move, now and then held."""
    appear(actor, about(actor, (0.5,) * 5, 0.4), pitch=actor.u(-0.4, 0.8), yaw=actor.u(-0.8, 0.8))
    last = np.full(5, 0.5)
    for _ in range(int(actor.rng.integers(4, 12))):
        shape = (actor.rng.random(5) < 0.5).astype(float) * actor.u(0.5, 1.0)
        if _means(last, shape):
            shape = last
        last = shape
        size, way = actor.u(0.0, 1.6), actor.u(0, 2 * np.pi)
        turn = {f"turn_{axis}": actor.u(-0.7, 0.7) for axis in ("roll", "pitch", "yaw")}
        actor.go(
            max(actor.u(0.15, 0.5), size / 8),
            arc=actor.u(-0.4, 0.4),
            dx=size * np.cos(way) + _home(actor, 0),
            dy=size * np.sin(way) + _home(actor, 1),
            bends=about(actor, tuple(shape), 0.15),
            flat=actor.u(0, 0.6) if actor.chance(0.3) else 0.0,
            pinch=float(actor.chance(0.15)),
            **turn,
        )
        actor.pose[3:6] = actor.pose[3:6].clip(-1.6, 1.6)
        if actor.chance(0.4):
            actor.hold(actor.u(0.05, 0.8))
    leave(actor)


def reaching(actor: Actor) -> None:
    """For something: there, a grip, and back; slower than a swipe."""
    appear(actor, relaxed(actor), yaw=actor.u(-1.6, 1.6), pitch=actor.u(-0.3, 1.8))
    for _ in range(int(actor.rng.integers(1, 4))):
        length, way = actor.u(1, 6), actor.u(0, 2 * np.pi)
        go = {"dx": length * np.cos(way) + _home(actor, 0)}
        go["dy"] = 0.7 * length * np.sin(way) + _home(actor, 1)
        actor.go(max(0.7, length / actor.u(1.0, 3.5)), arc=actor.u(-0.3, 0.3), **go)
        actor.go(actor.u(0.3, 0.7), bends=about(actor, (0.5,) * 5, 0.15))
        actor.hold(actor.u(0.0, 0.4))
    leave(actor)


def pointing(actor: Actor) -> None:
    """At something, held, and on to something else, without haste."""
    appear(actor, about(actor, (0.8, 0, 1, 1, 1), 0.15), pitch=actor.u(-0.3, 1.3))
    for _ in range(int(actor.rng.integers(1, 4))):
        actor.hold(actor.u(0.3, 1.2))
        far = {"dx": actor.u(-2, 2), "dy": actor.u(-1.5, 1.5)}
        turn = {"turn_roll": actor.u(-0.6, 0.6), "turn_pitch": actor.u(-0.4, 0.4)}
        actor.go(actor.u(0.6, 1.5), arc=actor.u(-0.4, 0.4), **far, **turn)
    leave(actor)


def walking(actor: Actor) -> None:
    """An arm that hangs and swings."""
    actor.set(x=actor.u(-4, 4), y=actor.u(1, 5), pitch=actor.u(2.2, 3.1), bends=relaxed(actor))
    actor.set(yaw=actor.u(-1.6, 1.6))
    seconds, hertz = actor.u(2, 4), actor.u(0.7, 1.1)
    _swings(actor, seconds, hertz, {0: actor.u(0.02, 0.15), 1: 0.03, 4: 0.3, 2: 0.1})


def clapping(actor: Actor) -> None:
    actor.set(x=actor.u(-2, 2), y=actor.u(-1, 3), bends=about(actor, OPEN, 0.15), seen=1)
    actor.set(yaw=actor.u(0.9, 1.8), roll=actor.u(-0.8, 0.8), pitch=actor.u(-0.2, 0.8))
    actor.together = actor.chance(0.8)
    _swings(actor, actor.u(1, 3), actor.u(2, 4.5), {0: actor.u(0.04, 0.12), 1: 0.01})
    leave(actor)


def showing(actor: Actor) -> None:
    """Something is held into the camera, turned, brought nearer, and taken away."""
    shape = (
        deliberate(actor) if actor.chance(0.3) else about(actor, (0.4, 0.5, 0.5, 0.5, 0.5), 0.15)
    )
    appear(actor, shape, yaw=actor.u(-1.5, 1.5))
    for _ in range(int(actor.rng.integers(1, 4))):
        turn = {"turn_roll": actor.u(-0.6, 0.6), "turn_yaw": actor.u(-1, 1)}
        nearer = actor.u(-1.2, 1.2) * min(1.0, actor.pose[2])
        actor.go(actor.u(0.5, 1.3), dz=nearer, dx=actor.u(-1, 1), dy=actor.u(-1, 1), **turn)
        actor.pose[2] = max(actor.pose[2], 0.3)
        actor.hold(actor.u(0.2, 1))
    leave(actor)


EVERYDAY: tuple[Callable[[Actor], None], ...] = (
    *(talking, talking, talking, holding_up, signing, signing, touching_the_face, scratching),
    *(drinking, typing, phone, resting, reaching, pointing, walking, clapping, showing),
)
