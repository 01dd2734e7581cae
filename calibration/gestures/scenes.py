"""Scenes of one hand, as a camera and our models would see them: features, and what is right."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from calibration.gestures.actor import PALM, RATE, Actor, Done, tremble
from calibration.gestures.everyday import EVERYDAY
from calibration.gestures.hand import BENDS, PLACE, SEEN, TURN, Floats, pictured
from calibration.gestures.motions import act
from edge.people.hand_motion import SECOND, HandMotion
from edge.people.hand_shape import hand_shape
from edge.people.moving_gestures import MOVING

AFTER, UNSURE = 0.2, 0.25
"""Seconds for which a gesture is to be told of after it is complete, and may be after that."""
QUICK = {"tap": (0.12, 0.04)}
"""The second of two taps comes sooner."""
HELD = 0.6
"""Seconds after which a palm that is held is a `stop`."""


class Looks(NamedTuple):
    """What was seen of one hand.

    `t` (n,), s. `landmarks` (n, 21, 3), pixels as in a mirrored picture; NaN where only the wrist
    of a body tells. `wrists` (n, 2): that. `apart` (n,): pixels to the other hand, NaN without one.
    """

    t: Floats
    landmarks: Floats
    wrists: Floats
    apart: Floats
    right: bool


class Scene(NamedTuple):
    """`windows` (n, STEPS, FEATURES), `labels` (n,) into MOVING, -1 where either would do."""

    t: Floats
    windows: NDArray[np.float32]
    labels: NDArray[np.int64]


def scene(rng: Generator, gesture: str | None = None) -> Scene:
    """Return a scene in which a gesture is made, or none at all."""
    actor = Actor(rng)
    if gesture is None:
        EVERYDAY[rng.integers(len(EVERYDAY))](actor)
    else:
        act(actor, gesture)
    poses = actor.poses
    poses = poses + tremble(rng, len(poses))
    looks = look(rng, poses, actor.together)
    return judged(looks, [*actor.done, *stops(poses)])


def look(rng: Generator, poses: Floats, together: bool = False) -> Looks:
    """Return what is seen of a hand with such poses (n, POSE).

    `together`: the other one does the same, mirrored.
    """
    fps = rng.choice((10, 12, 15, 15, 20, 24, 25, 30, 30))
    t = np.arange(rng.uniform(0, 1 / fps), len(poses) / RATE, 1 / fps)
    t = t + rng.normal(0, 0.1 / fps, len(t)).clip(-0.3 / fps, 0.3 / fps)
    at = np.round(t * RATE).astype(int).clip(0, len(poses) - 1)
    scale = 1 + rng.normal(0, 0.08, (5, 3))
    focal = rng.uniform(300, 1300)
    left = bool(rng.random() < 0.5)
    landmarks = pictured(poses[at], scale, focal, left)
    size = focal * PALM / poses[at, 2]
    landmarks += rng.normal(0, rng.uniform(0.004, 0.025), landmarks.shape) * size[:, None, None]
    landmarks[..., 2] *= rng.uniform(0.6, 1.2)
    jitter = rng.normal(0, rng.uniform(0.0, 0.03), (len(t), 1, 3)) * size[:, None, None]
    landmarks += jitter
    place = landmarks[:, (0, 5, 9, 13, 17), :2].mean(axis=1)
    speed = np.linalg.norm(np.gradient(poses[:, PLACE], axis=0) * RATE / PALM, axis=1)[at]
    lost = _lost(rng, speed, poses[at], fps)
    hidden = poses[at, SEEN] < 0.5
    body = rng.random() < 0.65
    # A body's finger points lie anywhere from its wrist to the palm.
    wrists = place + rng.uniform(0, 0.8) * (landmarks[:, 0, :2] - place)
    wrists += rng.normal(0, rng.uniform(0.05, 0.35), (len(t), 2)) * size[:, None]
    wild = rng.random(len(t)) < rng.choice((0.0, 0.03, 0.1))
    wrists[wild] += (rng.normal(0, 1.2, (len(t), 2)) * size[:, None])[wild]
    landmarks[lost | hidden] = np.nan
    known = ~(lost | hidden) | (body & ~(hidden & (rng.random(len(t)) < 0.5)))
    _slip(rng, t, landmarks, size)
    apart = np.full(len(t), np.nan)
    if together:
        apart = 2 * np.abs(place[:, 0] - place[:, 0].min() + 0.3 * size)
    elif rng.random() < 0.4:
        other = rng.uniform(1, 10) * size.mean() * np.array((1, rng.uniform(-0.4, 0.4)))
        if rng.random() < 0.3:
            other = other + np.cumsum(rng.normal(0, 0.05, (len(t), 2)), axis=0) * size[:, None]
        apart = np.linalg.norm(other - (place - place[0]), axis=1)
    return Looks(t[known], landmarks[known], wrists[known], apart[known], not left)


def _slip(rng: Generator, t: Floats, landmarks: Floats, size: Floats) -> None:
    """Let the landmarks slip for moments: they fit the hand badly, or another thing."""
    if rng.random() > 0.3:
        return
    for _ in range(int(rng.integers(1, 4))):
        start = rng.uniform(0, t[-1])
        slipped = (t > start) & (t < start + rng.uniform(0.03, 0.5))
        if rng.random() < 0.5:  # bent otherwise
            off = rng.normal(0, rng.uniform(0.05, 0.3), (1, 21, 3))
        else:  # elsewhere, and as large as another thing
            off = rng.normal(0, 0.8, (1, 1, 3))
            middle = landmarks[slipped].mean(axis=1, keepdims=True)
            grown = rng.uniform(0.6, 1.5) * (landmarks[slipped] - middle)
            landmarks[slipped] = middle + grown
        landmarks[slipped] += off * size[slipped, None, None]


def _lost(rng: Generator, speed: Floats, poses: Floats, fps: float) -> NDArray[np.bool_]:
    """Return where the hand's landmarks aren't found: in blur, and often where fingers hang."""
    hanging = poses[:, 4] > 1.7
    blur = rng.uniform(6, 20)
    chance = 0.01 + 0.6 * (speed > blur) + (0.7 if rng.random() < 0.5 else 0.1) * hanging
    found = 0.0
    lost = np.zeros(len(speed), bool)
    for row, p in enumerate(chance):
        lost[row] = rng.random() < max(p, found)
        found = 0.5 if lost[row] else 0.0  # once lost it takes a while
    return lost


def stops(poses: Floats) -> list[Done]:
    """Return where an open palm is held towards the camera for long enough."""
    ok = (poses[:, BENDS].max(axis=1) < 0.35) & (poses[:, SEEN] > 0.5) & (poses[:, 12] < 0.3)
    ok &= (np.abs(poses[:, TURN]) < (0.5, 0.6, 0.6)).all(axis=1)
    speed = np.linalg.norm(np.gradient(poses[:, :2], axis=0), axis=1) * RATE / PALM
    ok &= np.convolve(speed, np.ones(10) / 10, "same") < 0.8
    edges = np.flatnonzero(np.diff(np.concatenate(((0,), ok.astype(int), (0,)))))
    found = []
    for start, end in edges.reshape(-1, 2) / RATE:
        if end - start > HELD:
            found.append(Done("stop", start + HELD, end, start + HELD - 0.2))
    return found


def windows_of(looks: Looks) -> tuple[Floats, NDArray[np.float32]]:
    """Return when there is a window, and it, for looks at one hand."""
    motion = HandMotion()
    times, found = [], []
    for t, points, wrist, apart in zip(*looks[:4], strict=True):
        us = round(t * SECOND) + SECOND
        far = None if np.isnan(apart) else float(apart)
        if np.isnan(points[0, 0]):
            if not motion.size:
                continue
            motion.guess(us, wrist.astype(np.float32), far)
        else:
            motion.see(us, *hand_shape(points, looks.right, True), far)
        times.append(t)
        found.append(motion.window(us))
    return np.array(times), np.array(found, np.float32)


def judged(looks: Looks, done: list[Done]) -> Scene:
    t, windows = windows_of(looks)
    labels = np.zeros(len(t), np.int64)
    for gesture in done:
        kind = MOVING.index(gesture.name)
        before = max(0.08, 0.35 * (gesture.start - gesture.began))
        after, unsure = QUICK.get(gesture.name, (AFTER, UNSURE))
        near = (t > gesture.start - before) & (t < gesture.end + after + unsure)
        told = (t >= gesture.start - 0.01) & (t < gesture.end + after)
        if gesture.name == "stop":
            told &= t < gesture.start + 0.6
        seen_before = ((t > gesture.began - 0.5) & (t < gesture.began + 0.1)).any()
        labels[near & ~told & (labels <= 0)] = -1
        labels[told] = kind if seen_before else -1
    return Scene(t, windows, labels)
