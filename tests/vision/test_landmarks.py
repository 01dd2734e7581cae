"""What all nodes with a landmark model do, with a model that says what it is told to."""

import numpy as np
import pytest

from edge.io.frames import Frame
from edge.vision.landmarks import LandmarkNode, LandmarkSettings, Reading, one_each
from edge.vision.motion import Motion
from edge.vision.regions import Cropper
from edge.vision.targets import Floats, Seen, Targets, follow, join
from tests.vision.driving import context

SIZE = (320, 240)
SQUARE = np.array([(-10, -10, 0), (10, -10, 0), (10, 10, 0), (-10, 10, 0)] * 2, np.float32)


class Things(LandmarkNode[Seen]):
    """Sees a square in the middle of each region; what is in `wrong` comes out there instead."""

    class Settings(LandmarkSettings):
        pass

    kind = Seen
    points = 8
    settings: Settings

    def __init__(self, **settings) -> None:
        super().__init__(self.Settings(**settings))
        self.context = context()
        self.model, self.cropper = self, Cropper(40, 40)  # type: ignore[assignment]
        self.last = self.nothing = None
        self.since = self.looks = 0
        self.score = 0.9
        self.wrong: float | None = None

    def process(self, frame: Frame, targets: Targets) -> Seen:
        return self.see(frame, targets)

    def write_picture(self, rgb: np.ndarray) -> None:
        assert rgb.shape == (40, 40, 3)

    def invoke(self) -> list[np.ndarray]:
        self.looks += 1
        square = SQUARE.copy()
        if self.wrong is not None:
            square[3, 1] = self.wrong
        return [square, np.array([self.score], np.float32)]

    def _read(self, frame: Frame, region: Floats) -> Reading:
        (square, score), _ = self._run(frame, region)
        landmarks = np.add(square, (*region[:2], 0), dtype=np.float32)
        return Reading(landmarks, float(score[0]), {})

    def _regions(self, landmarks: Floats, readings: list[Reading]) -> Floats:
        middles = landmarks[:, :, :2].mean(axis=1)
        return np.hstack((middles, np.full((len(middles), 2), 40), np.zeros((len(middles), 1))))


def at(*places: tuple[float, float]) -> Targets:
    """Where a detector found things."""
    regions = np.array([(*place, 40, 40, 0) for place in places], np.float32).reshape(-1, 5)
    boxes = np.hstack((regions[:, :2] - 10, regions[:, 2:4] / 2)).astype(np.float32)
    return Targets(0, boxes, regions, np.ones(len(places), np.float32), np.zeros(len(places), bool))


def frame(index: int, size: tuple[int, int] = SIZE) -> Frame:
    noise = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    return Frame(noise, index, index * 40_000)


def run(node: Things, targets: Targets, frames: int) -> list[Seen]:
    """See the targets, then follow them."""
    answers: list[Seen] = []
    for index in range(frames):
        node.t = index * 40_000
        now = follow(Targets, answers[-1], node.t) if answers else targets
        answers.append(node.process(frame(index), now))
    return answers


@pytest.mark.parametrize("every", [1, 2, 3])
def test_on_frames_between_the_model_does_not_look(every):
    node = Things(every=every)
    answers = run(node, at((100, 100), (200, 120)), 7)
    looked = [index % every == 0 for index in range(7)]
    assert [answer.fresh.all() for answer in answers] == looked
    assert [len(answer) for answer in answers] == [2] * 7
    assert node.looks == 2 * sum(looked)
    for answer in answers:
        np.testing.assert_allclose(answer.landmarks, answers[0].landmarks, atol=0.2)


def test_what_is_new_is_looked_at_on_any_frame():
    node = Things(every=3)
    (first,) = run(node, at((100, 100)), 1)
    node.t = 40_000
    known, new = follow(Targets, first, node.t), at((200, 120))
    both = join(known, new)
    seen = node.process(frame(1), both)
    assert seen.fresh.tolist() == [False, True]
    assert node.looks == 2


