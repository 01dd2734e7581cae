"""What hands that are held still show: on photos, over time, and at rest."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from calibration.gestures.actor import Actor
from calibration.gestures.everyday import resting
from calibration.gestures.hand import pictured
from edge.inference import load_model
from edge.paths import resource
from edge.people.hand_shape import hand_shape
from edge.people.still_gestures import CANNED, StillGestures, StillSettings
from edge.vision.hands import Hands
from tests.people.photos import hands_in

SECOND = 1_000_000


@pytest.fixture
def still() -> Iterator[StillGestures]:
    models = [load_model(str(resource(f"models/{name}.tflite")), None, 1)
              for name in ("gesture_embedder", "gesture_classifier")]  # fmt: skip
    gestures = StillGestures(models[0], models[1], None, StillSettings())
    yield gestures
    gestures.close()


def test_a_thumb_that_is_held_up_is_one(data: Path) -> None:
    (hands,) = hands_in(data / "gestures/photos/hand_thumb_up.jpg")
    assert sorted(str(hand.gesture) for hand in hands) == ["none", "thumb_up"]


def test_gestures_that_it_does_not_know_are_none(data: Path) -> None:
    for kind in ("call", "four", "rock"):
        shown = {hand.gesture for hands in hands_in(data / "gestures/photos" / kind)
                 for hand in hands}  # fmt: skip
        assert shown == {"none"}


def test_photos_of_no_game_show_what_is_to_be_seen(data: Path) -> None:
    """They are "none" beside rock, paper and scissors only: what their hands show is, by eye, five
    raised forefingers and five lowered thumbs, four and six by MediaPipe's own recognizer."""
    photos = hands_in(data / "gestures/photos/none")
    shown = [sorted({str(hand.gesture) for hand in hands} - {"none"}) for hands in photos]
    assert all(names in (["pointing_up"], ["thumb_down"]) for names in shown)


def test_a_fist_and_then_a_thumb_up_each_for_its_whole_stretch(data: Path) -> None:
    frames = hands_in(data / "people/thumbs_up_720p.mp4")
    shown = [hands[0].gesture for hands in frames if hands]
    runs = [(name, len(list(run))) for name, run in groupby(shown)]
    flickers = [run for run in runs[1:-1] if run[0] == "none" and run[1] <= 3]
    assert len(flickers) <= 1
    stretches = [run for run in runs if run not in flickers]
    assert [name for name, _ in stretches] == ["closed_fist", "thumb_up"]
    assert stretches[0][1] >= 25
    assert stretches[1][1] >= 135


def seems(name: str) -> dict[str, float]:
    return dict.fromkeys(CANNED, 0.0) | {"none": 0.1} | {name: 0.9}


def shown(still: StillGestures, names: list[str], fps: int = 30) -> list[str]:
    return [
        still.follow("hand", frame * SECOND // fps, seems(name), still=False)[0]
        for frame, name in enumerate(names)
    ]


def test_one_odd_look_changes_nothing(still: StillGestures) -> None:
    names = ["victory"] * 20
    names[10] = "none"
    assert set(shown(still, names)) == {"victory"}
    names[10] = "open_palm"
    still.forget(10 * SECOND)
    assert set(shown(still, names)) == {"victory"}


def test_another_gesture_is_shown_within_a_fifth_of_a_second(still: StillGestures) -> None:
    names = shown(still, ["victory"] * 20 + ["open_palm"] * 20 + ["none"] * 20)
    assert names[20 + 6 :][:14] == ["open_palm"] * 14
    assert names[40 + 6 :] == ["none"] * 14


def test_a_picture_on_its_own_is_answered_at_once(still: StillGestures) -> None:
    for name in ("victory", "open_palm", "none"):
        assert still.follow("hand", 0, seems(name), still=True)[0] == name


def test_a_hand_that_was_away_is_begun_anew(still: StillGestures) -> None:
    shown(still, ["victory"] * 20)
    assert still.follow("hand", 2 * SECOND, seems("none"), still=False)[0] == "none"
    still.forget(10 * SECOND)
    assert not still._shown


def test_resting_hands_show_nothing_for_a_minute(still: StillGestures) -> None:
    """Hands that are bent a little, in laps and on tables, each look on its own."""
    rng, looks, odd = np.random.default_rng(6), 0, 0
    while looks < 600:  # ten a second
        actor = Actor(rng)
        resting(actor)
        poses = actor.poses[::10]
        landmarks = pictured(poses, 1 + rng.normal(0, 0.08, (5, 3)), 700, False)
        for points in landmarks.astype(np.float32):
            rows = points[None]
            hands = Hands(t=0, landmarks=rows, boxes=np.zeros((1, 4), np.float32),
                          regions=np.zeros((1, 5), np.float32), scores=np.ones(1, np.float32),
                          fresh=np.ones(1, bool), lost=0, right=np.ones(1, np.float32),
                          world=rows / 7000, moved=np.zeros((1, 2), np.float32))  # fmt: skip
            found = still.look(hands, 0, hand_shape(points, True, True)[2])
            odd += max(found, key=lambda name: found[name]) != "none"
        looks += len(landmarks)
    print(f"{odd} of {looks}")
    assert odd <= 0.02 * looks
