"""`edge calibrate camera` and `gaze`: through the program, from pictures of known cameras."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.io.intrinsics import read
from tests.cli.program import Edge

SIZE, FOCAL = (1280, 720), 900.0
SIDE, BOARD = 30, (9, 6)


def picture(turn: tuple[float, float, float], place: tuple[float, float, float]) -> np.ndarray:
    """Return a picture of a chessboard of 10 × 7 squares, 25 mm each; `place`: mm."""
    squares = np.indices((7, 10)).sum(axis=0) % 2 * 255
    board = np.full((9 * SIDE, 12 * SIDE), 255, np.uint8)
    board[SIDE:-SIDE, SIDE:-SIDE] = np.kron(squares, np.ones((SIDE, SIDE)))
    scale = 25 / SIDE
    matrix = np.array(((FOCAL, 0, SIZE[0] / 2), (0, FOCAL, SIZE[1] / 2), (0, 0, 1)))
    rotation = np.asarray(cv2.Rodrigues(np.array(turn))[0])
    middle = np.array((board.shape[1], board.shape[0])) / 2 - 0.5
    flat = np.array(((scale, 0, -scale * middle[0]), (0, scale, -scale * middle[1]), (0, 0, 1)))
    whole = matrix @ np.column_stack((rotation[:, :2], place)) @ flat
    return np.asarray(
        cv2.warpPerspective(board, whole, SIZE, flags=cv2.INTER_AREA, borderValue=(128,))
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw = np.random.default_rng(3)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(12):
        place = (*draw.uniform(-60, 60, 2), draw.uniform(350, 600))
        turn = tuple(draw.uniform(-0.6, 0.6, 3))
        cv2.imwrite(str(folder / f"{number:02}.png"), picture(turn, place))
    return folder


def test_photos_of_a_board_tell_what_the_camera_sees(
    edge: Edge, photos: Path, tmp_path: Path
) -> None:
    done = edge("calibrate", "camera", "--source", photos, EDGE_CONFIG=str(tmp_path / "own"))
    assert done.returncode == 0, done.stderr
    found = read(tmp_path / "own/camera.yaml")
    assert found.focal == pytest.approx(FOCAL, rel=0.01)
    assert found.centre == pytest.approx((640, 360), abs=8)
    assert "sees 70" in done.stdout or "sees 71" in done.stdout


def test_too_few_views_and_another_board_are_said_in_one_line(
    edge: Edge, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "camera.yaml"
    for source, board in ((photos / "00.png", "9x6"), (photos, "7x5"), (photos, "2x2")):
        done = edge("calibrate", "camera", "--source", source, "--board", board, "--out", out)
        *progress, last = done.stderr.splitlines()
        assert all(line.startswith("view ") for line in progress)
        assert (done.returncode, last[:6]) == (2, "edge: ")
        assert not out.exists()
    assert "'9' isn't two numbers" in edge("calibrate", "camera", "--board", "9").stderr


def test_a_clip_without_eyes_tells_nothing_of_a_gaze(edge: Edge, tmp_path: Path) -> None:
    clip = tmp_path / "boards.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, SIZE)
    for _ in range(10):
        writer.write(cv2.cvtColor(picture((0, 0.3, 0), (0, 0, 400)), cv2.COLOR_GRAY2BGR))
    writer.release()
    done = edge("calibrate", "gaze", "--source", clip, EDGE_CONFIG=str(tmp_path / "own"))
    assert done.returncode == 2
    assert "eyes weren't seen" in done.stderr
    assert not (tmp_path / "own/gaze.yaml").exists()
