"""The gestures, acted out: each with its own speed, size, place, hand and mistakes."""

from typing import Any

import numpy as np

from calibration.gestures.actor import Actor
from calibration.gestures.hand import POSE, Floats

OPEN, FIST = (0.0,) * 5, (1.0,) * 5
POINT, TWO, ELL = (1, 0, 1, 1, 1), (1, 0, 0, 1, 1), (0, 0, 1, 1, 1)
MIRRORED = {
    "swipe_left": "swipe_right",
    "swipe_right": "swipe_left",
    "circle_clockwise": "circle_counter_clockwise",
    "circle_counter_clockwise": "circle_clockwise",
}


def about(actor: Actor, bends: tuple[float, ...], by: float = 0.12) -> Floats:
    """Return fingers about so bent."""
    return np.clip(np.array(bends) + actor.rng.normal(0, by, 5), -0.05, 1.1)


def deliberate(actor: Actor) -> Floats:
    """Return a shape in which hands are meant to be seen."""
    shapes = (OPEN, OPEN, TWO, POINT, (0, 0, 0, 0, 0.0), (1, 0, 0, 0, 0), ELL, FIST)
    return about(actor, shapes[actor.rng.integers(len(shapes))])


def appear(actor: Actor, bends: Floats, **pose: Any) -> None:
    """Come into view: be there from the first, or be raised from below or from the side."""
    pose = {
        "roll": actor.u(-0.4, 0.4),
        "pitch": actor.u(-0.3, 0.5),
        "yaw": actor.u(-0.5, 0.5),
    } | pose
    x, y = actor.u(-4, 4), actor.u(-3, 2)
    if actor.chance(0.35):
        actor.set(x=x, y=y, bends=bends, **pose)
    else:
        down = actor.u(3, 9)
        actor.set(
            x=x + actor.u(-3, 3),
            y=y + down,
            bends=about(actor, (0.4,) * 5, 0.3),
            roll=pose["roll"] + actor.u(-1, 1),
            pitch=actor.u(-0.5, 2.8) if actor.chance(0.5) else pose["pitch"],
            yaw=actor.u(-1.5, 1.5),
            seen=0,
        )
        if actor.chance(0.4):
            actor.set(seen=1)
            actor.hold(actor.u(0.0, 1.0))
        seconds = actor.u(0.25, 0.9)
        part = actor.u(0.2, 0.8)
        actor.go(seconds * part, arc=actor.u(-0.2, 0.2), dy=-down * part, yaw=pose["yaw"])
        actor.set(seen=1)
        actor.go(seconds * (1 - part) + 0.08, x=x, y=y, bends=bends, **pose)


def leave(actor: Actor) -> None:
    """Stay, be lowered, or go out of view."""
    kind = actor.rng.random()
    if kind < 0.4:
        actor.hold(actor.u(0.3, 1.2))
        return
    actor.hold(actor.u(0.0, 0.5))
    bends = about(actor, (0.35,) * 5, 0.25) if actor.chance(0.7) else about(actor, FIST)
    away = {"dx": actor.u(-3, 3), "dy": actor.u(4, 9), "bends": bends}
    pitch = actor.u(-0.5, 2.8) if actor.chance(0.5) else actor.u(-0.4, 0.6)
    actor.go(actor.u(0.3, 1.0), arc=actor.u(-0.2, 0.2), pitch=pitch, yaw=actor.u(-1.5, 1.5), **away)
    actor.set(seen=float(actor.chance(0.4)))
    actor.hold(actor.u(0.2, 0.8))


