"""How good a classifier of motions is: on clips and tracks it hasn't seen, and all day long."""

from pathlib import Path

import numpy as np

from calibration.gestures.actor import Actor, tremble
from calibration.gestures.everyday import EVERYDAY
from calibration.gestures.recorded import CLIPS, of_track, tracks
from calibration.gestures.scenes import Looks, look
from calibration.samples.sources import data_folder
from edge import Graph
from edge.graph import Event
from edge.inference import load_model
from edge.people.hand_motion import SECOND
from edge.people.hand_shape import hand_shape
from edge.people.moving_gestures import MovingGestures, MovingSettings, Told

MINUTES = 30


def told_of(model: Path, clip: str) -> list[str]:
    """Return the gestures that the graph tells of in a clip, in their order."""
    graph = Graph.load("gestures")
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
        told += [one.name for one in follow(MovingGestures(classifier, MovingSettings()), looks)]
    return (
        f"everyday, {seconds / 60:.0f} minutes: {len(told)} gestures, "
        f"{60 * len(told) / seconds:.2f} a minute {sorted(told)}"
    )


def follow(moving: MovingGestures, looks: Looks) -> list[Told]:
    """Return what is told of one hand."""
    told = []
    for t, points, wrist, apart in zip(*looks[:4], strict=True):
        us = round(t * SECOND) + SECOND
        far = None if np.isnan(apart) else float(apart)
        if np.isnan(points[0, 0]):
            moving.guess("hand", us, wrist.astype(np.float32), far)
        else:
            moving.see("hand", us, *hand_shape(points, looks.right, True), far)
        told += list(moving.told("hand", us))
    return told
