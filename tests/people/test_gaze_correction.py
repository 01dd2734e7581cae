"""What five points that were looked at say of somebody's own eyes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UserError
from edge.people.gaze_correction import GazeCorrection, corrected, correction, fitted
from edge.people.head_pose import direction, rotation

TRUE = np.array(((-16, -2), (16, -2), (16, -20), (-16, -20), (0, -11)), float)


@given(
    st.tuples(st.floats(0.6, 1.8), st.floats(0.6, 1.8)),
    st.tuples(st.floats(-10, 10), st.floats(-10, 10)),
)  # fmt: skip
def test_stretched_and_shifted_gazes_are_set_right(
    gain: tuple[float, float], offset: tuple[float, float]
) -> None:
    found = fitted((TRUE - offset) / gain, TRUE)
    assert found.gain == pytest.approx(gain, abs=0.002)
    assert found.offset == pytest.approx(offset, abs=0.05)
    assert found.error < 0.05
    yaw, pitch = ((TRUE[0] - offset) / gain).tolist()
    way = -rotation(yaw, pitch, 0)[:, 2]
    assert direction(corrected(way, found)) == pytest.approx(TRUE[0], abs=0.2)


def test_points_that_were_not_looked_at_are_refused() -> None:
    with pytest.raises(UserError, match="look at each point"):
        fitted(np.random.default_rng(0).uniform(-30, 30, (5, 2)), TRUE)


def test_eyes_that_never_moved_are_only_shifted() -> None:
    found = fitted(np.zeros((5, 2)), np.full((5, 2), 3.0))
    assert (found.gain, found.offset) == ((1.0, 1.0), (3.0, 3.0))


def test_what_is_kept_is_used_and_damage_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_CONFIG", str(tmp_path))
    assert correction() is None
    path = tmp_path / "gaze.yaml"
    path.write_text("gain: [1.1, 0.9]\noffset: [2, -3]\n")
    assert correction() == GazeCorrection(gain=(1.1, 0.9), offset=(2, -3))
    path.write_text("gain: [")
    with pytest.raises(UserError, match="edge calibrate gaze"):
        correction()
