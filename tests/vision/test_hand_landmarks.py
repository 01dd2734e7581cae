"""The landmarks of hands, against another implementation's and in odd circumstances."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.io.frames import Frame
from edge.vision.hands import Hands, Palms
from edge.vision.targets import follow, join
from tests.vision.driving import clip, read
from tests.vision.driving_hands import HandGraph


@pytest.fixture(scope="module")
def hand(data):
    """A raised left hand from behind, 310 px wide and 382 high."""
    return read(data / "hands/hands.jpg")[:, :350]


def golden(data, name):
    return np.array(json.loads((data / "hands" / name).read_text()), np.float32)


@pytest.mark.parametrize("variant", ["int8", "float"])
def test_landmarks_of_a_spelling_hand_are_those_of_mediapipe(data, variant):
    """GOLD: MediaPipe's hand landmarks of each frame."""
    flat, world = golden(data, "asl_hand.full.json"), golden(data, "asl_hand_3d.full.json")
    apart, metres, sides = [], [], []
    options = {"variant": variant}
    with HandGraph({"max_hands": 1, **options}, options) as graph:
        for frame in clip(data / "hands/asl_hand.25fps.mp4"):
            _, hands = graph.see(frame)
            expected = flat[frame.index, :, :2]
            away = np.linalg.norm(hands.landmarks[0, :, :2] - expected, axis=1)
            apart.append(away.mean() / np.ptp(expected, axis=0).max())
            deep = np.linalg.norm(hands.world[0] - world[frame.index], axis=1)
            metres.append(deep.mean())
            sides.append(hands.right[0])
    assert len(apart) == 325
    assert np.mean(apart) < 0.01  # 0.03 is what is asked for
    assert max(apart) < 0.03
    assert np.mean(metres) < 0.003
    assert min(sides) > 0.9


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_left_hand_is_one_in_a_selfie_view_as_well(hand, mirrored):
    frame = Frame(np.ascontiguousarray(hand[:, ::-1]) if mirrored else hand.copy(), 0, 0)
    frame.mirrored = mirrored
    with HandGraph() as graph:
        _, hands = graph.see(frame)
    assert hands.right == pytest.approx([0.03], abs=0.05)


def answers(graph, monkeypatch, change):
    """Let the landmark model's outputs (landmarks, presence, right, world) be changed in place."""
    invoke = graph.landmarks.model.invoke

    def changed():
        outputs = [output.copy() for output in invoke()]
        change(outputs)
        return outputs

    monkeypatch.setattr(graph.landmarks.model, "invoke", changed)


def test_a_hand_stays_left_through_a_doubtful_moment_but_not_against_all_evidence(
    hand, monkeypatch
):
    say: list[float] = []

    def change(outputs):
        outputs[2][:] = say[-1]

    with HandGraph() as graph:
        answers(graph, monkeypatch, change)
        right = []
        for index, side in enumerate([0.05] * 10 + [0.9] * 3 + [0.05] * 10 + [0.95] * 30):
            say.append(side)
            _, hands = graph.see(Frame(hand.copy(), index, index * 40_000))
            right.append(float(hands.right[0]))
    assert max(right[:23]) < 0.4
    assert right[-1] > 0.8


def test_a_hand_that_left_its_region_is_found_where_it_was_going(hand):
    """It goes so fast that it is lost otherwise: after two steps, it is known how fast."""
    steps = [0, 60, 220, 380]
    with HandGraph({"search_s": 9.0, "search_most_s": 9.0, "search_new_s": 9.0}) as graph:
        for index, x in enumerate(steps):
            picture = np.full((500, 1000, 3), 255, np.uint8)
            picture[60:442, 100 + x : 450 + x] = hand
            _, hands = graph.see(Frame(picture, index, index * 40_000))
            assert len(hands) == 1
    assert hands.moved[0] == pytest.approx([160, 0], abs=20)


@pytest.mark.parametrize("output", range(4))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_dropped_and_counted(hand, monkeypatch, output, value):
    broken: list[bool] = []

    def change(outputs):
        if broken:
            outputs[output].flat[0] = value

    with HandGraph() as graph:
        answers(graph, monkeypatch, change)
        assert len(graph.see(Frame(hand.copy(), 0, 0))[1]) == 1
        broken.append(True)
        _, hands = graph.see(Frame(hand.copy(), 1, 40_000))
        assert (len(hands), hands.lost) == (0, 1)
        assert graph.landmarks.counts["invalid"] == 1
        palms, hands = graph.see(Frame(hand.copy(), 2, 80_000))  # now as a new one
        assert (len(palms), len(hands), hands.lost) == (1, 0, 0)
        assert graph.landmarks.counts["invalid"] == 2


