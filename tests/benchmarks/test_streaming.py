"""Errors of what is newest, against what was true at that moment."""

import numpy as np
import pytest

from benchmarks.realtime import Emission
from benchmarks.streaming import Things, accuracy, errors_of, mean

FPS = 10.0
SQUARE = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]]


def moved(x: float, y: float = 0.0) -> list[list[float]]:
    return [[left + x, top + y] for left, top in SQUARE]


def running(frames: int) -> dict[int, Things]:
    """A hand of 100 pixels that goes 10 pixels to the right with each frame."""
    return {frame: {"hands": [moved(10.0 * frame)]} for frame in range(frames)}


def test_who_is_late_is_wrong_by_what_has_moved_meanwhile():
    truth = running(10)
    late = [Emission(frame, (frame + 2.5) / FPS, truth[frame]) for frame in range(10)]
    found = accuracy(truth, [late], FPS, warm_up=3)
    assert found["capture"]["hands"].mean == 0
    # Frames 3 to 6 come out while 5 to 8 are the newest; the last three, while the last one is.
    assert found["emission"]["hands"].mean == pytest.approx(np.mean([0.2] * 5 + [0.1, 0.0]))
    assert found["streaming"]["hands"].mean == pytest.approx(0.3)  # out half a frame too late
    assert found["streaming"]["hands"].close == 0


def test_what_comes_out_at_once_is_right():
    truth = running(10)
    prompt = [Emission(frame, frame / FPS, truth[frame]) for frame in range(10)]
    found = accuracy(truth, [prompt], FPS, warm_up=0)
    assert [found[when]["hands"].mean for when in found] == pytest.approx([0, 0, 0], abs=1e-9)
    assert found["streaming"]["hands"].close == 1


def test_dropped_frames_count_where_results_are_streamed_and_only_there():
    truth = running(10)
    every_other = [Emission(frame, frame / FPS, truth[frame]) for frame in range(0, 10, 2)]
    found = accuracy(truth, [every_other], FPS, warm_up=0)
    assert found["emission"]["hands"].things == 5
    assert found["streaming"]["hands"].things == 10
    assert found["streaming"]["hands"].mean == pytest.approx(0.05)


def test_before_the_first_result_all_is_missed():
    truth = running(4)
    found = accuracy(truth, [[Emission(0, 1.5 / FPS, truth[0])]], FPS, warm_up=0)
    assert found["streaming"]["hands"].missed == 0.5
    assert found["streaming"]["hands"].mean == pytest.approx((1 + 1 + 0.2 + 0.3) / 4)


def test_rounds_are_counted_together():
    truth = running(4)
    right = [Emission(frame, frame / FPS, truth[frame]) for frame in range(4)]
    nothing = [Emission(frame, frame / FPS, {}) for frame in range(4)]
    found = accuracy(truth, [right, nothing], FPS, warm_up=0)
    assert found["capture"]["hands"].things == 8
    assert found["capture"]["hands"].mean == 0.5


def test_each_found_thing_stands_for_one():
    assert errors_of([SQUARE, moved(300)], [moved(305), moved(10)]) == pytest.approx([0.1, 0.05])
    assert errors_of([SQUARE, moved(5)], [moved(1)]) == pytest.approx([0.01, 1.0])
    assert errors_of([SQUARE], [moved(200)]) == [1.0]
    assert errors_of([], [SQUARE]) == []


def test_what_of_a_body_isnt_visible_is_compared_with_nothing():
    true = [[*point, 1.0] for point in SQUARE] + [[50.0, 500.0, 0.1]]
    found = [[x + 4, y, v] for x, y, v in true[:4]] + [[900.0, 900.0, 0.9]]
    assert errors_of([true], [found]) == pytest.approx([0.04])


def test_every_kind_weighs_the_same():
    truth = {frame: {"face": [SQUARE], "hands": [SQUARE, moved(500)]} for frame in range(3)}
    seen = [Emission(f, f / FPS, {"face": [moved(10)], "hands": []}) for f in range(3)]
    assert mean(accuracy(truth, [seen], FPS, 0)["capture"]) == pytest.approx((0.1 + 1) / 2)
