"""Two seconds of a hand: the same at any rate, anywhere, and however large."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.hand_motion import (
    APART,
    BOTH,
    FARTHEST,
    FEATURES,
    FORM,
    KEPT,
    KNOWN,
    PLACE,
    SECOND,
    SEEN,
    SIZE,
    STEPS,
    HandMotion,
)
from edge.people.hand_shape import SHAPE

FORM_OF = np.linspace(0, 1, SHAPE, dtype=np.float32)


def moved(fps: float, seconds: float, scale: float = 1.0, start: float = 100.0) -> np.ndarray:
    """Return the window of a hand, 50 pixels large, that goes right by 100 pixels a second."""
    motion = HandMotion()
    times = np.arange(round(seconds * fps) + 1) / fps
    for t in times:
        place = scale * np.array((start + 100 * t, 200.0), np.float32)
        motion.see(round(t * SECOND), place, scale * 50.0, FORM_OF, scale * 150.0)
    return motion.window(round(float(times[-1]) * SECOND))


def test_steps_are_20_a_second_whatever_the_rate_is() -> None:
    for fps in (10, 20, 30):
        window = moved(fps, 3)
        assert window.shape == (STEPS, FEATURES)
        assert window[:, 0] == pytest.approx(2 * np.arange(1 - STEPS, 1) / 20, abs=1e-3)
        assert not window[:, 1].any()
        assert window[:, KNOWN].all()
        assert window[:, APART] == pytest.approx(3.0)


@given(st.floats(0.1, 20), st.floats(-5000, 5000))
def test_neither_place_nor_size_makes_a_difference(scale: float, start: float) -> None:
    assert moved(20, 2.5, scale, start) == pytest.approx(moved(20, 2.5), abs=0.02)


def test_before_the_first_look_nothing_is_known() -> None:
    window = moved(20, 1)
    assert not window[: STEPS // 2 - 1].any()
    assert window[STEPS // 2 :, KNOWN].all()


def test_where_only_a_wrist_is_known_the_shape_stays() -> None:
    motion = HandMotion()
    motion.see(0, np.zeros(2, np.float32), 50, FORM_OF, None)
    motion.guess(SECOND, np.array((100, 0), np.float32), None)
    window = motion.window(SECOND)
    assert (window[-1, FORM] == FORM_OF).all()
    assert (window[-1, SEEN], window[-1, BOTH]) == (0, 0)
    assert window[-21, SEEN] == 1
    assert window[-21, PLACE].tolist() == [-2, 0]


def test_a_hand_that_comes_nearer_grows() -> None:
    motion = HandMotion()
    for frame in range(61):
        motion.see(frame * SECOND // 30, np.zeros(2, np.float32), 50 * 1.02**frame, FORM_OF, None)
    assert (np.diff(motion.window(2 * SECOND)[:, SIZE]) > 0).all()


def test_a_long_run_keeps_its_last_two_seconds() -> None:
    assert moved(40, 10 * KEPT / 40) == pytest.approx(moved(40, 2.5), abs=1e-3)


@given(st.lists(st.tuples(st.integers(0, 400_000), st.floats(-1e5, 1e5), st.floats(1, 1e4)),
                min_size=1, max_size=60))  # fmt: skip
def test_windows_are_finite_and_bounded(looks: list[tuple[int, float, float]]) -> None:
    motion, t = HandMotion(), 0
    for later, x, size in looks:
        t += later
        motion.see(t, np.array((x, -x), np.float32), size, FORM_OF, abs(x))
        window = motion.window(t)
        assert np.isfinite(window).all()
        assert np.abs(window).max() <= FARTHEST
