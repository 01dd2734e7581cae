"""From a single-shot detector's raw outputs to detections."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LARGEST = 1e6
"""No model means more than that, neither of pixels nor of logits."""


class Detections(NamedTuple):
    """What a detector found, n rows, in pixels of its input.

    `boxes` (n, 4): left, top, right, bottom. `keypoints` (n, k, 2). `scores` (n,): 0 to 1.
    """

    boxes: Floats
    keypoints: Floats
    scores: Floats


def decode(
    raw_boxes: Floats, raw_scores: Floats, anchors: Floats, size: int, threshold: float
) -> Detections:
    """Turn raw outputs into the detections that score `threshold` or more.

    `raw_boxes` (n, 4 + 2k): centre, size and keypoints as offsets to the anchors, in pixels.
    `raw_scores` (n,): logits. `anchors` (n, 4): parts of the input's side, which is `size` pixels.
    Rows that hold a value which isn't finite, or absurdly large, are left out.
    """
    sure = raw_scores >= math.log(threshold / (1 - threshold))
    kept = np.flatnonzero(sure & (raw_scores < LARGEST))
    kept = kept[(np.abs(raw_boxes[kept]) < LARGEST).all(axis=1)]
    anchor = anchors[kept, None]
    points: Floats = (
        raw_boxes[kept].reshape(len(kept), raw_boxes.shape[1] // 2, 2) * anchor[..., 2:]
    )
    half = points[:, 1] * np.float32(0.5)
    points += anchor[..., :2] * np.float32(size)
    centre = points[:, 0]
    boxes = np.concatenate((centre - half, centre + half), axis=1)
    scores = np.reciprocal(1 + np.exp(-raw_scores[kept]))
    return Detections(boxes, points[:, 2:], scores)


def merge_overlapping(found: Detections, overlap: float) -> Detections:
    """Replace detections of one object by their mean, weighted by score; best first.

    Each keeps the score of the best among them. `overlap`: intersection over union with the best
    from which on two are one (weighted suppression of BlazeFace, Bazarevsky et al. 2019,
    section 3.3: the mean is steadier from frame to frame than the best alone).
    """
    order = np.argsort(-found.scores, kind="stable")
    boxes, keypoints, scores = (part[order] for part in found)
    same = intersection_over_union(boxes, boxes) > overlap
    np.fill_diagonal(same, True)  # a box without area doesn't overlap even itself
    left = np.ones(len(order), bool)
    best: list[int] = []
    while left.any():
        first = int(left.argmax())
        best.append(first)
        group = np.flatnonzero(left & same[first])
        weights = scores[group] / scores[group].sum()
        boxes[first] = weights @ boxes[group]
        keypoints[first] = np.tensordot(weights, keypoints[group], axes=1)
        left[group] = False
    return Detections(boxes[best], keypoints[best], scores[best])


def intersection_over_union(a: Floats, b: Floats) -> Floats:
    """Return (n, m) overlaps, 0 to 1, of boxes a (n, 4) and b (m, 4): left, top, right, bottom."""
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    extent = np.minimum(a[:, None, 2:], b[None, :, 2:]) - corner
    shared = np.maximum(extent, 0).prod(axis=2)
    total = _area(a)[:, None] + _area(b)[None] - shared
    return np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)


def _area(boxes: Floats) -> Floats:
    return np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