def swipe(actor: Actor, name: str) -> None:
    """Across and held; some go back at once, which is no swipe; some come back later, which is."""
    across = name in ("swipe_left", "swipe_right")
    sign = 1 if name in ("swipe_right", "swipe_down") else -1
    length = actor.u(1.6, 7) if across else actor.u(1.5, 4.5)
    seconds = min(max(actor.u(0.16, 1.0), length / 16), length / 5)
    flip = actor.chance(0.6)
    bends = deliberate(actor)
    tilt = actor.u(0.3, 1.4) * sign if flip else 0.0
    if across:
        # An arm that sweeps about its elbow, or a hand that lies on its side.
        start = {"roll": actor.u(-0.5, 0.5) - tilt}
        if actor.chance(0.3):
            start = {"roll": -tilt + actor.u(-0.3, 0.3), "yaw": actor.u(-1.2, 1.2)}
        end = {"dx": sign * length, "dy": actor.u(-0.12, 0.12) * length, "turn_roll": 2 * tilt}
        if flip and actor.chance(0.4):  # about a forearm that points at the camera half way
            side = actor.u(1.2, 1.8) * (1 if actor.chance(0.5) else -1)
            pitches = actor.u(0, 0.6), actor.u(2.2, 3.1)
            first = side * sign < 0
            start = {"roll": side, "pitch": pitches[0] if first else pitches[1]}
            start["yaw"] = actor.u(-0.4, 0.4) + (np.pi if actor.chance(0.5) else 0)
            del end["turn_roll"]
            end["pitch"] = pitches[1] if first else pitches[0]
    else:
        up, down = actor.u(-0.3, 0.5), actor.u(1.9, 2.9)
        start = {"pitch": (up if sign > 0 else down) if flip else actor.u(-0.3, 0.8)}
        end = {"dy": sign * length, "dx": actor.u(-0.12, 0.12) * length}
        if flip:  # the wrist moves less: the hand turns over
            end["dy"] = sign * max(0.3, length - 1.3)
            end["pitch"] = down if sign > 0 else up
            bends = about(actor, OPEN, 0.15)
    if flip and not across and sign < 0:
        actor.set(bends=bends, x=actor.u(-4, 4), y=actor.u(-1, 3), **start)  # fingers down at first
    else:
        appear(actor, bends, **start)
    actor.hold(actor.u(0.2, 1.6))
    before = actor.pose.copy()
    began = actor.now
    actor.go(seconds, arc=actor.u(-0.15, 0.15), **end)
    actor.say(name, began=began)
    kind = actor.rng.random()
    if kind < 0.35:
        actor.hold(actor.u(0.1, 0.35))
        after, actor.pose = actor.pose.copy(), before.copy()
        target = actor.pose
        actor.pose = after
        _return(actor, target)
    elif kind < 0.6:
        actor.hold(actor.u(0.9, 2.4))
        after, began = actor.pose.copy(), actor.now
        _return(actor, before, min(max(actor.u(0.16, 1.0), length / 16), length / 5))
        opposite = dict(
            zip(
                ("swipe_left", "swipe_right", "swipe_up", "swipe_down"),
                ("swipe_right", "swipe_left", "swipe_down", "swipe_up"),
                strict=True,
            )
        )
        actor.say(opposite[name], began=began)
    leave(actor)


def _return(actor: Actor, pose: Floats, seconds: float | None = None) -> None:
    x, y = pose[:2] / 0.092
    actor.go(
        seconds or actor.u(0.25, 0.8),
        arc=actor.u(-0.2, 0.2),
        x=float(x),
        y=float(y),
        roll=float(pose[3]),
        pitch=float(pose[4]),
        yaw=float(pose[5]),
    )


def zoom(actor: Actor, name: str) -> None:
    """Thumb and forefinger, or all fingers, apart or together; and back after a while."""
    kind = actor.rng.integers(3)
    if kind == 0:  # from a fist
        closed: dict[str, Any] = {"bends": about(actor, FIST, 0.08), "pinch": 0.0}
        open_: dict[str, Any] = {
            "bends": about(actor, ELL, 0.1),
            "pinch": 0.0,
            "up": actor.u(0, 0.5),
        }
    elif kind == 1:  # a pinch, the other fingers bent or straight
        rest = about(actor, (0,) * 5 if actor.chance(0.5) else FIST)[2:]
        closed = {"bends": np.array((0.3, actor.u(0.35, 0.6), *rest)), "pinch": 1.0}
        open_ = {"bends": np.array((0, actor.u(0, 0.15), *rest)), "pinch": 0.0, "up": 0.2}
    else:  # all fingers
        closed = {"bends": np.array((0.3, *about(actor, (0.42,) * 5, 0.06)[1:])), "pinch": 1.0}
        open_ = {"bends": about(actor, (0.05,) * 5, 0.06), "pinch": 0.0, "up": 0.2}
        closed["spread"], open_["spread"] = 0.0, 1.0
    first, second = (closed, open_) if name == "zoom_in" else (open_, closed)
    other = "zoom_out" if name == "zoom_in" else "zoom_in"
    bends = first.pop("bends")
    turn = {"roll": actor.u(-0.7, 0.7), "pitch": actor.u(-0.4, 0.6), "yaw": actor.u(-0.7, 0.7)}
    appear(actor, bends, **first, **turn)
    actor.hold(actor.u(0.25, 1.2))
    began = actor.now
    move = {"dx": actor.u(-0.3, 0.3), "dy": actor.u(-0.3, 0.3)}
    actor.go(actor.u(0.1, 0.55), **second, **move)
    actor.say(name, began=began)
    if actor.chance(0.5):
        actor.hold(actor.u(0.5, 1.5))
        began = actor.now
        actor.go(actor.u(0.1, 0.55), bends=bends, **first)
        actor.say(other, began=began)
    leave(actor)


