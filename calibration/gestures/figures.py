"""How good a classifier of motions is: on clips and tracks it hasn't seen, and all day long."""

from pathlib import Path

import numpy as np

from calibration.gestures.actor import Actor, tremble
from calibration.gestures.everyday import EVERYDAY
from calibration.gestures.motions import GESTURES, act
from calibration.gestures.recorded import CLIPS, of_track, tracks
from calibration.gestures.scenes import Looks, look, stops
from calibration.samples.sources import data_folder
from edge import Graph
from edge.graph import Event
from edge.inference import load_model
from edge.paths import resource
from edge.people.hand_motion import SECOND
from edge.people.hand_shape import hand_shape
from edge.people.moving_gestures import MovingGestures, MovingSettings, Told

MINUTES = 30
KINDS = {"tap": ("tap", "double_tap"), "release": ("drag_and_drop",)}
"""What else a motion is told as: by what came before it."""
EARLY, LATE = 0.5, 0.5
"""Seconds before a motion is complete, and after its end, in which telling of it is right."""


def told_of(model: Path, clip: str) -> list[str]:
    """Return the gestures that the graph tells of in a clip, in their order."""
    graph = Graph.load(resource("graphs/gestures.yaml"))
    graph.set("camera.mirrored", True)
    graph.set("gestures.model", str(model))
    run = graph.run(str(data_folder() / "gestures/clips" / f"{clip}.gif"))
    events = [item for item in run.items() if isinstance(item, Event) and item.kind == "gesture"]
    return [event.fields["name"] for event in sorted(events, key=lambda event: event.t)]


def of_clip(model: Path, clip: str) -> str:
    return f"{clip}: {' '.join(told_of(model, clip))} (made: {' '.join(g[0] for g in CLIPS[clip])})"


def of_tracks(model: Path, block: int) -> str:
    """Say how many of a block of the tracks are answered rightly; nothing but itself is right."""
    classifier = load_model(str(model), None, 1)
    known, rng = tracks(), np.random.default_rng(99)
    rows = np.flatnonzero(known.inner & (known.blocks == block))
    right = 0
    for row in rows:
        classifier.input(0)[0] = of_track(known.points[row], rng)[0]
        right += int(np.argmax(classifier.invoke()[0][0])) == known.labels[row]
    return f"tracks, block {block + 1}: {right / len(rows):.4f} of {len(rows)}"


def of_everyday(model: Path, minutes: float = MINUTES, seed: int = 7) -> str:
    """Say how often a gesture is told of that nobody made, in everyday motions."""
    classifier, rng = load_model(str(model), None, 1), np.random.default_rng(seed)
    told: list[str] = []
    seconds = 0.0
    while seconds < 60 * minutes:
        actor = Actor(rng)
        EVERYDAY[rng.integers(len(EVERYDAY))](actor)
        poses = actor.poses + tremble(rng, actor.count)
        looks = look(rng, poses, actor.together)
        seconds += actor.now
        told += [one.name for _, one in follow(MovingGestures(classifier, MovingSettings()), looks)]
    return (
        f"everyday, {seconds / 60:.0f} minutes: {len(told)} gestures, "
        f"{60 * len(told) / seconds:.2f} a minute {sorted(told)}"
    )


def of_acted(model: Path, each: int = 20, seed: int = 11) -> str:
    """Say how many acted gestures are told of, and how long after they were complete."""
    classifier, rng = load_model(str(model), None, 1), np.random.default_rng(seed)
    made = 0
    delays: list[float] = []
    others = 0
    for name in GESTURES * each:
        actor = Actor(rng)
        act(actor, name)
        poses = actor.poses + tremble(rng, actor.count)
        looks = look(rng, poses, actor.together)
        told = follow(MovingGestures(classifier, MovingSettings()), looks)
        expected = [(KINDS.get(done.name, (done.name,)), done) for done in actor.done]
        expected += [(("stop",), done) for done in stops(poses)]
        made += len(actor.done)
        for t, one in told:
            right = [
                done
                for kinds, done in expected
                if one.name in kinds and done.start - EARLY <= t <= done.end + LATE
            ]
            others += not right
            if right and right[0].name != "stop":
                delays.append(t - right[0].start)
    return (
        f"acted, {made} gestures: {len(delays)} told, {others} others; "
        f"{1e3 * np.median(delays):.0f} ms after they were complete"
    )


def follow(moving: MovingGestures, looks: Looks) -> list[tuple[float, Told]]:
    """Return what is told of one hand, and when, s."""
    told = []
    for t, points, wrist, apart in zip(*looks[:4], strict=True):
        us = round(t * SECOND) + SECOND
        far = None if np.isnan(apart) else float(apart)
        if np.isnan(points[0, 0]):
            moving.guess("hand", us, wrist.astype(np.float32), far)
        else:
            moving.see("hand", us, *hand_shape(points, looks.right, True), far)
        told += [(float(t), one) for one in moving.told("hand", us)]
    return told
