"""Masks of people against the float parent's."""

from calibration.accuracy.figures import Mask, Outputs, least, stacked
from edge.inference.manifest import Accuracy

OVERLAP = 0.97
"""Issue 3's goal: at 256 pixels, an edge that is a pixel off around a head and shoulders."""
SOMEBODY = 0.01
"""Of the picture: a mask that is smaller than that is nobody at a desk, and noise decides it."""


def of_people(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure masks of probabilities where the parent sees somebody."""
    before, after = (stacked(outputs, 0) >= 0.5 for outputs in (expected, found))
    return [_overlap(before, after)]


def _overlap(before: Mask, after: Mask) -> Accuracy:
    """Return the mean intersection over union of masks (n, pixels)."""
    somebody = before.mean(axis=1) >= SOMEBODY
    if not somebody.any():
        raise ValueError("the parent sees nobody in these samples")
    before, after = before[somebody], after[somebody]
    shared = (before & after).sum(axis=1) / (before | after).sum(axis=1)
    return least("mask overlap (IoU)", shared.mean(), OVERLAP)