def tap(actor: Actor) -> None:
    """A nod of the hand, a flick of the finger or a push forward, and back; often twice."""
    shapes = (POINT, FIST, (0, 1, 1, 1, 1), (0.3, 0.5, 0.8, 0.9, 1), OPEN, ELL, POINT)
    bends = about(actor, shapes[actor.rng.integers(len(shapes))])
    appear(actor, bends, pitch=actor.u(-0.3, 0.6), up=actor.u(0, 1))
    actor.hold(actor.u(0.15, 1.0))
    weights = actor.rng.random(3) * (actor.rng.random(3) < 0.6)
    if weights.max() < 0.3:
        weights[actor.rng.integers(3)] = actor.u(0.5, 1)
    nod, flick, push = weights
    for _ in range(1 + actor.chance(0.6)):
        flicked = bends.copy()
        flicked[1] += flick * (actor.u(0.35, 0.8) if bends[1] < 0.4 else -actor.u(0.3, 0.8))
        if actor.chance(0.3):
            flicked[2] += 0.6 * (flicked[1] - bends[1])
        began = actor.now
        there = {
            "turn_pitch": nod * actor.u(0.35, 1.0),
            "dy": actor.u(0.05, 0.35) * max(nod, flick),
            "dx": actor.u(-0.25, 0.25),
            "dz": -push * actor.u(0.5, 1.6) * min(1.0, actor.pose[2]),
            "bends": flicked,
        }
        before = actor.pose.copy()
        actor.go(actor.u(0.07, 0.22), **there)
        if actor.chance(0.4):
            actor.hold(actor.u(0.0, 0.1))
        after = {"bends": bends, "z": before[2], "pitch": before[4]}
        actor.go(actor.u(0.08, 0.24), x=before[0] / 0.092, y=before[1] / 0.092, **after)
        actor.say("tap", began=began)
        actor.hold(actor.u(0.03, 0.4))
    leave(actor)


def grab(actor: Actor) -> None:
    """An open hand closes, is moved or held, and mostly opens again."""
    bends = about(actor, OPEN, 0.08)
    turn = {"roll": actor.u(-0.8, 0.8), "pitch": actor.u(-0.3, 0.9), "yaw": actor.u(-0.8, 0.8)}
    appear(actor, bends, **turn)
    actor.hold(actor.u(0.25, 1.2))
    began = actor.now
    actor.go(actor.u(0.12, 0.5), bends=about(actor, FIST, 0.1), dx=actor.u(-0.3, 0.3))
    actor.say("grab", began=began)
    actor.hold(actor.u(0.2, 0.8))
    if actor.chance(0.6):
        far = {"dx": actor.u(-5, 5), "dy": actor.u(-3, 3)}
        actor.go(actor.u(0.4, 1.2), arc=actor.u(-0.3, 0.3), **far)
        actor.hold(actor.u(0.1, 0.5))
    if actor.chance(0.8):
        began = actor.now
        actor.go(actor.u(0.12, 0.5), bends=about(actor, OPEN, 0.08))
        actor.say("release", began=began)
        actor.hold(actor.u(0.2, 0.8))
    leave(actor)