def test_after_a_change_of_size_or_of_who_is_followed_the_model_looks():
    node = Things(every=5)
    (first,) = run(node, at((100, 100)), 1)
    node.t = 40_000
    seen = node.process(frame(1, (160, 240)), follow(Targets, first, node.t))
    assert seen.fresh.all()
    node.t = 80_000
    seen = node.process(frame(2, (160, 240)), at((100, 100)))
    assert seen.fresh.all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_what_is_not_finite_is_lost_and_counted(wrong):
    node = Things()
    (first,) = run(node, at((100, 100), (200, 100)), 1)
    node.wrong = wrong
    seen = node.process(frame(1), follow(Targets, first, 1))
    assert (len(seen), seen.lost) == (0, 2)
    assert node.counts == {"invalid": 2}


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_a_score_that_is_not_finite_is_no_answer(score):
    node = Things()
    node.score = score
    seen = node.process(frame(0), at((100, 100)))
    assert len(seen) == 0
    assert node.counts == {"invalid": 1}


def test_what_is_followed_may_be_less_certain_than_what_is_new():
    node = Things(min_score=0.5, keep_score=0.3)
    (first,) = run(node, at((100, 100)), 1)
    node.score = 0.4
    assert len(node.process(frame(1), follow(Targets, first, 1))) == 1
    assert len(node.process(frame(1), at((100, 100)))) == 0


def test_what_has_left_the_picture_is_lost():
    node = Things()
    (first,) = run(node, at((300, 100)), 1)
    moved = follow(Targets, first, 1)
    moved.regions[0, 0] = 325
    seen = node.process(frame(1), moved)
    assert (len(seen), seen.lost) == (0, 1)


def test_of_those_that_have_run_into_one_the_most_certain_stays():
    boxes = np.array([(0, 0, 10, 10), (1, 0, 10, 10), (50, 0, 10, 10), (2, 0, 10, 10)], np.float32)
    scores = np.array([0.6, 0.9, 0.5, 0.7], np.float32)
    everyone = np.ones(4, bool)
    assert one_each(everyone, boxes, scores, 0.5).tolist() == [False, True, True, False]
    without = np.array([True, False, True, True])
    assert one_each(without, boxes, scores, 0.5).tolist() == [False, False, True, True]


def test_nobody_is_no_work():
    node = Things(every=2)
    answers = run(node, at(), 4)
    assert [len(answer) for answer in answers] == [0] * 4
    assert node.looks == 0


def still_motion(t: int, *moving: tuple[int, int]) -> Motion:
    """Nothing moves, but in cells (row, column) of 40 pixels."""
    cells = np.zeros((6, 8), bool)
    for cell in moving:
        cells[cell] = True
    return Motion(t, cells, (40, 40))


def governed(node: Things, turns: list[bool], moving: list[bool]) -> list[Seen]:
    """See one thing in the middle of cell (2, 2), with turns given, while it moves or not."""
    answers: list[Seen] = []
    for index, (turn, moves) in enumerate(zip(turns, moving, strict=True)):
        node.t, node.turn = index * 40_000, turn
        now = follow(Targets, answers[-1], node.t) if answers else at((100, 100))
        motion = still_motion(node.t, *[(2, 2)] * moves)
        answers.append(node.see(frame(index), now, motion))
    return answers


def test_a_model_looks_at_its_turns_and_carries_in_between():
    node = Things()
    turns = [True, False, False, True, False, True]
    answers = governed(node, turns, [True] * 6)
    assert [answer.fresh.all() for answer in answers] == turns
    assert node.looks == 3


def test_a_turn_isnt_used_where_nothing_has_moved_since_the_last_look():
    node = Things()
    answers = governed(node, [True] * 8, [False] * 4 + [True] + [False] * 3)
    assert [bool(answer.fresh.all()) for answer in answers] == [True, *[False] * 3, True,
                                                                *[False] * 3]  # fmt: skip
    assert not node.wants
    np.testing.assert_array_equal(answers[3].landmarks, answers[0].landmarks)


def test_what_moved_while_there_was_no_turn_is_looked_at_at_the_next():
    node = Things()
    answers = governed(node, [True, False, True], [False, True, False])
    assert [bool(answer.fresh.all()) for answer in answers] == [True, False, True]


def test_now_and_then_a_model_looks_though_nothing_moves():
    node = Things(beat_s=0.2)
    answers = governed(node, [True] * 12, [False] * 12)
    assert [i for i, answer in enumerate(answers) if answer.fresh.all()] == [0, 5, 10]


def test_where_nothing_is_seen_nothing_is_needed():
    node = Things()
    node.turn = True
    for index in range(2):
        node.see(frame(index), at(), still_motion(0))
    assert (node.need, node.looked, node.wants) == (0.0, False, False)
    governed(node, [True] * 4, [True] * 4)
    assert 0 < node.need <= 1