def test_two_regions_that_run_into_one_hand_are_one(hand):
    with HandGraph() as graph:
        palms, hands = graph.see(Frame(hand.copy(), 0, 0))
        aside = np.array((9, 9, 20, 20, 0.2), np.float32)
        beside = Palms(0, palms.boxes, palms.regions + aside, palms.scores, palms.followed)
        graph.landmarks.t = 40_000
        both = join(follow(Palms, hands, 40_000), beside)
        assert len(graph.landmarks.process(Frame(hand.copy(), 1, 40_000), both)) == 1


@pytest.mark.parametrize("rows", [slice(60, None), slice(120, None), slice(None, 350)])
def test_a_hand_at_the_border_is_seen_as_far_as_it_goes(hand, rows):
    picture = np.ascontiguousarray(hand[rows])
    with HandGraph() as graph:
        for index in range(3):
            _, hands = graph.see(Frame(picture, index, index * 40_000))
    assert len(hands) == 1
    assert np.isfinite(hands.landmarks).all()
    assert hands.regions[0, 2] < 700


def test_a_curtain_is_refused_whoever_points_at_it():
    random = np.random.default_rng(1)
    with HandGraph() as graph:
        for level in (0, 128, 255):
            stripes = np.full((300, 300, 3), level, np.uint8)
            stripes[:, ::20] = random.integers(0, 255, (300, 15, 3))
            regions = np.array([[150, 150, 200, 200, a] for a in (0, 1, 2)], np.float32)
            scores = np.ones(3, np.float32)
            palms = Palms(0, regions[:, :4], regions, scores, np.zeros(3, bool))
            graph.landmarks.t = 0
            assert len(graph.landmarks.process(Frame(stripes, 0, 0), palms)) == 0


def test_between_looks_a_hand_is_carried(hand):
    with HandGraph(landmarks={"every": 3}) as graph:
        fresh, tips = [], []
        for index in range(7):
            turn = cv2.getRotationMatrix2D((175, 191), 2 * index, 1)
            picture = cv2.warpAffine(hand, turn, (350, 382), borderValue=(255, 255, 255))
            _, hands = graph.see(Frame(picture.astype(np.uint8), index, index * 40_000))
            fresh.append(bool(hands.fresh[0]))
            tips.append(hands.landmarks[0, 12, 0])
    assert fresh == [True, False, False] * 2 + [True]
    assert (np.diff(tips) < 0).all()


def doubted(graph: HandGraph, hand: np.ndarray, regions: np.ndarray | None = None) -> Hands:
    """See a hand, then follow it in other regions while the palm that is seen says otherwise;
    return what becomes of it."""
    palms, good = graph.see(Frame(hand.copy(), 0, 0))
    for index in (1, 2):
        t = graph.landmarks.t = index * 40_000
        followed = follow(Palms, good, t)
        if regions is not None:
            followed = replace(followed, regions=regions)
        if index == 1:
            followed = replace(followed, otherwise=replace(palms, t=t))
        seen = graph.landmarks.process(Frame(hand.copy(), index, t), followed)
        if index == 1:
            regions, good = seen.regions, seen
    return seen


def test_of_two_answers_that_differ_the_more_certain_counts(hand):
    """A hand that is followed as if it were turned is put right by the palm that is seen."""
    with HandGraph() as graph:
        _, good = graph.see(Frame(hand.copy(), 0, 0))
    turned = good.regions.copy()
    turned[0, 4] += np.radians(75)
    with HandGraph(landmarks={"keep_score": 0.0}) as graph:
        right = doubted(graph, hand, turned)
    assert np.abs(right.landmarks - good.landmarks)[0, :, :2].mean() < 0.02 * good.boxes[0, 3]


def test_a_palm_turned_otherwise_changes_nothing_where_both_answers_are_the_same(hand):
    with HandGraph() as graph:
        _, good = graph.see(Frame(hand.copy(), 0, 0))
    with HandGraph() as graph:
        seen = doubted(graph, hand)
    assert np.abs(seen.landmarks - good.landmarks)[..., :2].mean() < 0.01 * good.boxes[0, 3]
