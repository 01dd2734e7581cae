"""Blendshapes, embeddings and classes against the float parent's."""

from typing import NamedTuple

import numpy as np

from calibration.accuracy.figures import AGREEMENT, SURE, Outputs, least, most, stacked
from edge.inference.manifest import Accuracy


class Limits(NamedTuple):
    blendshape_mean: float = 0.02
    """Of a full movement: an avatar's face that is 2 % off is not told apart."""
    blendshape_worst: float = 0.1
    """95th percentile over faces of each face's worst blendshape: a smile or blink is told from
    none at 0.3 to 0.5."""
    cosine: float = 0.99
    """Mean of two embeddings of the same: issue 3's goal."""
    worst_cosine: float = 0.97
    """5th percentile: two that are that close are the same still."""


LIMITS = Limits()


def of_blendshapes(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure 52 numbers of 0 to 1 a face."""
    difference = np.abs(stacked(expected, 0) - stacked(found, 0))
    worst = np.percentile(difference.max(axis=1), 95)
    return [
        most("mean difference", difference.mean(), LIMITS.blendshape_mean),
        most("worst difference, 95th percentile", worst, LIMITS.blendshape_worst),
    ]


def of_embeddings(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure the angle between embeddings of the same input."""
    before, after = stacked(expected, 0), stacked(found, 0)
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    # Nothing points nowhere: an embedding of zeros is as wrong as can be.
    cosine = (before * after).sum(axis=1) / np.maximum(lengths, np.finfo(np.float32).tiny)
    return [
        least("mean cosine", cosine.mean(), LIMITS.cosine),
        least("5th percentile of cosine", np.percentile(cosine, 5), LIMITS.worst_cosine),
    ]


def of_gestures(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure whether the same class is the likeliest, where the parent is sure which is."""
    before, after = stacked(expected, 0), stacked(found, 0)
    second, first = np.sort(before, axis=1)[:, -2:].T
    sure = first - second >= SURE
    if not sure.any():
        raise ValueError("the parent is sure of no class in these samples")
    same = before[sure].argmax(axis=1) == after[sure].argmax(axis=1)
    return [least("class agreement", same.mean(), AGREEMENT)]
