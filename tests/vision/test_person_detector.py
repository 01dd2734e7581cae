"""When and where bodies are looked for."""

import logging

import numpy as np
import pytest

from edge.errors import UserError
from edge.io.frames import Frame
from edge.vision import person_detector
from edge.vision.body_landmarks import BodyLandmarks
from edge.vision.faces import Faces
from edge.vision.person_detector import PersonDetector, tiles
from tests.vision.driving import context, read

EMPTY = np.full((240, 320, 3), 128, np.uint8)


def detector(**settings) -> PersonDetector:
    node = PersonDetector(PersonDetector.Settings(**settings))
    node.open(context())
    return node


def faces(*boxes: tuple[float, float, float]) -> Faces:
    """Upright faces: left, top, side."""
    rows = np.array([(x, y, side, side) for x, y, side in boxes], np.float32).reshape(-1, 4)
    regions = np.hstack(
        (rows[:, :2] + rows[:, 2:] / 2, rows[:, 2:] * 1.5, np.zeros((len(rows), 1)))
    )
    count = len(rows)
    scores = np.ones(count, np.float32)
    return Faces(0, rows, regions.astype(np.float32), scores, np.zeros(count, bool))


def test_below_a_face_a_body_is_looked_for_seldomer_and_seldomer():
    node = detector()
    tried = []
    for index in range(60):
        node.t = index * 40_000
        tried.append(
            len(node.process(Frame(EMPTY, index, node.t), None, None, faces((100, 50, 40))))
        )
    node.close()
    assert tried[0] == 1
    assert sum(tried) == node.counts["detect:face"]
    assert sum(tried) <= 6
    assert sum(tried[:10]) > sum(tried[-10:])


def test_the_largest_come_first_and_no_more_than_asked_for():
    node = detector(max_bodies=2)
    node.t = 0
    found = node.process(
        Frame(EMPTY, 0, 0), None, None, faces((10, 10, 20), (100, 10, 60), (200, 10, 40))
    )
    node.close()
    assert found.boxes[:, 2].tolist() == [60, 40]
    assert (found.regions[:, 1] > found.boxes[:, 1] + found.boxes[:, 3]).all()  # below


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3), (900, 5, 3), (240, 320, 3)])
def test_noise_and_odd_sizes_hold_nobody(shape):
    node, bodies = detector(), BodyLandmarks(BodyLandmarks.Settings())
    bodies.open(context())
    node.t = bodies.t = 0
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for picture in (noise, np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)):
        frame = Frame(picture, 0, 0, still=True)
        assert len(bodies.process(frame, node.process(frame, None, None, None))) == 0
    node.close()
    bodies.close()


def test_without_the_object_detector_the_other_does_its_work(monkeypatch, caplog):
    def refuse(*_):
        raise UserError("no network")

    monkeypatch.setattr(person_detector, "Objects", refuse)
    with caplog.at_level(logging.WARNING):
        node = detector(model="auto", max_bodies=8)
        node.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the person detector has to do for a crowd: no network"
    ]
    with pytest.raises(UserError, match="no network"):
        detector(model="objects")


def test_an_unknown_model_is_refused():
    with pytest.raises(UserError, match="not auto, person or objects"):
        detector(model="cats")


def test_tiles_cover_the_picture():
    regions = tiles((1000, 500))
    assert (regions[:, :2] - regions[:, 2:4] / 2).min(axis=0) == pytest.approx((0, 0), abs=1e-3)
    assert (regions[:, :2] + regions[:, 2:4] / 2).max(axis=0) == pytest.approx((1000, 500))


def test_a_followed_body_needs_no_detector_and_its_face_proposes_no_other(data):
    picture = read(data / "body/pose.jpg")
    node, bodies = detector(max_bodies=1), BodyLandmarks(BodyLandmarks.Settings())
    bodies.open(context())
    last = None
    for index in range(3):
        frame = Frame(picture, index, index * 40_000)
        node.t = bodies.t = frame.t
        last = bodies.process(frame, node.process(frame, last, None, None))
    node.close()
    bodies.close()
    assert last is not None
    assert len(last) == 1
    assert node.counts == {"detect:first": 1}
