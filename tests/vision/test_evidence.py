"""What repeated looks amount to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.detection import Detections
from edge.vision.evidence import SETTINGS, Candidate, Candidates, updated

BOX = np.array((10, 10, 50, 50), np.float32)
NOBODY = np.empty((0, 4), np.float32)


def found(*scores: float, apart: float = 100) -> Detections:
    boxes = np.array([BOX + apart * index for index in range(len(scores))], np.float32)
    points = np.zeros((len(scores), 6, 2), np.float32)
    return Detections(boxes.reshape(-1, 4), points, np.array(scores, np.float32))


def looks_until_decided(scores: list[float]) -> tuple[bool, int]:
    candidates, place = Candidates(), Candidate(BOX)
    for count, score in enumerate(scores, 1):
        if candidates.weigh(0, place, score):
            return True, count
        if place.closed:
            return False, count
    raise AssertionError("undecided")


@pytest.mark.parametrize(
    ("score", "passes", "looks"),
    [(0.9, True, 1), (0.6, True, 1), (0.45, True, 3), (0.4, True, 6), (0.3, False, 16),
     (0.1, False, 3), (0.02, False, 1)],
)  # fmt: skip
def test_the_clearer_the_sooner(score, passes, looks):
    assert looks_until_decided([score] * 20) == (passes, looks)


@given(st.lists(st.floats(0, SETTINGS.neutral), min_size=20, max_size=20))
def test_what_is_always_below_neutral_never_passes(scores):
    assert not looks_until_decided(scores)[0]


def test_noise_on_single_looks_averages_out():
    """Faces of 0.45 on average among other things of 0.15, one look as noisy as these differ."""
    random = np.random.default_rng(0)

    def passing(mean: float) -> float:
        odds = np.log(mean / (1 - mean)) + random.normal(0, 1, (200, 20))
        scores = 1 / (1 + np.exp(-odds))
        return float(np.mean([looks_until_decided(row.tolist())[0] for row in scores]))

    assert passing(0.45) > 0.85
    assert passing(0.15) < 0.15


def test_what_was_refuted_is_left_alone_for_a_while():
    candidates = Candidates()
    candidates.see(0, found(0.2), everywhere=True)
    place = candidates.next(NOBODY)
    assert place is not None
    candidates.weigh(0, place, 0.01)
    candidates.weigh(0, place, 0.01)
    assert candidates.next(NOBODY) is None
    candidates.see(1_000_000, found(0.2), everywhere=True)
    assert candidates.next(NOBODY) is None
    candidates.see(2_100_000, found(0.2), everywhere=True)
    assert candidates.next(NOBODY) is not None


def test_the_likeliest_place_is_next_but_no_known_face():
    candidates = Candidates()
    candidates.see(0, found(0.2, 0.3), everywhere=True)
    place = candidates.next(NOBODY)
    assert place is not None
    np.testing.assert_array_equal(place.box, BOX + 100)
    other = candidates.next(place.box[None])
    assert other is not None
    np.testing.assert_array_equal(other.box, BOX)


@given(st.lists(st.lists(st.floats(0, 1, width=32), max_size=8), max_size=12))
def test_few_places_are_remembered(looks):
    candidates = Candidates()
    for t, scores in enumerate(looks):
        candidates.see(t, found(*scores, apart=float(40 + t)), everywhere=t % 2 == 0)
    assert len(candidates.places) <= SETTINGS.places


def test_a_held_thing_that_has_gone_is_let_go_within_three_looks():
    odds = SETTINGS.surest
    for _ in range(3):
        odds = updated(odds, SETTINGS.nothing, 0.033, 2.0)
    assert odds < -2
