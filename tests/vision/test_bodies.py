import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.inference import load_model
from edge.vision.anchors import PERSON, anchors
from edge.vision.bodies import (
    EARS,
    ELBOWS,
    EYES,
    FACE_POINTS,
    MOUTH,
    SHOULDERS,
    WRISTS,
    Bodies,
    heads,
    refined,
    regions_of_landmarks,
    regions_of_persons,
    visible_bounds,
    wrists,
)
from edge.vision.detection import decode, merge_overlapping
from edge.vision.regions import Cropper, project, whole
from tests.vision.driving import read


def test_the_region_of_a_person_is_where_the_golden_file_says(data):
    """GOLD: MediaPipe's pose detector on the photo of one person."""
    picture = read(data / "body/pose.jpg")
    height, width = picture.shape[:2]
    model = load_model("person", "float")
    rgb, matrix = Cropper(224, 224, edges=False, keep_aspect=True).cut(
        picture, whole((width, height))
    )
    model.write_picture(rgb)
    boxes, scores = model.invoke()
    model.close()
    found = merge_overlapping(decode(boxes[0], scores[0, :, 0], anchors(PERSON), 224, 0.5), 0.3)
    regions = regions_of_persons(project(found.keypoints, matrix))

    text = (data / "body/pose_expected_expanded_rect.pbtxt").read_text()
    golden = {name: float(value) for name, value in re.findall(r"(\w+): (-?[\d.]+)", text)}
    assert len(regions) == 1
    x, y, side, _, angle = regions[0]
    assert (x, y) == pytest.approx((golden["x_center"] * width, golden["y_center"] * height), abs=3)
    assert side == pytest.approx(golden["width"] * width, rel=0.01)
    assert angle == pytest.approx(golden["rotation"], abs=0.02)


def test_landmarks_give_the_region_of_their_last_two_points():
    landmarks = np.zeros((1, 39, 3), np.float32)
    landmarks[0, 33, :2], landmarks[0, 34, :2] = (300, 200), (400, 200)  # lying, head to the right
    region = regions_of_landmarks(landmarks)[0]
    assert region == pytest.approx((300, 200, 250, 250, np.pi / 2))
    assert regions_of_landmarks(landmarks[:0]).shape == (0, 5)


def bodies(*landmarks) -> Bodies:
    """Bodies of given landmarks (33, 4)."""
    rows = np.array(landmarks, np.float32).reshape(-1, 33, 4)
    count = len(rows)
    nothing = np.zeros((count, 5), np.float32)
    world = np.zeros((count, 33, 3), np.float32)
    fresh = np.ones(count, bool)
    return Bodies(0, rows, nothing[:, :4], nothing, nothing[:, 0], fresh, 0, world)


def person(angle: float = 0) -> np.ndarray:
    """Landmarks of somebody seen from the front, head at (0, 0), turned around it."""
    points = np.zeros((33, 4), np.float32)
    points[:, 3] = 1
    points[EYES, :2] = (18, -18), (-18, -18)
    points[MOUTH, :2] = (12, 22), (-12, 22)
    points[EARS, :2] = (38, -8), (-38, -8)
    points[SHOULDERS, :2] = (70, 90), (-70, 90)
    points[ELBOWS, :2] = (90, 180), (-90, 180)
    points[WRISTS, :2] = (90, 230), (-90, 280)
    cos, sin = np.cos(angle), np.sin(angle)
    points[:, :2] = points[:, :2] @ np.array(((cos, sin), (-sin, cos)))
    return points


@given(st.floats(-3, 3))
def test_a_head_is_as_large_however_it_is_turned(angle):
    boxes, angles, seen = heads(bodies(person(angle)))
    assert boxes[0, 2:] == pytest.approx((97, 97), abs=4)
    assert np.abs(boxes[0, :2] + boxes[0, 2:] / 2).max() < 5
    assert angles[0] == pytest.approx(angle, abs=1e-3)
    assert seen.tolist() == [True]


def test_a_head_that_is_turned_away_is_not_seen():
    away = person()
    away[:FACE_POINTS, 3] = 0.1
    assert heads(bodies(person(), away))[2].tolist() == [True, False]
    assert [len(part) for part in heads(bodies())] == [0, 0, 0]


def test_wrists_come_left_first_with_their_forearms():
    hidden = person()
    hidden[16, 3] = 0.2
    places, visibility, forearms = wrists(bodies(hidden))
    assert places.tolist() == [[[90, 230], [-90, 280]]]
    assert visibility[0] == pytest.approx((1, 0.2))
    assert forearms.tolist() == [[50, 100]]
    assert wrists(bodies())[0].shape == (0, 2, 2)


def test_only_what_is_seen_in_the_picture_bounds_the_visible_body():
    landmarks = np.zeros((3, 33, 4), np.float32)
    landmarks[:, 0] = (10, 20, 0, 0.9)
    landmarks[:, 1] = (50, 70, 0, 0.6)
    landmarks[:, 2] = (90, 95, 0, 0.4)  # hidden
    landmarks[:, 3] = (-5, 300, 0, 0.9)  # outside
    landmarks[2, :, 3] = 0
    landmarks[1, 3] = (99, 99, 0, 1)
    boxes = visible_bounds(landmarks, (100, 100))
    np.testing.assert_array_equal(boxes, [(10, 20, 40, 50), (10, 20, 89, 79), (np.nan,) * 4])
    assert visible_bounds(landmarks[:0], (100, 100)).shape == (0, 4)


@given(arrays(np.float32, (5, 2), elements=st.floats(-40, 300, width=32)), st.integers(0, 99))
def test_a_landmark_is_the_mean_of_the_heatmap_around_it(points, seed):
    """Against the definition, written out cell by cell."""
    heatmap = np.random.default_rng(seed).normal(-2, 2, (64, 64, 5)).astype(np.float32)
    expected = points.copy()
    for index, (x, y) in enumerate((points / 4).tolist()):
        if not (0 <= x < 64 and 0 <= y < 64):
            continue
        total, most, across, down = 0.0, 0.0, 0.0, 0.0
        for row in range(max(int(y) - 3, 0), min(int(y) + 4, 64)):
            for column in range(max(int(x) - 3, 0), min(int(x) + 4, 64)):
                weight = 1 / (1 + math.exp(-heatmap[row, column, index]))
                total, most = total + weight, max(most, weight)
                across, down = across + weight * column, down + weight * row
        if most >= 0.5:
            expected[index] = across * 4 / total, down * 4 / total
    np.testing.assert_allclose(refined(points, heatmap, 256), expected, atol=1e-2)
