"""Faces whose landmarks can't be trusted are kept while they are there, without landmarks."""

import cv2
import numpy as np
import pytest

from edge.io.frames import Frame
from edge.vision.faces import Meshes
from tests.vision.driving import FaceGraph, clip, read, watch

BLUR = 4.0


@pytest.fixture(scope="module")
def scene(data):
    """A head of 48 pixels in a grey picture; the face lies around (300, 180)."""
    face = cv2.resize(read(data / "face/portrait.jpg")[34:434, 201:601], (81, 81))
    picture = np.full((360, 640, 3), 120, np.uint8)
    picture[140:221, 260:341] = face
    return picture


def seen(pictures) -> list[Meshes]:
    with FaceGraph() as graph:
        frames = (Frame(picture, i, i * 33_333) for i, picture in enumerate(pictures))
        return [meshes for _, _, meshes in watch(graph, frames)]


def is_honest(meshes: Meshes) -> bool:
    """No landmarks where they aren't trusted, and all where they are."""
    finite = np.isfinite(meshes.landmarks).all(axis=(1, 2))
    return bool((finite == meshes.trusted).all() and np.isfinite(meshes.boxes).all())


def test_in_noise_and_blur_a_face_keeps_its_place_and_size(scene):
    random = np.random.default_rng(0)
    noisy = [np.clip(scene + random.normal(0, 50, scene.shape), 0, 255).astype(np.uint8)
             for _ in range(10)]  # fmt: skip
    blurred = [cv2.GaussianBlur(scene, (0, 0), BLUR).astype(np.uint8)] * 40
    for pictures in (noisy, blurred):
        answers = seen([scene] * 3 + pictures)
        assert all(map(is_honest, answers))
        # Blurred landmarks collapse now and then, and the face is found again.
        assert {len(meshes) for meshes in answers} <= {0, 1}
        assert np.mean([len(meshes) for meshes in answers]) > 0.95
        assert not all(meshes.trusted.all() for meshes in answers)
        first, last = answers[2].boxes[0], answers[-1].boxes[0]
        assert np.abs(last[:2] + last[2:] / 2 - first[:2] - first[2:] / 2).max() < 16
        assert 0.6 < last[2] / first[2] < 1.6


def test_a_face_that_is_gone_is_gone_within_a_moment(scene):
    blurred = cv2.GaussianBlur(scene, (0, 0), BLUR).astype(np.uint8)
    answers = seen([scene] * 3 + [blurred] * 5 + [np.full_like(scene, 120)] * 6)
    assert len(answers[7]) == 1
    assert len(answers[-1]) == 0
    assert sum(meshes.lost for meshes in answers) == 1


def test_a_man_who_turns_away_is_still_there_without_landmarks(data):
    """He sits at the right, and turns to the girl beside him by up to 90 degrees."""
    with FaceGraph() as graph:
        answers = [
            meshes for _, _, meshes in watch(graph, clip(data / "people/four_people_720p.mp4"))
        ]
    assert all(map(is_honest, answers))
    right = [meshes.boxes[:, 0] + meshes.boxes[:, 2] / 2 > 620 for meshes in answers]
    there = [mask.any() for mask in right]
    trusted = [meshes.trusted[mask].any() for meshes, mask in zip(answers, right, strict=True)]
    assert np.mean(there) > 0.98
    assert 0.4 < np.mean(trusted) < 0.9
