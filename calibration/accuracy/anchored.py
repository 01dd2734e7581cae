"""Detections of objects against the parent's, anchor by anchor.

A box is an offset to its anchor, so two boxes of one anchor are compared without knowing it:
their overlap doesn't depend on where the anchor lies nor on its size.
"""

from typing import NamedTuple

import numpy as np

from calibration.accuracy.figures import AGREEMENT, SURE, Floats, Outputs, least, most
from edge.inference.manifest import Accuracy
from edge.vision.detection import intersection_over_union


class Limits(NamedTuple):
    threshold: float = 0.4
    """Score of a detection; what scores less isn't looked at."""
    overlap: float = 0.9
    """Mean IoU of an anchor's two boxes: issue 3's goal for detectors."""
    score: float = 0.03
    """Mean difference of the scores of what is detected."""


LIMITS = Limits()


def of_objects(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure recall and precision of (anchor, class), scores and boxes of what both detect.

    What one side detects, the other may miss the threshold by as much as noise moves a score.
    """
    recalled, precise, differences, overlaps = [], [], [], []
    for (before, boxes), (after, boxes_found) in zip(expected, found, strict=True):
        low = LIMITS.threshold - SURE
        recalled.append(after[0][before[0] >= LIMITS.threshold] >= low)
        precise.append(before[0][after[0] >= LIMITS.threshold] >= low)
        differences.append(np.abs(before[0] - after[0])[before[0] >= LIMITS.threshold])
        rows = np.flatnonzero(before[0].max(axis=1) >= LIMITS.threshold)
        shared = (
            intersection_over_union(_corners(boxes[0][[row]]), _corners(boxes_found[0][[row]]))
            for row in rows
        )
        overlaps += [overlap.item() for overlap in shared]
    if not overlaps:
        raise ValueError("the parent detects nothing in these samples")
    precision = np.concatenate(precise)
    return [
        least("recall", np.concatenate(recalled).mean(), AGREEMENT),
        least("precision", precision.mean() if len(precision) else 0.0, AGREEMENT),
        least("box overlap (IoU)", float(np.mean(overlaps)), LIMITS.overlap),
        most("score mean difference", np.concatenate(differences).mean(), LIMITS.score),
    ]


def _corners(offsets: Floats) -> Floats:
    """Return left, top, right, bottom in units of the anchor, from y, x, height, width (n, 4).

    Centres are offsets in heights and widths of the anchor, sizes the logarithms of factors.
    """
    centres = offsets[:, 1::-1]
    half = np.exp(offsets[:, :1:-1]) / 2
    return np.concatenate((centres - half, centres + half), axis=1)
