"""What becomes of what is no person, for people to look at."""

import functools
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError
from edge.io.frames import Frame
from edge.vision.silhouette import PERSON, Mask, at_size

Picture = NDArray[np.uint8]
Background = Literal["keep", "dim", "blur", "replace"]


class Settings:
    DIMMED = 0.6
    """How bright a dimmed background stays."""
    SMALLER = 8
    """A background is blurred at one eighth of its size: that is most of the blur, and costs 1 % of
    what it would at full size."""
    BLUR = 2.5
    """Standard deviation there, pixels of that size: faces and letters behind can't be read."""
    UNSEEN = 0.05
    """Where less background than this is near, the blur is that of the people's edge."""
    TOP, BOTTOM = (96, 74, 52), (38, 28, 20)
    """Blue, green, red of what stands behind people where no backdrop is given."""


def behind(
    frame: Frame, mask: Mask | None, how: Background, backdrop: str | None = None
) -> Picture:
    """Return a copy of a frame's picture, (height, width, 3), BGR, in which what is no person is
    shown otherwise. `mask`: 255 is person; None: nothing is known, so all stays.

    Raises UserError where the backdrop, an image's path, can't be read.
    """
    if mask is None or how == "keep":
        return np.asarray(frame.bgr.copy(), np.uint8)
    if how == "dim":
        return _dimmed(frame, mask)
    if how == "blur":
        back = _blurred(frame, mask)
    else:
        back = _filling(backdrop, frame.size) if backdrop else _gradient(frame.size)
    weight = at_size(mask, frame.size) * np.float32(1 / 255)
    return np.asarray(cv2.blendLinear(frame.bgr, back, weight, 1 - weight), np.uint8)


def _dimmed(frame: Frame, mask: Mask) -> Picture:
    dimmed = cv2.convertScaleAbs(frame.bgr, alpha=Settings.DIMMED)
    _, person = cv2.threshold(at_size(mask, frame.size), PERSON, 255, cv2.THRESH_BINARY)
    return np.asarray(cv2.copyTo(frame.bgr, person, dimmed), np.uint8)


def _blurred(frame: Frame, mask: Mask) -> Picture:
    """Blur the background alone: people's colours don't bleed into it, so they have no halo."""
    width, height = frame.size
    size = max(8, width // Settings.SMALLER), max(8, height // Settings.SMALLER)
    small = cv2.resize(frame.bgr, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    free = 1 - cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    free += Settings.UNSEEN
    spread = functools.partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=Settings.BLUR)
    back = spread(small * free[:, :, None]) / spread(free)[:, :, None]
    return np.asarray(cv2.resize(back.astype(np.uint8), frame.size), np.uint8)


@functools.lru_cache(2)
def _gradient(size: tuple[int, int]) -> Picture:
    width, height = size
    shade = np.linspace(Settings.TOP, Settings.BOTTOM, height).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(shade[:, None], (height, width, 3)))


@functools.lru_cache(2)
def _filling(path: str, size: tuple[int, int]) -> Picture:
    """Return an image that fills the picture, its middle kept."""
    whole = read_backdrop(path)
    width, height = size
    scale = max(width / whole.shape[1], height / whole.shape[0])
    image = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = max(0, image.shape[0] - height) // 2, max(0, image.shape[1] - width) // 2
    image = image[top : top + height, left : left + width]
    return np.asarray(cv2.resize(image, size), np.uint8)


def read_backdrop(path: str) -> Picture:
    """Raises UserError where there is no image that can be read."""
    image = cv2.imread(path) if Path(path).is_file() else None
    if image is None:
        raise UserError(f"backdrop {path}: no image there that can be read")
    return np.asarray(image, np.uint8)