def wave(actor: Actor) -> None:
    """An open hand from side to side, about the wrist or the elbow, or all of it."""
    bends = about(actor, OPEN, 0.12)
    pose = {"roll": actor.u(-0.3, 0.3), "pitch": actor.u(-0.2, 0.4), "yaw": actor.u(-0.4, 0.4)}
    appear(actor, bends, **pose)
    actor.hold(actor.u(0.0, 0.5))
    halves, seconds = int(actor.rng.integers(3, 9)), actor.u(0.15, 0.42)
    steps = 60
    phase = np.linspace(0, np.pi * halves, steps * halves)
    envelope = np.minimum(1, phase / 1.5)
    offsets = np.zeros((len(phase), POSE))
    side = 1 if actor.chance(0.5) else -1
    roll = actor.u(0.15, 0.6)
    slide = actor.u(0.3, 1.6) if actor.chance(0.7) else roll
    offsets[:, 3] = side * roll * np.sin(phase) * envelope
    offsets[:, 0] = side * slide * 0.092 * np.sin(phase) * envelope
    offsets[:, 1] = 0.092 * actor.u(0, 0.3) * slide * np.cos(2 * phase)
    began = actor.now
    actor.swing(halves * seconds, offsets)
    actor.say("wave", start=began + 2.7 * seconds, began=began)
    leave(actor)


def circle(actor: Actor, name: str) -> None:
    """Rounds of the hand or the forefinger; after the first it is one."""
    bends = about(actor, POINT if actor.chance(0.75) else (OPEN if actor.chance(0.6) else TWO))
    appear(actor, bends, pitch=actor.u(-0.2, 0.8))
    actor.hold(actor.u(0.0, 0.8))
    turns, seconds = actor.u(1.0, 3.5), actor.u(0.35, 1.3)
    begin = actor.u(0, 2 * np.pi)
    sign = 1 if name == "circle_clockwise" else -1
    phase = begin + sign * np.linspace(0, 2 * np.pi * turns, max(80, int(80 * turns)))
    wide = actor.u(0.35, 2.2)
    high = wide * actor.u(0.6, 1.3)
    shape = np.stack((wide * np.cos(phase), high * np.sin(phase)), axis=1)
    lean = actor.u(-0.6, 0.6)
    shape = shape @ np.array(((np.cos(lean), np.sin(lean)), (-np.sin(lean), np.cos(lean))))
    offsets = np.zeros((len(phase), POSE))
    offsets[:, :2] = 0.092 * (shape - shape[0])
    if actor.chance(0.4):  # from the wrist
        offsets[:, :2] *= 0.3
        offsets[:, 3] = (shape[:, 0] - shape[0, 0]) * 0.35
        offsets[:, 4] = (shape[:, 1] - shape[0, 1]) * 0.35
    began = actor.now
    actor.swing(seconds * turns, offsets)
    actor.say(name, start=began + 0.92 * seconds, began=began)
    actor.pose = actor.pose + offsets[-1]
    leave(actor)


def stop(actor: Actor) -> None:
    """A palm that is raised towards the camera and held. When it counts is seen from the poses."""
    pose = {"roll": actor.u(-0.35, 0.35), "pitch": actor.u(-0.3, 0.4), "yaw": actor.u(-0.35, 0.35)}
    appear(actor, about(actor, OPEN, 0.06), **pose)
    actor.hold(actor.u(0.8, 2.2))
    if actor.chance(0.3):  # closing it then is no grab
        actor.go(actor.u(0.2, 0.5), bends=about(actor, FIST), dy=actor.u(0.5, 3))
    leave(actor)


GESTURES = (
    *2 * tuple(f"swipe_{way}" for way in ("left", "right", "up", "down")),
    *("zoom_in", "zoom_out", "tap", "grab", "wave", "circle_clockwise"),
    *("circle_counter_clockwise", "stop"),
)
"""Swipes differ most from one another, so there are twice as many."""


def act(actor: Actor, name: str) -> None:
    """Act a gesture out, from the hand's coming to its going."""
    if name.startswith("swipe"):
        swipe(actor, name)
    elif name.startswith("zoom"):
        zoom(actor, name)
    elif name.startswith("circle"):
        circle(actor, name)
    else:
        {"tap": tap, "grab": grab, "wave": wave, "stop": stop}[name](actor)
