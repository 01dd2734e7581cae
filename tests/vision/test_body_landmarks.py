"""Bodies against golden files, and when the model's answers can't be used."""

import json
import re

import numpy as np
import pytest

from edge.io.frames import Frame
from edge.vision.bodies import Persons
from edge.vision.body_landmarks import BodyLandmarks
from edge.vision.person_detector import PersonDetector
from edge.vision.regions import whole
from tests.vision.driving import clip, context, read


def nodes(variant: str) -> tuple[PersonDetector, BodyLandmarks]:
    detector = PersonDetector(PersonDetector.Settings(variant=variant, max_bodies=1))
    landmarks = BodyLandmarks(BodyLandmarks.Settings(variant=variant))
    for node in (detector, landmarks):
        node.open(context())
    return detector, landmarks


def see(frames, variant):
    """Return the landmarks (33, 4) of the one body in each frame, None where there's none."""
    detector, landmarks = nodes(variant)
    last, seen = None, []
    for frame in frames:
        detector.t = landmarks.t = frame.t
        last = landmarks.process(frame, detector.process(frame, last, None, None))
        seen.append(last.landmarks[0] if len(last) else None)
    detector.close()
    landmarks.close()
    return seen, detector.counts


def error(landmarks, golden):
    """Mean distance in parts of the body's height."""
    apart = np.linalg.norm(landmarks[:, :2] - golden[:, :2], axis=1).mean()
    return apart / np.ptp(golden[:, 1])


@pytest.mark.parametrize("variant", ["float", "int8"])
def test_the_photo_is_seen_as_the_golden_file_says(data, variant):
    """GOLD: MediaPipe's."""
    picture = read(data / "body/pose.jpg")
    text = (data / "body/pose_landmarks.pbtxt").read_text()
    values = [[float(value) for value in re.findall(rf"\b{name}: (\S+)", text)] for name in "xy"]
    golden = np.array(values).T[:33] * (picture.shape[1], picture.shape[0])
    (landmarks,), _ = see([Frame(picture, 0, 0, still=True)], variant)
    assert error(landmarks, golden) < 0.03


@pytest.mark.parametrize("variant", ["float", "int8"])
def test_squats_are_seen_as_the_golden_file_says(data, variant):
    """GOLD: tfjs-models'."""
    golden = np.array(json.loads((data / "body/pose_squats.full.json").read_text()))
    seen, counts = see(clip(data / "body/pose_squats.mp4"), variant)
    pairs = zip(seen, golden, strict=False)
    errors = [error(body, gold) for body, gold in pairs if body is not None]
    assert len(errors) >= len(golden) - 1
    assert np.mean(errors) < 0.02
    assert max(errors) < 0.03
    assert sum(counts.values()) <= 3  # looks; the rest is followed


def test_what_is_not_finite_is_dropped_and_counted(monkeypatch):
    _, landmarks = nodes("int8")
    landmarks.t = 0
    frame = Frame(np.zeros((200, 200, 3), np.uint8), 0, 0, still=True)
    region = whole(frame.size)[None]
    followed = np.ones(1, bool)
    persons = Persons(0, region[:, :4], region, np.ones(1, np.float32), followed)
    answers = landmarks.model.invoke()
    for output in (0, 1, 3):
        broken = [answer.copy() for answer in answers]
        broken[1][:] = 0.9
        broken[output].reshape(-1)[0] = np.nan
        monkeypatch.setattr(landmarks.model, "invoke", lambda broken=broken: broken)
        seen = landmarks.process(frame, persons)
        assert (len(seen), seen.lost) == (0, 1)
    landmarks.close()
    assert landmarks.counts["invalid"] == 3
