"""The measures on outputs that are made up, so that what they should say is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.accuracy import MEASURES, measure
from calibration.accuracy.detections import DETECTORS
from edge.errors import UserError
from edge.inference.manifest import shipped
from edge.vision.anchors import anchors
from edge.vision.bodies import refined

SURE = 9.0  # a logit: 0.9999
SAMPLES = 8
HERE, THERE = (50, 50, 40), (90, 90, 30)  # x, y and side of what is detected, pixels


def figures(model, expected, found):
    return {figure.metric: figure for figure in measure(model, expected, found)}


def faces(shift=0.0, presence=SURE):
    """478 points in a box of 100 × 200 pixels, moved aside by `shift` pixels."""
    points = np.random.default_rng(0).uniform(0, 1, (478, 3)).astype(np.float32)
    points[:2, :2] = (0, 0), (1, 1)
    points = points * (100, 200, 50) + np.array((shift, 0, 0))
    return [points.reshape(1, 1, 1, -1), np.full((1, 1), presence), np.full((1, 1), 0.1)]


def hands(shift=0.0, presence=1.0, right=1.0, world=0.0):
    points = np.linspace(0, 100, 63).reshape(21, 3)
    return [
        (points + np.array((shift, 0, 0))).reshape(1, 63),
        np.full((1, 1), presence),
        np.full((1, 1), right),
        np.full((1, 63), world),
    ]


def bodies(shift=0.0, there=SURE):
    """A body from head to toe, or with the lower half not in the picture."""
    points = np.zeros((39, 5), np.float32)
    points[:, 1] = np.linspace(0, 200, 39)
    points[:, 0] = 100 + shift
    points[:, 3:] = SURE
    points[17:, 4] = there
    outputs = {
        "landmarks": points.reshape(1, -1),
        "presence": np.ones((1, 1)),
        "mask": np.full((1, 256, 256, 1), SURE, np.float32),
        "heatmap": np.full((1, 64, 64, 39), -SURE, np.float32),
        "world": np.zeros((1, 117)),
    }
    return [outputs[spec.name] for spec in shipped().model("body_landmarks_full").outputs]


def detected(model, boxes, score):
    """Outputs of a detector that finds squares around the middles of some of its anchors."""
    head = DETECTORS[model].head
    size, table = head.size, anchors(head)
    raw = np.zeros((1, *shipped().model(model).outputs[0].shape[1:]), np.float32)
    scores = np.full((1, len(table), 1), -SURE, np.float32)
    for x, y, side in boxes:
        row = int(np.abs(table[:, :2] * size - (x, y)).sum(axis=1).argmin())
        centre = np.array((x, y)) - table[row, :2] * size
        raw[0, row] = np.resize(centre, raw.shape[2])
        raw[0, row, 2:4] = side
        scores[0, row] = np.log(score / (1 - score))
    return [raw, scores]


PERFECT = {
    "face_landmarks_478": faces(),
    "hand_landmarks_full": hands(),
    "body_landmarks_full": bodies(),
    "iris": [np.linspace(0, 60, 213)[None], np.linspace(0, 60, 15)[None]],
    "selfie": [np.tri(256)[None, ..., None]],
    "blendshapes": [np.linspace(0, 1, 52)],
    "gesture_embedder": [np.linspace(-1, 1, 128)[None]],
    "gesture_classifier": [np.eye(8)[:1]],
    "face_far": detected("face_far", [HERE], 0.9),
    "palm": detected("palm", [HERE, THERE], 0.9),
    "objects": [np.eye(90)[None, :20], np.zeros((1, 20, 4))],
}


@pytest.mark.parametrize("model", PERFECT)
def test_the_parent_passes_by_its_own_measure(model):
    outputs = [PERFECT[model]] * SAMPLES
    got = measure(model, outputs, outputs)
    assert got
    assert all(figure.holds for figure in got)
    assert all(figure.value == (0 if figure.at_least is None else 1) for figure in got)


@pytest.mark.parametrize("model", PERFECT)
def test_garbage_fails(model):
    draw = np.random.default_rng(0)
    expected = [PERFECT[model]] * SAMPLES
    found = [[draw.normal(0, 5, value.shape) for value in PERFECT[model]] for _ in expected]
    assert not all(figure.holds for figure in measure(model, expected, found))


@given(st.floats(0, 20))
def test_landmarks_are_measured_in_the_longer_side_of_the_box(shift):
    got = figures("face_landmarks_478", [faces()] * SAMPLES, [faces(shift)] * SAMPLES)
    mean, worst = got["mean distance, of the box"], got["95th percentile, of the box"]
    assert mean.value == pytest.approx(shift / 200, abs=1e-4)
    assert (mean.at_most, worst.at_most) == (0.01, 0.02)
    if abs(shift - 2) > 0.01:
        assert mean.holds == (shift < 2)


def test_only_what_the_parent_sees_is_measured():
    unseen, wild = faces(presence=-SURE), faces(shift=1000, presence=-SURE)
    got = figures("face_landmarks_478", [faces(), unseen], [faces(shift=1), wild])
    assert got["mean distance, of the box"].value == pytest.approx(1 / 200)
    with pytest.raises(ValueError, match="sees in no sample"):
        measure("face_landmarks_478", [unseen], [unseen])


def test_presence_that_flips_is_counted_unless_the_parent_is_unsure():
    expected = [hands() for _ in range(99)] + [hands(presence=0.55)]
    found = [hands() for _ in range(99)] + [hands(presence=0.45)]
    assert figures("hand_landmarks_full", expected, found)["presence agreement"].value == 1
    found[:2] = [hands(presence=0.2)] * 2
    agreement = figures("hand_landmarks_full", expected, found)["presence agreement"]
    assert agreement.value == pytest.approx(97 / 99, abs=1e-4)
    assert not agreement.holds


def test_hands_have_a_side_and_a_size():
    got = figures("hand_landmarks_full", [hands()] * 2, [hands(right=0.0, world=0.006)] * 2)
    assert got["handedness agreement"].value == 0
    world = got["world mean distance, mm"]
    assert world.value == pytest.approx(6 * 3**0.5, rel=1e-3)
    assert world.at_most == 5


def test_bodies_are_judged_by_what_is_in_the_picture():
    whole, cut = bodies(), bodies(there=-SURE)
    got = figures("body_landmarks_lite", [whole, cut], [bodies(shift=2), bodies(shift=99)])
    extent = np.linspace(0, 200, 39)[34]
    for metric in ("mean distance, of the box", "refined mean distance, of the box"):
        assert got[metric].value == pytest.approx(2 / extent, abs=1e-4)
    with pytest.raises(ValueError, match="sees in no sample"):
        measure("body_landmarks_lite", [cut], [cut])


def test_masks_are_compared_by_their_overlap_where_there_is_somebody():
    some, fewer, nobody = (np.zeros((1, 256, 256, 1)) for _ in range(3))
    some[:, :, :100] = fewer[:, :, :90] = 0.9
    got = figures("selfie", [[some], [some], [nobody]], [[some], [fewer], [some]])
    assert got["mask overlap (IoU)"].value == pytest.approx(0.95)
    assert not got["mask overlap (IoU)"].holds
    with pytest.raises(ValueError, match="sees nobody"):
        measure("selfie", [[nobody]], [[nobody]])


@pytest.mark.parametrize("model", DETECTORS)
def test_a_detection_that_is_missed_or_made_up_costs_recall_or_precision(model):
    one, two = detected(model, [HERE], 0.9), detected(model, [HERE, THERE], 0.9)
    lost = figures(model, [one, two], [one, one])
    assert lost["recall"].value == pytest.approx(2 / 3, abs=1e-4)
    assert lost["precision"].value == 1
    invented = figures(model, [one, one], [one, two])
    assert invented["recall"].value == 1
    assert invented["precision"].value == pytest.approx(2 / 3, abs=1e-4)
    moved = figures(model, [one], [detected(model, [(54, 50, 40)], 0.9)])
    assert moved["box overlap (IoU)"].value == pytest.approx(36 / 44, abs=1e-3)
    assert moved["keypoint distance, of the box"].value == pytest.approx(0.1, abs=1e-3)
    nothing = figures(model, [one], [detected(model, [], 0.9)])
    assert not any(figure.holds for figure in nothing.values())


def test_a_detection_near_the_threshold_may_come_and_go():
    just, hardly = (detected("palm", [HERE], score) for score in (0.52, 0.48))
    clear = detected("palm", [HERE], 0.9)
    got = figures("palm", [just, clear], [hardly, clear])
    assert got["recall"].value == got["precision"].value == 1
    assert figures("palm", [clear, clear], [detected("palm", [], 0.9), clear])["recall"].value < 1


def test_embeddings_are_compared_by_their_direction_and_zeros_point_nowhere():
    vector = np.array([[3.0, 4.0]])
    got = figures("gesture_embedder", [[vector]] * 2, [[2 * vector], [2 * vector]])
    assert got["mean cosine"].value == 1
    got = figures("gesture_embedder", [[vector]] * 2, [[vector], [0 * vector]])
    assert got["mean cosine"].value == 0.5


def test_a_class_counts_where_the_parent_is_sure_of_it():
    clear, close = np.array([[0.8, 0.2]]), np.array([[0.52, 0.48]])
    got = figures("gesture_classifier", [[clear], [close]], [[clear], [close[:, ::-1]]])
    assert got["class agreement"].value == 1
    got = figures("gesture_classifier", [[clear], [close]], [[clear[:, ::-1]], [close]])
    assert got["class agreement"].value == 0


def test_objects_are_compared_anchor_by_anchor():
    scores, boxes = np.zeros((1, 4, 90)), np.zeros((1, 4, 4))
    scores[0, 0, 5] = scores[0, 1, 6] = 0.9
    lost = scores.copy()
    lost[0, 1, 6] = 0.1
    moved = boxes.copy()
    moved[0, 0, 0] = 0.1  # a tenth of its height downwards
    got = figures("objects", [[scores, boxes]], [[lost, moved]])
    assert got["recall"].value == 0.5
    assert got["precision"].value == 1
    assert got["box overlap (IoU)"].value == pytest.approx((1 + 0.9 / 1.1) / 2, abs=1e-4)


def test_a_heatmap_moves_a_landmark_to_its_peak_and_no_further():
    heatmap = np.full((64, 64, 3), -SURE, np.float32)
    heatmap[11, 21] = SURE
    points = np.array([(80, 40), (200, 200), (-5, 300)], np.float32)  # near it, far, outside
    moved = refined(points, heatmap, 256)
    assert moved[0] == pytest.approx((84, 44), abs=0.1)
    assert (moved[1:] == points[1:]).all()


def test_bad_input_is_told():
    with pytest.raises(UserError, match="no measure for 'plam'; did you mean 'palm'"):
        measure("plam", [], [])
    with pytest.raises(ValueError, match="1 samples expected, 2 found"):
        measure("palm", [PERFECT["palm"]], [PERFECT["palm"]] * 2)


def test_every_model_that_is_shown_pictures_has_a_measure():
    assert {spec.name for spec in shipped().models} - set(MEASURES) <= {
        "hand_motion",  # shown how hands move; `make motions` measures it
        "voice_activity",
        "voice_embedding",
    }
