"""The node `gaze` on a photo: what it says, and what it keeps to itself."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec import UNSET

from edge.people.results import Face
from edge.vision.faces import Meshes
from tests.people.rendered import face_of, looked_at


@pytest.fixture
def portrait(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.chdir(tmp_path)
    return np.asarray(cv2.imread(str(data / "face/portrait.jpg")))


def gaze(face: Face) -> tuple[float, float]:
    assert isinstance(face.gaze, list)
    return face.gaze[0], face.gaze[1]


def test_who_looks_into_the_camera_is_seen_to(portrait: np.ndarray) -> None:
    face = face_of(portrait)
    assert gaze(face) == pytest.approx((0, 0), abs=8)
    assert isinstance(face.eyes_open, list)
    assert min(face.eyes_open) > 0.4  # she smiles
    mirrored = face_of(np.ascontiguousarray(portrait[:, ::-1]))
    assert isinstance(face.gaze_sd, float)
    apart = 2 * np.sqrt(2) * face.gaze_sd  # each is as uncertain as it says
    assert gaze(mirrored) == pytest.approx((-gaze(face)[0], gaze(face)[1]), abs=apart)


def test_the_point_looked_at_is_on_the_screen(portrait: np.ndarray) -> None:
    """A camera above the middle of a screen: who looks into it looks there."""
    face = face_of(portrait, display={"size": [340, 190], "camera": [170, -8]}, view_deg=66)
    assert isinstance(face.gaze_point, list)
    assert isinstance(face.distance_m, float)
    assert isinstance(face.gaze_sd, float)
    within = 1000 * face.distance_m * np.tan(np.radians(2.5 * face.gaze_sd))
    assert face.gaze_point == pytest.approx([170, -8], abs=within)


def test_the_lens_decides_how_far_off_a_face_is(portrait: np.ndarray) -> None:
    near, far = (face_of(portrait, view_deg=angle).distance_m for angle in (66, 24))
    assert isinstance(near, float)
    assert isinstance(far, float)
    assert far / near == pytest.approx(np.tan(np.radians(33)) / np.tan(np.radians(12)), rel=0.1)


def test_small_eyes_are_uncertain_and_then_unknown(portrait: np.ndarray) -> None:
    sds = []
    for scale in (1, 0.5, 0.25, 0.12):
        small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        face = face_of(np.asarray(small))
        assert isinstance(face.yaw, float)
        sds.append(face.gaze_sd)
    known = [sd for sd in sds if isinstance(sd, float)]
    assert known == sorted(known)
    assert sds[-1] is UNSET


def test_nothing_is_said_of_eyes_behind_sunglasses(portrait: np.ndarray) -> None:
    meshes = looked_at(portrait)
    assert isinstance(meshes, Meshes)
    points = meshes.landmarks[0, :, :2]
    glasses = portrait.copy()
    for iris in (468, 473):
        middle = tuple(points[iris].round().astype(int).tolist())
        cv2.circle(glasses, middle, round(0.6 * float(np.linalg.norm(points[33] - points[133]))),
                   (25, 20, 20), cv2.FILLED)  # fmt: skip
    face = face_of(glasses)
    assert face.gaze is UNSET
    assert face.gaze_sd is UNSET
    assert isinstance(face.yaw, float)
