import re

import numpy as np
import pytest

from edge.inference import load_model
from edge.vision.anchors import PERSON, anchors
from edge.vision.bodies import regions_of_landmarks, regions_of_persons
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
