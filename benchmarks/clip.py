"""Pieces of videos, decoded once, for several processes to read."""

import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge.errors import UserError
from edge.io.frames import Picture
from edge.io.video_file import VideoFile
from edge.paths import resource

FRAMES = 45
"""250 MB of 720p in both orders of colours; played there and back it is as long as wanted."""
LONG = 200
"""Where scenes count: eight seconds, a gigabyte of 720p in both orders, in the system's cache."""
SAMPLE = resource("samples/astronaut.mp4")
SAMPLE_ONE_FACE_S = 8.2
"""From here to its end the sample shows one face, turning and coming nearer."""
SAMPLE_NOBODY_S = 6.6
NOISE_LEVELS = 3.0
"""Standard deviation of a pixel, of 256 levels: a webcam in a living room."""
CROWD_SIZE = (1280, 720)
COLUMNS, ROWS = 3, 2
GREY = 110
VIDEOS = (".mp4", ".mpg", ".avi", ".mov", ".mkv")


class Clip(NamedTuple):
    """`bgr`, `rgb`: files of (frames, height, width, 3) uint8, as np.save writes them."""

    name: str
    start_s: float
    frames: int
    size: tuple[int, int]
    bgr: Path
    rgb: Path


def decode(path: Path | None, start_s: float | None, folder: Path, frames: int = FRAMES) -> Clip:
    """Decode up to so many frames from `start_s` on into `folder`; by default the sample's.

    Raises UserError.
    """
    start_s = _start(path, start_s, SAMPLE_ONE_FACE_S)
    path = path or SAMPLE
    return _saved(path.name, start_s, _pictures(path, start_s, frames), folder)


def noisy_room(path: Path | None, start_s: float | None, folder: Path) -> Clip:
    """Write one picture of a video, by default the sample's wall, as often as a clip has frames,
    with fresh noise in each. Raises UserError."""
    start_s = _start(path, start_s, SAMPLE_NOBODY_S)
    path = path or SAMPLE
    picture = _pictures(path, start_s)[0].astype(np.float32)
    random = np.random.default_rng(0)
    noisy = (
        picture + NOISE_LEVELS * random.standard_normal(picture.shape, np.float32)
        for _ in range(FRAMES)
    )
    pictures = [np.rint(each).clip(0, 255).astype(np.uint8) for each in noisy]
    return _saved(path.name, start_s, pictures, folder)


def crowds(path: Path | None, start_s: float | None, folder: Path, most: int) -> list[Clip]:
    """Return clips of 1 to `most` people, each in a window of its own, the rest grey.

    `path`: a video of one person, by default the sample, then each window is at another place of
    it; or a folder of such videos. Raises UserError.
    """
    start_s = _start(path, start_s, SAMPLE_ONE_FACE_S)
    path = path or SAMPLE
    paths = [path]
    if path.is_dir():
        paths = sorted(p for p in path.iterdir() if p.suffix in VIDEOS)
        if not paths:
            raise UserError(f"{path} holds no video ({', '.join(VIDEOS)})")
        start_s = 0.0
    width, height = CROWD_SIZE[0] // COLUMNS, CROWD_SIZE[1] // ROWS
    windows = []
    for number in range(most):
        pictures = _pictures(paths[number % len(paths)], start_s)
        shifted = np.roll(np.arange(len(pictures)), 7 * (number // len(paths)))
        windows.append([_fitted(pictures[i], width, height) for i in shifted])
    clips = []
    for people in range(1, most + 1):
        into = folder / f"{people}"
        into.mkdir()
        pictures = [
            _tiled([window[index % len(window)] for window in windows[:people]])
            for index in range(min(FRAMES, *map(len, windows)))
        ]
        clips.append(_saved(path.name, start_s, pictures, into))
    return clips


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """Return the middle of a picture, of a window's proportions, at its size."""
    rows, columns = picture.shape[:2]
    scale = max(width / columns, height / rows)
    cut_rows, cut_columns = round(height / scale), round(width / scale)
    top, left = (rows - cut_rows) // 2, (columns - cut_columns) // 2
    part = picture[top : top + cut_rows, left : left + cut_columns]
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)


def _tiled(windows: Sequence[Picture]) -> Picture:
    picture = np.full((CROWD_SIZE[1], CROWD_SIZE[0], 3), GREY, np.uint8)
    for number, window in enumerate(windows):
        row, column = divmod(number, COLUMNS)
        height, width = window.shape[:2]
        picture[row * height : (row + 1) * height, column * width : (column + 1) * width] = window
    return picture


def _start(path: Path | None, start_s: float | None, of_sample: float) -> float:
    if start_s is not None:
        return start_s
    return of_sample if path is None else 0.0


def _pictures(path: Path, start_s: float, frames: int = FRAMES) -> list[Picture]:
    video = VideoFile(str(path))
    with contextlib.closing(video):
        wanted = (frame for frame in video.frames() if frame.t >= start_s * 1e6)
        pictures = [frame.bgr for frame in itertools.islice(wanted, frames)]
    if len(pictures) < 2:
        raise UserError(f"{path} has no two frames after {start_s:g} s: choose an earlier --start")
    return pictures


def _saved(name: str, start_s: float, pictures: list[Picture], folder: Path) -> Clip:
    bgr, rgb = folder / "bgr.npy", folder / "rgb.npy"
    np.save(bgr, pictures)
    np.save(rgb, [cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) for picture in pictures])
    height, width = pictures[0].shape[:2]
    return Clip(name, start_s, len(pictures), (width, height), bgr, rgb)
