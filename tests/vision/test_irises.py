import re
from dataclasses import replace

import numpy as np
import pytest

from edge.io.frames import Frame
from edge.vision.eyes import CONTOURS
from edge.vision.face_landmarks import FaceLandmarks
from edge.vision.faces import Faces, Meshes, regions_of_landmarks
from edge.vision.irises import Irises
from edge.vision.targets import bounds, join
from tests.vision.driving import context, read

ONE_PERCENT = 0.01
CENTRES = [468, 473]


@pytest.fixture(scope="module")
def frame(data):
    return Frame(read(data / "face/portrait.jpg"), 0, 0)


@pytest.fixture(scope="module")
def golden(data, frame):
    text = (data / "face/portrait_expected_face_landmarks.pbtxt").read_text()
    numbers = [float(value) for value in re.findall(r"\b(?:x|y): (\S+)", text)]
    return np.array(numbers, np.float32).reshape(478, 2) * np.float32(frame.size)


@pytest.fixture(scope="module")
def meshes(frame, golden):
    """The portrait's face, without irises."""
    return look(frame, golden, "face_landmarks_468")


def look(frame: Frame, golden: np.ndarray, model: str) -> Meshes:
    settings = FaceLandmarks.Settings(model=model, variant="int8", threads=1)
    node = FaceLandmarks(settings)
    node.open(context())
    regions = regions_of_landmarks(golden[None], np.zeros(1, np.float32))
    faces = Faces(0, bounds(golden[None]), regions, np.ones(1, np.float32), np.zeros(1, bool))
    meshes = node.process(frame, faces)
    node.close()
    return meshes


def irises(**settings) -> Irises:
    node = Irises(Irises.Settings(**{"variant": "int8", "threads": 1, **settings}))
    node.open(context())
    return node


@pytest.mark.parametrize("variant", ["float", "int8"])
def test_irises_lie_where_the_larger_model_has_them(frame, golden, meshes, variant):
    """Measured: centres 0.4 and 0.6 % of the face's width away, rims up to 1 %; in the order of
    the larger model, or some would be 8 % away."""
    node = irises(variant=variant)
    seen = node.process(frame, meshes)
    node.close()
    width = np.ptp(golden[:, 0])
    apart = np.linalg.norm(seen.landmarks[0, :, :2] - golden, axis=1) / width
    assert (apart[CENTRES] < ONE_PERCENT).all()
    assert apart[468:].max() < 1.5 * ONE_PERCENT
    np.testing.assert_array_equal(seen.boxes, meshes.boxes)


def test_depth_is_about_the_larger_models(frame, golden, meshes):
    larger = look(frame, golden, "face_landmarks_478").landmarks[0]
    node = irises()
    seen = node.process(frame, meshes).landmarks[0]
    node.close()
    assert np.abs(seen[468:, 2] - larger[468:, 2]).max() < 0.05 * np.ptp(larger[:, 2])


def test_only_what_is_around_the_eyes_changes(frame, meshes):
    node, plain = irises(), irises(contours=False)
    closer, same = (n.process(frame, meshes).landmarks[0, :468] for n in (node, plain))
    node.close()
    plain.close()
    before = meshes.landmarks[0]
    np.testing.assert_array_equal(same, before)
    changed = np.flatnonzero((closer != before).any(axis=1))
    assert set(changed) <= set(CONTOURS.ravel())
    moved = np.linalg.norm((closer - before)[:, :2], axis=1)
    assert 0 < moved.max() < 0.06 * np.ptp(before[:, 0])


def test_a_face_whose_landmarks_cannot_be_trusted_passes_as_it_is(frame, meshes):
    away = replace(
        meshes, landmarks=np.full_like(meshes.landmarks, np.nan), trusted=np.zeros(1, bool)
    )
    node = irises()
    seen = node.process(frame, join(away, meshes))
    node.close()
    assert seen.landmarks.shape == (2, 478, 3)
    assert np.isnan(seen.landmarks[0]).all()
    assert np.isfinite(seen.landmarks[1]).all()
    assert seen.trusted.tolist() == [False, True]
    assert not node.counts["invalid"]


def test_irises_that_are_not_finite_are_left_out_and_counted(frame, meshes, monkeypatch):
    def broken():
        contour, iris = invoke()
        iris[0, 4] = np.inf
        return [contour, iris]

    node = irises()
    invoke = node.model.invoke
    monkeypatch.setattr(node.model, "invoke", broken)
    assert len(node.process(frame, meshes)) == 0
    node.close()
    assert node.counts["invalid"] == 1


def test_nobody_and_faces_that_have_irises_pass(frame, golden, meshes):
    node = irises()
    larger = look(frame, golden, "face_landmarks_478")
    assert node.process(frame, larger) is larger
    nobody = look(Frame(np.zeros((100, 100, 3), np.uint8), 0, 0), golden, "face_landmarks_468")
    assert node.process(frame, nobody).landmarks.shape == (0, 478, 3)
    node.close()
