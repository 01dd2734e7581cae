"""Detections of faces, palms and persons against the float parent's, picture by picture."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.accuracy.figures import AGREEMENT, SURE, Floats, Mask, Outputs, least, most
from edge.inference.manifest import Accuracy
from edge.vision.anchors import FACE_FAR, FACE_NEAR, PALM, PERSON, Head, anchors
from edge.vision.detection import (
    Detections,
    decode,
    intersection_over_union,
    merge_overlapping,
)
from edge.vision.detector import MERGE_OVERLAP
from edge.vision.face_detector import FaceDetector


class Detector(NamedTuple):
    """`threshold`: of the score at which it works. `merge_overlap`: what is one detection."""

    head: Head
    threshold: float
    merge_overlap: float


_FACE_SCORE = FaceDetector.Settings().min_score
DETECTORS = {
    "face_near": Detector(FACE_NEAR, _FACE_SCORE, MERGE_OVERLAP),
    "face_far": Detector(FACE_FAR, _FACE_SCORE, MERGE_OVERLAP),
    "palm": Detector(PALM, 0.5, 0.3),
    "person": Detector(PERSON, 0.5, 0.3),
}
"""Faces as `edge.vision.face_detector` has them, the others as their published graphs do."""


class Limits(NamedTuple):
    same: float = 0.5
    """IoU from which on two boxes are of one thing."""
    overlap: float = 0.9
    """Mean IoU of matched boxes: issue 3's goal."""
    worst_overlap: float = 0.7
    """5th percentile: boxes that overlap less make regions that landmark models aren't
    calibrated for any more (7 % aside and 15 % too large)."""
    keypoints: float = 0.03
    """Mean distance in units of the box around box and keypoints: they say how a face, hand or
    body is turned, and are 2° off by then."""


LIMITS = Limits()


class Matches(NamedTuple):
    """`overlaps` and `distances`: IoU and keypoints' mean distance of each pair of detections.
    `recalled`, `precise`: which of the parent's the variant has too, and the other way round."""

    overlaps: Floats
    distances: Floats
    recalled: Mask
    precise: Mask


def measure(detector: Detector, expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure recall and precision at the working threshold, boxes and keypoints of pairs.

    What one side detects, the other may miss the threshold by as much as noise moves a score.
    """
    pairs = [
        _matched(detector, before, after) for before, after in zip(expected, found, strict=True)
    ]
    matches = Matches(*map(np.concatenate, zip(*pairs, strict=True)))
    if not len(matches.recalled):
        raise ValueError("the parent detects nothing in these samples")
    # With no pair nothing is recalled, and that says it all.
    overlaps = matches.overlaps if len(matches.overlaps) else np.zeros(1, np.float32)
    distances = matches.distances if len(matches.distances) else np.ones(1, np.float32)
    precision = matches.precise.mean() if len(matches.precise) else 0.0
    return [
        least("recall", matches.recalled.mean(), AGREEMENT),
        least("precision", precision, AGREEMENT),
        least("box overlap (IoU)", overlaps.mean(), LIMITS.overlap),
        least("box overlap, 5th percentile", np.percentile(overlaps, 5), LIMITS.worst_overlap),
        most("keypoint distance, of the box", distances.mean(), LIMITS.keypoints),
    ]


def _matched(
    detector: Detector, before: Sequence[NDArray[Any]], after: Sequence[NDArray[Any]]
) -> Matches:
    """Compare the outputs for one picture."""
    expected, found = (_seen(detector, outputs) for outputs in (before, after))
    maybe_expected, maybe_found = (_seen(detector, outputs, SURE) for outputs in (before, after))
    shared = intersection_over_union(expected.boxes, found.boxes)
    pairs = [(row, shared[row].argmax()) for row in range(len(shared)) if shared.shape[1]]
    pairs = [(row, other) for row, other in pairs if shared[row, other] >= LIMITS.same]
    rows, others = np.array(pairs, int).reshape(-1, 2).T
    extents = np.concatenate((expected.boxes.reshape(-1, 2, 2), expected.keypoints), axis=1)
    sides = np.ptp(extents[rows], axis=1).max(axis=1)
    apart = np.linalg.norm(expected.keypoints[rows] - found.keypoints[others], axis=2)
    return Matches(
        shared[rows, others],
        apart.mean(axis=1) / sides,
        _among(expected, maybe_found),
        _among(found, maybe_expected),
    )


def _seen(detector: Detector, outputs: Sequence[NDArray[Any]], margin: float = 0.0) -> Detections:
    """Return what a detector finds in one picture, its threshold lowered by a margin."""
    boxes, scores = (np.asarray(output, np.float32)[0] for output in outputs)
    table, size = anchors(detector.head), detector.head.size
    found = decode(boxes, scores[:, 0], table, size, detector.threshold - margin)
    return merge_overlapping(found, detector.merge_overlap)


def _among(these: Detections, those: Detections) -> Mask:
    """Return which of these are among those."""
    shared = intersection_over_union(these.boxes, those.boxes)
    return np.logical_or.reduce(shared >= LIMITS.same, axis=1)
