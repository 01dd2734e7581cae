"""Samples of the models that take landmarks and embeddings instead of pictures."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibration.samples import crops, subjects
from calibration.samples.crops import Sample
from calibration.samples.sources import Split
from calibration.samples.subjects import landmarks, parent
from edge.people.expressions import POINTS

Floats = NDArray[np.float32]

DEPTH = 0.4
"""The hand model's depth is multiplied by 1 / 0.4 before gestures are told from it."""


def of_blendshapes(model: str, split: Split) -> list[Sample]:
    """Return landmarks of faces, around their middle, the longer side of the face's box being 1.

    To the float model that is the same as pixels: where and how large a face is changes its
    answers by less than 0.0002. An int8 one needs to know what range to expect.
    """
    made: list[Sample] = []
    for points, _, _ in _seen("face_landmarks_478", "face", split):
        face = points[POINTS]
        face = (face - face.mean(axis=0)) / np.ptp(face, axis=0).max()
        made.append((np.round(face, 4).astype(np.float32),))
    return made


def of_gesture_embedder(model: str, split: Split) -> list[Sample]:
    """Return hands: landmarks, handedness and world landmarks, each as the model wants it."""
    made: list[Sample] = []
    for points, outputs, region in _seen("hand_landmarks_full", "hand", split):
        raw, _, handedness, world = outputs
        depth = raw.reshape(21, 3)[:, 2:] * (region[2] / 224) / DEPTH
        placed = np.concatenate((points, depth), axis=1)
        made.append((_from_wrist(placed), handedness[0], _from_wrist(_turned(world, region[4]))))
    return [tuple(np.round(part, 3).astype(np.float32) for part in sample) for sample in made]


def of_gesture_classifier(model: str, split: Split) -> list[Sample]:
    """Return the float embedder's outputs for its own samples."""
    embedder = parent("gesture_embedder")
    made: list[Sample] = []
    for hand in of_gesture_embedder("gesture_embedder", split):
        for index, values in enumerate(hand):
            embedder.input(index)[:] = values
        made.append((np.round(embedder.invoke()[0][0], 3),))
    return made


def _seen(name: str, kind: str, split: Split) -> Iterator[tuple[Floats, list[Floats], Floats]]:
    """Yield landmarks in the picture (k, 2), outputs and region of each face or hand."""
    for place in crops.looks(kind, split):
        points, outputs, score = landmarks(name, place.frame.bgr, place.region)
        if score >= subjects.SETTINGS.present:
            yield points, outputs, place.region


def _turned(world: Floats, angle: float) -> Floats:
    """Return world landmarks (21, 3), turned from the crop's orientation to the picture's."""
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array(((cos, -sin, 0), (sin, cos, 0), (0, 0, 1)), np.float32)
    return world.reshape(21, 3) @ turn.T


def _from_wrist(points: Floats) -> Floats:
    """Return points (21, 3) from the wrist, the longer side of the hand's box being 1."""
    placed = points - points[0]
    return placed / np.ptp(placed[:, :2], axis=0).max()
