import numpy as np
import pytest

from edge.inference import load_model
from edge.vision.eyes import CORNERS, MIRRORED, regions_of_eyes
from edge.vision.regions import Cropper, project
from tests.vision.driving import FaceGraph, read, still


def test_an_eye_is_in_the_middle_of_its_region_and_turned_with_it():
    landmarks = np.zeros((1, 468, 3), np.float32)
    landmarks[0, CORNERS[0], :2] = (100, 100), (100, 140)  # the head lies on its side
    landmarks[0, CORNERS[1], :2] = (100, 180), (100, 220)
    right, left = regions_of_eyes(landmarks)[0]
    assert right == pytest.approx((100, 120, 92, 92, np.pi / 2))
    assert left == pytest.approx((100, 200, 92, 92, np.pi / 2))


def test_both_models_see_the_irises_in_the_same_places(data):
    """Where the eyes are cut and mirrored as the iris model wants them, it agrees with another."""
    picture = read(data / "face/portrait.jpg")
    with FaceGraph(landmarks={"variant": "float"}) as graph:
        _, meshes = graph.see(next(still(picture, 1)))
    irises = meshes.landmarks[0, [468, 473], :2]
    model = load_model("iris", "float")
    cropper = Cropper(64, 64)
    for region, mirrored, iris in zip(
        regions_of_eyes(meshes.landmarks)[0], MIRRORED, irises, strict=True
    ):
        rgb, matrix = cropper.cut(picture, region)
        model.write_picture(np.ascontiguousarray(rgb[:, ::-1]) if mirrored else rgb)
        centre = model.invoke()[1].reshape(5, 3)[0, :2]
        if mirrored:
            centre[0] = 64 - centre[0]
        # A twentieth of the eye's width, which is the region's by 2.3.
        assert np.linalg.norm(project(centre, matrix) - iris) < region[2] / 2.3 / 20
    model.close()
