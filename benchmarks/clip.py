"""A piece of a video, decoded once, for several processes to read."""

import contextlib
import itertools
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge.errors import UserError
from edge.io.video_file import VideoFile
from edge.paths import resource

FRAMES = 45
"""250 MB of 720p in both orders of colours; played there and back it is as long as wanted."""
SAMPLE = resource("samples/astronaut.mp4")
SAMPLE_ONE_FACE_S = 8.2
"""From here to its end the sample shows one face, turning and coming nearer."""


class Clip(NamedTuple):
    """`bgr`, `rgb`: files of (frames, height, width, 3) uint8, as np.save writes them."""

    name: str
    start_s: float
    frames: int
    size: tuple[int, int]
    bgr: Path
    rgb: Path


def decode(path: Path, start_s: float, folder: Path) -> Clip:
    """Decode up to `FRAMES` frames from `start_s` on into `folder`. Raises UserError."""
    video = VideoFile(str(path))
    with contextlib.closing(video):
        wanted = (frame for frame in video.frames() if frame.t >= start_s * 1e6)
        pictures = [frame.bgr for frame in itertools.islice(wanted, FRAMES)]
    if len(pictures) < 2:
        raise UserError(f"{path} has no two frames after {start_s:g} s: choose an earlier --start")
    bgr, rgb = folder / "bgr.npy", folder / "rgb.npy"
    np.save(bgr, pictures)
    np.save(rgb, [cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) for picture in pictures])
    height, width = pictures[0].shape[:2]
    return Clip(path.name, start_s, len(pictures), (width, height), bgr, rgb)
