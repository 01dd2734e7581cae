"""Landmarks of faces, eyes, hands and bodies against the float parent's."""

from typing import NamedTuple

import numpy as np

from calibration.accuracy.figures import (
    Floats,
    Mask,
    Outputs,
    agreement,
    most,
    seen,
    sigmoid,
    stacked,
)
from edge.inference.manifest import Accuracy
from edge.vision.bodies import refined


class Limits(NamedTuple):
    """The goals that issue 3 sets, and, where it sets none, what the graph can bear."""

    mean: float = 0.01
    """Of the box, face and hand: 2 mm of a face 20 cm high, what landmarks jitter by anyway."""
    body_mean: float = 0.015
    """A body's points are half as sharp: 2.5 cm of a person."""
    worst: float = 2.0
    """The 95th percentile of single points, in units of the limit of their mean."""
    hand_mm: float = 5.0
    body_mm: float = 15.0
    tongue: float = 0.03
    """Mean difference of a probability that only an overlay shows."""
    visible: float = 0.05
    """Mean difference of the probabilities that a body's point is visible: they are compared with
    a half."""


LIMITS = Limits()
BODY_POINTS = 35
"""A body's 33 landmarks and the two that say where it will be looked for in the next frame."""
WHOLE = 0.7
"""Share of a body's landmarks in the picture from which on it is judged: head to knees."""
SIDE = 256
"""Of the body models' input, in pixels."""


def of_faces(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure face landmarks, presence, and the tongue where the model knows of it."""
    before, after = (sigmoid(stacked(outputs, 1)[:, 0]) for outputs in (expected, found))
    kept = seen(before)
    figures = [
        *distances(_points(expected, 0)[kept], _points(found, 0)[kept], LIMITS.mean),
        agreement("presence agreement", before, after),
    ]
    if len(expected[0]) > 2:
        difference = np.abs(stacked(expected, 2) - stacked(found, 2))[kept]
        figures.append(most("tongue mean difference", difference.mean(), LIMITS.tongue))
    return figures


def of_irises(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure the landmarks of the eye and of the iris in it, both in sizes of the eye."""
    before, after = (
        np.concatenate((_points(outputs, 0), _points(outputs, 1)), axis=1)
        for outputs in (expected, found)
    )
    return distances(before, after, LIMITS.mean)


def of_hands(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure hand landmarks, presence, handedness and world landmarks."""
    before, after = (stacked(outputs, 1)[:, 0] for outputs in (expected, found))
    kept = seen(before)
    sides = [stacked(outputs, 2)[kept, 0] for outputs in (expected, found)]
    return [
        *distances(_points(expected, 0)[kept], _points(found, 0)[kept], LIMITS.mean),
        _world(_points(expected, 3)[kept], _points(found, 3)[kept], LIMITS.hand_mm),
        agreement("presence agreement", before, after),
        agreement("handedness agreement", *sides),
    ]


def of_bodies(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure body landmarks as they come and refined by the heatmap, visibility and world.

    Those landmarks count that the parent takes to be in the picture, and those bodies that nearly
    all are of: it makes up the rest, such as all of somebody at a desk but head and shoulders,
    and noise of ±2 grey levels moves that by 30 mm.
    """
    before, after = (stacked(outputs, 1)[:, 0] for outputs in (expected, found))
    in_picture = (_bodies(expected)[..., 4] >= 0).mean(axis=1)  # of logits
    kept = seen(np.where(in_picture >= WHOLE, before, 0))
    raw, raw_found = (_bodies(outputs)[kept] for outputs in (expected, found))
    fine, fine_found = (_refined(outputs)[kept] for outputs in (expected, found))
    there = raw[..., 4] >= 0
    visible, visible_found = (sigmoid(points[..., 3][there]) for points in (raw, raw_found))
    world, world_found = (_points(outputs, 3)[kept, :BODY_POINTS] for outputs in (expected, found))
    return [
        *distances(raw, raw_found, LIMITS.body_mean, there),
        *distances(fine, fine_found, LIMITS.body_mean, there, "refined "),
        _world(world[there], world_found[there], LIMITS.body_mm),
        agreement("presence agreement", before, after),
        most("visibility mean difference", np.abs(visible - visible_found).mean(), LIMITS.visible),
    ]


def distances(
    expected: Floats, found: Floats, limit: float, counted: Mask | None = None, which: str = ""
) -> list[Accuracy]:
    """Return the mean distance of points (n, k, 2 or more), and the 95th percentile of them all.

    In the picture's plane, in units of the box around the parent's points, by its longer side.
    `counted` (n, k): the points that count, all where it isn't given.
    """
    if counted is None:
        counted = np.ones(expected.shape[:2], bool)
    kept = counted.any(axis=1)
    expected, found, counted = expected[kept, :, :2], found[kept, :, :2], counted[kept]
    masked = np.where(counted[..., None], expected, np.nan)
    sides = (np.nanmax(masked, axis=1) - np.nanmin(masked, axis=1)).max(axis=1)
    parts = np.linalg.norm(found - expected, axis=2) / sides[:, None]
    mean = np.nanmean(np.where(counted, parts, np.nan), axis=1).mean()
    return [
        most(f"{which}mean distance, of the box", mean, limit),
        most(
            f"{which}95th percentile, of the box",
            np.percentile(parts[counted], 95),
            LIMITS.worst * limit,
        ),
    ]


def _world(expected: Floats, found: Floats, limit: float) -> Accuracy:
    """Return the mean distance of points (…, 3) given in metres."""
    millimetres = 1000 * np.linalg.norm(found - expected, axis=-1).mean()
    return most("world mean distance, mm", millimetres, limit)


def _points(outputs: Outputs, index: int) -> Floats:
    """Return an output of all samples as (n, k, 3)."""
    values = stacked(outputs, index)
    return values.reshape(len(values), -1, 3)


def _bodies(outputs: Outputs) -> Floats:
    """Return body landmarks (n, 35, 5): x, y, z, and the logits that each is visible, present."""
    return stacked(outputs, 0).reshape(-1, 39, 5)[:, :BODY_POINTS]


def _refined(outputs: Outputs) -> Floats:
    """Return body landmarks (n, 35, 2) as the heatmaps refine them."""
    rough = _bodies(outputs)[..., :2]
    heatmaps = (np.asarray(sample[2], np.float32)[0, ..., :BODY_POINTS] for sample in outputs)
    pairs = zip(rough, heatmaps, strict=True)
    return np.stack([refined(points, heatmap, SIDE) for points, heatmap in pairs])
