import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.vision.anchors import FACE_NEAR, anchors
from edge.vision.detection import Detections, decode, intersection_over_union, merge_overlapping

ANCHORS = anchors(FACE_NEAR)


def raw(rows: dict[int, tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Raw outputs with a face of the given size and logit at the given anchors."""
    boxes = np.zeros((896, 16), np.float32)
    scores = np.full(896, -50, np.float32)
    for row, (size, logit) in rows.items():
        boxes[row, 2:4] = size
        boxes[row, 4::2] = np.arange(6)
        scores[row] = logit
    return boxes, scores


def test_decoded_boxes_lie_around_their_anchor_in_pixels():
    found = decode(*raw({300: (20, 2.0), 600: (40, 1.0), 601: (40, -1.0)}), ANCHORS, 128, 0.5)
    middle = ANCHORS[[300, 600], :2] * 128
    np.testing.assert_allclose(found.boxes[:, :2], middle - np.array([[10], [20]]), rtol=1e-6)
    np.testing.assert_allclose(found.boxes[:, 2:], middle + np.array([[10], [20]]), rtol=1e-6)
    np.testing.assert_allclose(found.keypoints[0, :, 0], middle[0, 0] + np.arange(6), rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.8807971, 0.7310586], rtol=1e-6)


def test_nothing_found_is_no_rows_that_fit_all_the_same():
    found = merge_overlapping(decode(*raw({}), ANCHORS, 128, 0.5), 0.3)
    assert [part.shape for part in found] == [(0, 4), (0, 6, 2), (0,)]


def test_what_is_not_finite_is_left_out():
    boxes, scores = raw({1: (20, 3), 2: (20, 3), 3: (20, np.nan), 4: (20, np.inf), 5: (20, 3)})
    boxes[1, 7] = np.nan
    boxes[2, 0] = np.inf
    found = decode(boxes, scores, ANCHORS, 128, 0.5)
    assert np.isfinite(found.boxes).all()
    assert found.scores.tolist() == [np.float32(1 / (1 + np.exp(np.float32(-3))))]


def test_overlapping_detections_become_their_weighted_mean_with_the_best_score():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    keypoints = np.stack((boxes[:, :2], boxes[:, 2:]), axis=1)
    scores = np.array([0.3, 0.9, 0.5], np.float32)
    merged = merge_overlapping(Detections(boxes, keypoints, scores), 0.3)
    expected = np.array([[0.75, 0, 10.75, 10], [50, 50, 60, 60]])
    np.testing.assert_allclose(merged.boxes, expected, atol=1e-6)
    np.testing.assert_allclose(merged.keypoints[0], [[0.75, 0], [10.75, 10]], atol=1e-6)
    np.testing.assert_allclose(merged.scores, [0.9, 0.5])


@st.composite
def some_detections(draw):
    count = draw(st.integers(0, 12))
    positions = st.floats(-50, 200, width=32)
    corner = draw(arrays.arrays(np.float32, (count, 2), elements=positions))
    extent = draw(arrays.arrays(np.float32, (count, 2), elements=st.floats(0, 60, width=32)))
    scores = draw(arrays.arrays(np.float32, (count,), elements=st.floats(0.5, 1, width=32)))
    boxes = np.concatenate((corner, corner + extent), axis=1)
    return Detections(boxes, boxes.reshape(-1, 2, 2), scores)


@given(some_detections(), st.floats(0.1, 0.9))
def test_merging_keeps_the_best_and_invents_nothing(found, overlap):
    merged = merge_overlapping(found, overlap)
    assert len(merged.scores) <= len(found.scores)
    assert set(merged.scores.tolist()) <= set(found.scores.tolist())
    assert (np.diff(merged.scores) <= 0).all()
    assert np.isfinite(merged.boxes).all()
    np.testing.assert_allclose(merged.keypoints.reshape(-1, 4), merged.boxes, atol=1e-3)
    if len(found.scores):
        assert merged.scores[0] == found.scores.max()
        slack = 1e-3
        assert (merged.boxes.min(axis=0) >= found.boxes.min(axis=0) - slack).all()
        assert (merged.boxes.max(axis=0) <= found.boxes.max(axis=0) + slack).all()


@given(some_detections())
def test_what_does_not_overlap_is_left_as_it_is(found):
    overlaps = intersection_over_union(found.boxes, found.boxes)
    np.fill_diagonal(overlaps, 0)
    alone = overlaps.max(axis=1, initial=0) == 0
    merged = merge_overlapping(found, 0.3)
    before = np.column_stack((found.boxes, found.scores))[alone]
    after = np.column_stack((merged.boxes, merged.scores))
    assert {tuple(row) for row in before.tolist()} <= {tuple(row) for row in after.tolist()}


@given(some_detections(), some_detections())
def test_overlap_is_symmetric_and_between_0_and_1(a, b):
    overlaps = intersection_over_union(a.boxes, b.boxes)
    assert ((overlaps >= 0) & (overlaps <= 1 + 1e-6)).all()
    np.testing.assert_allclose(overlaps, intersection_over_union(b.boxes, a.boxes).T, atol=1e-6)
