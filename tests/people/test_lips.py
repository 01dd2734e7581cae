"""Lips in the face's own axes, and their movement at the ticks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.lips import POINTS, TICK_US, VALUES, LipTrack, lip_shapes

DRAW = np.random.default_rng(5)
FACE = DRAW.normal(0, 30, (478, 3)).astype(np.float32)


def turned(face: np.ndarray, yaw: float, pitch: float, roll: float) -> np.ndarray:
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    around = np.array(((cy, 0, sy), (0, 1, 0), (-sy, 0, cy)))
    nod = np.array(((1, 0, 0), (0, cp, -sp), (0, sp, cp)))
    tilt = np.array(((cr, -sr, 0), (sr, cr, 0), (0, 0, 1)))
    return np.asarray(face @ (around @ nod @ tilt).T, np.float32)


@given(
    st.floats(-1.2, 1.2), st.floats(-0.8, 0.8), st.floats(-3, 3), st.floats(0.3, 4),
    st.floats(-2000, 2000),
)  # fmt: skip
def test_shapes_dont_depend_on_how_the_head_is_held(
    yaw: float, pitch: float, roll: float, scale: float, shift: float
) -> None:
    (expected,), (size,) = lip_shapes(FACE[None])
    moved = turned(FACE, yaw, pitch, roll) * np.float32(scale) + np.float32(shift)
    (found,), (larger,) = lip_shapes(moved[None])
    assert larger == pytest.approx(scale * size, rel=1e-2)
    np.testing.assert_allclose(found, expected * scale, atol=0.02 * scale * size + 0.05)


def test_opening_the_mouth_is_seen_and_nothing_else() -> None:
    opened = FACE.copy()
    opened[14] += (0, 10, 0)
    before, after = lip_shapes(FACE[None])[0], lip_shapes(opened[None])[0]
    moved = np.abs(after - before).reshape(-1, 3).max(axis=1)
    assert list(POINTS[moved > 1e-3]) == [14]


def test_faces_of_468_points_will_do() -> None:
    np.testing.assert_array_equal(lip_shapes(FACE[None, :468])[0], lip_shapes(FACE[None])[0])
    assert lip_shapes(np.empty((0, 478, 3), np.float32))[0].shape == (0, VALUES)


def track_of(times: list[int]) -> LipTrack:
    """A mouth that opens at an even speed, a hundredth of the face's width a tick."""
    track = LipTrack(np.full((VALUES, 1), 1 / VALUES, np.float32), 40)
    for t in times:
        track.see(t, np.full(VALUES, 100 * 0.01 * t / TICK_US, np.float32), 100.0)
    return track


@given(st.integers(20, 60), st.integers(0, 200_000))
def test_movement_is_the_same_at_any_rate_of_frames(fps: int, start: int) -> None:
    track = track_of([start + round(i * 1e6 / fps) for i in range(fps)])
    assert track.known >= 20
    np.testing.assert_allclose(track.moves[-20:], 0.01, rtol=1e-3)
    assert track.tick * TICK_US <= start + 1_000_000


def test_after_a_gap_nothing_is_known() -> None:
    times = [i * 40_000 for i in range(30)]
    track = track_of([*times, times[-1] + 900_000])
    assert track.known == 0
    assert not track.moves.any()
