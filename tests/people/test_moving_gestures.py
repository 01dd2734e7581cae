"""Motions by the classifier that ships: acted ones, and what isn't meant to be one."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from calibration.gestures.actor import Actor, tremble
from calibration.gestures.everyday import resting
from calibration.gestures.figures import follow, of_acted, of_everyday
from calibration.gestures.hand import pictured
from calibration.gestures.motions import swipe
from calibration.gestures.scenes import Looks, look
from edge.inference import load_model
from edge.paths import resource
from edge.people.hand_shape import SHAPE
from edge.people.moving_gestures import MOVING, MovingGestures, MovingSettings

MODEL = Path(str(resource("models/hand_motion.float.tflite")))
SECOND = 1_000_000
FORM = np.zeros(SHAPE, np.float32)


@pytest.fixture
def moving() -> Iterator[MovingGestures]:
    gestures = MovingGestures(load_model(str(MODEL), None, 1), MovingSettings())
    yield gestures
    gestures.close()


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+\d|\d", text)]


def test_acted_gestures_are_told_of_and_at_once() -> None:
    """Of scenes that weren't trained on."""
    made, told, others, late_ms = numbers(of_acted(MODEL, each=20, seed=23))
    assert told >= 0.9 * made
    assert others <= 0.17 * made
    assert late_ms <= 200


def test_everyday_motions_are_hardly_ever_gestures() -> None:
    """Short form of `make motions ARGS=--figures`, which is 30 minutes."""
    a_minute = numbers(of_everyday(MODEL, minutes=6, seed=3).partition("gestures,")[2])[0]
    assert a_minute < 1


def test_a_minute_of_resting_hands_is_no_gesture(moving: MovingGestures) -> None:
    rng, seconds = np.random.default_rng(4), 0.0
    told = []
    while seconds < 60:
        actor = Actor(rng)
        resting(actor)
        looks = look(rng, actor.poses + tremble(rng, actor.count))
        told += follow(MovingGestures(moving.classifier, MovingSettings()), looks)
        seconds += actor.now
    assert told == []


def scripted(likely: dict[float, str], seconds: float) -> list[tuple[float, str]]:
    """Return what is told of a stirring hand whose classifier is sure of these motions, each for
    0.3 s from a time on; a fake, since what follows from its answers is what is tried."""

    class Sure(MovingGestures):
        now = 0.0

        def classify(self, window: np.ndarray) -> np.ndarray:
            answer = np.zeros(len(MOVING), np.float32)
            name = next(
                (n for start, n in likely.items() if start <= self.now < start + 0.3), "none"
            )
            answer[MOVING.index(name)] = 1
            return answer

        def _happened(self, name: str, window: np.ndarray) -> bool:
            return True

    gestures, told = Sure(load_model(str(MODEL), None, 1), MovingSettings()), []
    for frame in range(round(30 * seconds)):
        t = frame / 30
        gestures.now = t
        place = np.array((100 + 60 * np.sin(6 * t), 100), np.float32)
        gestures.see("hand", round(t * SECOND), place, 50, FORM, None)
        told += [(t, one.name) for one in gestures.told("hand", round(t * SECOND))]
    gestures.close()
    return told


@pytest.mark.parametrize(
    ("likely", "names"),
    [
        ({1.0: "swipe_left"}, ["swipe_left"]),
        ({1.0: "swipe_left", 2.0: "swipe_left"}, ["swipe_left", "swipe_left"]),
        ({1.0: "tap", 1.5: "tap"}, ["tap", "double_tap"]),
        ({1.0: "tap", 1.5: "tap", 2.0: "tap"}, ["tap", "double_tap", "tap"]),
        ({1.0: "tap", 3.0: "tap"}, ["tap", "tap"]),
        ({1.0: "grab", 2.0: "release"}, ["grab", "drag_and_drop"]),
        ({1.0: "release"}, []),  # of what was never grabbed
        ({1.0: "swipe_left", 1.4: "grab"}, ["swipe_left"]),  # its end
        ({1.0: "swipe_left", 2.0: "grab"}, ["swipe_left", "grab"]),
        ({0.1: "wave"}, []),  # what was going on before isn't known
    ],
)
def test_what_is_told_follows_from_what_came_before(
    likely: dict[float, str], names: list[str]
) -> None:
    told = scripted(likely, 4)
    assert [name for _, name in told] == names
    for (t, _), start in zip(told, likely, strict=False):
        assert start <= t < start + 0.2


def test_a_hand_that_leaps_is_another_one_and_swipes_nowhere(moving: MovingGestures) -> None:
    told = []
    for frame in range(90):
        t = round(frame / 30 * SECOND)
        place = np.array((100 + 800 * (frame // 30 % 2), 100), np.float32)
        moving.see("hand", t, place, 60, FORM, None)
        told += list(moving.told("hand", t))
        assert (moving.hands["hand"].motion.count == 1) == (frame in (0, 30, 60))
    assert told == []


def test_a_hand_is_forgotten_after_a_second(moving: MovingGestures) -> None:
    moving.see("hand", 0, np.zeros(2, np.float32), 50, FORM, None)
    moving.forget(SECOND)
    assert moving.hands
    moving.forget(SECOND + 1)
    assert not moving.hands
    moving.guess("hand", 2 * SECOND, np.zeros(2, np.float32), None)  # a wrist begins nothing
    assert not moving.hands


def test_half_as_many_pictures_and_half_the_size_say_the_same(moving: MovingGestures) -> None:
    """One swipe to the right, 30 pictures a second."""
    rng = np.random.default_rng(1)
    actor = Actor(rng)

    swipe(actor, "swipe_right")
    at = np.arange(0, actor.count, 100 / 30).astype(int)

    landmarks = pictured(actor.poses[at], np.ones((5, 3)), 700, False)
    nobody = np.full(len(at), np.nan)
    for step, scale in ((1, 1.0), (2, 1.0), (1, 0.5), (1, 3.0)):
        seen = Looks(at[::step] / 100.0, scale * landmarks[::step], landmarks[::step, 0, :2],
                     nobody[::step], True)  # fmt: skip
        told = follow(MovingGestures(moving.classifier, MovingSettings()), seen)
        assert [one.name for _, one in told] == ["swipe_right"]
