"""Where hands are looked for, and when."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.io.frames import Frame
from edge.vision.hand_detector import TILE_STEP, tiles
from edge.vision.motion import Motion
from tests.vision.driving import read
from tests.vision.driving_hands import HandGraph, body


@pytest.fixture(scope="module")
def hand(data):
    """A raised left hand from behind, 310 px wide and 382 high."""
    return read(data / "hands/hands.jpg")[:, 30:340]


def scene(hand, *places: tuple[int, int, int]) -> np.ndarray:
    """A white 720p picture with hands: left, top, height of each."""
    picture = np.full((720, 1280, 3), 255, np.uint8)
    for x, y, height in places:
        width = round(hand.shape[1] * height / hand.shape[0])
        small = cv2.resize(hand, (width, height), interpolation=cv2.INTER_AREA)
        picture[y : y + height, x : x + width] = small
    return picture


def still_motion(t):
    return Motion(t, np.zeros((9, 16), bool), (80, 80))


def test_a_held_hand_is_followed_without_the_detector(hand):
    with HandGraph() as graph:
        lefts = []
        for index in range(25):
            frame = Frame(scene(hand, (200 + 12 * index, 200, 240)), index, index * 40_000)
            _, hands = graph.see(frame, motion=still_motion(frame.t))
            lefts.append(float(hands.boxes[0, 0]))
    assert np.diff(lefts) == pytest.approx(12, abs=5)
    assert graph.reasons() == ["first"]


def test_small_hands_are_found_in_a_picture_on_its_own(hand):
    picture = scene(hand, (600, 300, 45), (1150, 20, 60), (100, 640, 60))
    with HandGraph() as graph:
        _, at_a_glance = graph.see(Frame(picture, 0, 0))
        _, hands = graph.see(Frame(picture, 0, 0, still=True))
    assert len(at_a_glance) == 0  # as one look at the whole picture has it
    assert len(hands) == 3
    assert graph.reasons() == ["first", "still"]


@pytest.mark.parametrize(("turned_deg", "doubted"), [(0, False), (10, False), (60, True)])
def test_a_palm_that_is_turned_otherwise_speaks_against_how_a_hand_is_followed(
    hand, turned_deg, doubted
):
    picture = scene(hand, (300, 200, 300))
    with HandGraph(detector={"newcomers_s": 0.0, "search_s": 0.0, "search_most_s": 0.0}) as graph:
        for index in range(3):
            _, hands = graph.see(Frame(picture, index, index * 40_000))
        hands.regions[0, 4] += np.radians(turned_deg)
        told = []
        for index in range(3, 30):  # everything moves: the detector has a reason on each frame
            graph.detector.t = index * 40_000
            known = replace(hands, t=graph.detector.t - 40_000)
            palms = graph.detector.process(
                Frame(picture, index, graph.detector.t), known, None, None
            )
            told.append(palms.otherwise is not None)
            assert palms.followed.tolist() == [True]
    assert any(told) is doubted
    assert told.count(True) <= 3  # twice a second


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_tiles_cover_the_picture_and_overlap(width, height):
    regions = tiles((width, height))
    assert regions[0].tolist() == [width / 2, height / 2, width, height, 0]
    assert len(regions) < 60
    for side in np.unique(regions[1:, 2]):
        for axis, length in enumerate((width, height)):
            places = np.unique(regions[1:][regions[1:, 2] == side][:, axis])
            assert places[0] - side / 2 <= 1
            assert places[-1] + side / 2 >= length - 1
            assert (np.diff(places) <= TILE_STEP * side + 1).all()


def test_a_far_hand_is_found_on_its_wrist_without_the_detector(hand):
    picture = scene(hand, (600, 300, 45))
    bodies = body(wrist=(618, 342), elbow=(618, 405))
    with HandGraph() as graph:
        graph.see(Frame(picture, 0, 0), motion=still_motion(0))
        palms, hands = graph.see(Frame(picture, 1, 40_000), bodies, still_motion(40_000))
        assert len(palms) == len(hands) == 1
        assert graph.detector.counts == {"detect:first": 1, "wrist guesses": 1}


def test_a_wrist_whose_forearm_misleads_is_searched_by_the_detector(hand):
    picture = scene(hand, (600, 300, 45))
    bodies = body(wrist=(680, 330), elbow=(680, 250))  # the other way, and beside it
    with HandGraph() as graph:
        for index in range(12):
            frame = Frame(picture, index, index * 40_000)
            _, hands = graph.see(frame, bodies, still_motion(frame.t))
    assert len(hands) == 1
    assert "wrist" in graph.reasons()
    assert graph.reasons().count("search") == 0


def test_with_all_hands_held_no_wrist_is_looked_at(hand):
    picture = scene(hand, (200, 200, 240), (900, 200, 240))
    with HandGraph({"max_hands": 1}) as graph:
        for index in range(10):
            bodies = body(wrist=(618, 342), elbow=(618, 400)) if index else None
            palms, _ = graph.see(Frame(picture, index, index * 40_000), bodies)
            assert len(palms) == 1
    assert graph.reasons() == ["first"]
    assert graph.detector.counts == {"detect:first": 1}


def test_a_faint_palm_counts_where_a_hand_was_a_moment_ago(hand):
    clear = scene(hand, (600, 300, 240))
    blurred = cv2.GaussianBlur(clear, (0, 0), 12)

    def found(first):
        with HandGraph({"min_score": 0.8}) as graph:
            graph.see(Frame(first, 0, 0))
            palms, _ = graph.see(Frame(blurred, 1, 350_000))  # too late to follow it
        return len(palms)

    assert found(clear) == 1
    assert found(scene(hand)) == 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 400, 3), (3000, 40, 3), (40, 3000, 3)])
@pytest.mark.parametrize("level", [0, 255])
def test_odd_sizes_hold_no_hand_and_do_no_harm(shape, level):
    with HandGraph() as graph:
        for index, still in enumerate((True, False, False)):
            picture = np.full(shape, level, np.uint8)
            _, hands = graph.see(Frame(picture, index, index * 40_000, still=still))
            assert len(hands) == 0


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1), st.integers(8, 300), st.integers(8, 300))
def test_noise_holds_no_hand_for_long(seed, width, height):
    random = np.random.default_rng(seed)
    with HandGraph({"min_score": 0.1}) as graph:
        for index in range(3):
            picture = random.integers(0, 256, (height, width, 3), np.uint8)
            _, hands = graph.see(Frame(picture, index, index * 40_000))
    assert len(hands) == 0


def test_the_same_frames_give_the_same_answer(hand):
    def run() -> list[bytes]:
        with HandGraph() as graph:
            pictures = [scene(hand, (300 + 17 * i, 200 + 3 * i, 220)) for i in range(8)]
            frames = [Frame(p, i, i * 40_000) for i, p in enumerate(pictures)]
            return [graph.see(frame)[1].landmarks.tobytes() for frame in frames]

    assert run() == run()
