"""What a camera sees, from corners of a chessboard that are known exactly."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.intrinsics import Intrinsics, encoded, of_boards, read

BOARD, SQUARE_MM, SIZE = (9, 6), 25.0, (1280, 720)
TRUE = Intrinsics(
    size=SIZE, focal=940.0, centre=(655.0, 348.0), distortion=(-0.12, 0.05, 0.001, -0.001, 0.0)
)


def views(noise: float, seed: int = 0) -> list[np.ndarray]:
    """Return a board's corners (54, 2) in twelve views, pixels."""
    draw = np.random.default_rng(seed)
    grid = np.zeros((54, 3))
    grid[:, :2] = np.mgrid[:9, :6].T.reshape(-1, 2) * SQUARE_MM
    grid -= grid.mean(axis=0)
    seen = []
    for _ in range(12):
        turn, place = (
            draw.uniform(-0.5, 0.5, 3),
            (*draw.uniform(-80, 80, 2), draw.uniform(350, 600)),
        )
        points, _ = cv2.projectPoints(
            grid, turn, np.array(place), TRUE.matrix(), np.array(TRUE.distortion)
        )
        seen.append(points.reshape(-1, 2) + draw.normal(0, noise, (54, 2)))
    return seen


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_views_of_a_board_tell_the_focal_length_within_a_hundredth(noise: float) -> None:
    found = of_boards(views(noise), BOARD, SQUARE_MM, SIZE)
    assert found.focal == pytest.approx(TRUE.focal, rel=0.01)
    assert found.centre == pytest.approx(TRUE.centre, abs=6)
    assert found.error == pytest.approx(noise * 2**0.5, abs=0.1)


def test_a_board_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="9 × 6 inner corners"):
        of_boards(views(20.0), BOARD, SQUARE_MM, SIZE)


def test_another_size_and_shape_of_the_same_camera() -> None:
    half = TRUE.of((640, 360))
    assert (half.focal, half.centre) == (470.0, (327.5, 174.0))
    cropped = TRUE.of((960, 720))  # the sides are cut off
    assert (cropped.focal, cropped.centre) == (940.0, (495.0, 348.0))


def test_an_angle_of_view_is_that_of_the_longer_side() -> None:
    for size in ((1280, 720), (720, 1280)):
        assert Intrinsics.of_view(size, np.pi / 2).focal == pytest.approx(640)


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_bytes(encoded(TRUE))
    assert read(path) == TRUE


@pytest.mark.parametrize("content", ["", "focal: [", "size: [1, 2]\nfocal: -3\ncentre: [0, 0]"])
def test_a_file_that_is_none_is_one_clear_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match="edge calibrate camera") as failure:
        read(path)
    assert "\n" not in str(failure.value)
