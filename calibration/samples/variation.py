"""What happens to a picture between the world and a model: errors of tracking, lens and light.

All is drawn from a seeded generator, so that the same samples come out every time.
"""

import hashlib
import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Settings(NamedTuple):
    """How far samples stray: what cameras and hands do in a living room, not more."""

    shift: float = 0.07
    """Of the region's side: how far a face or hand gets from one frame to the next."""
    stretch: float = 1.15
    """Largest and, inverted, smallest change of scale between frames and of a detector's box."""
    turn: float = math.radians(15)
    """A detector's error of angle; a tracker's is smaller."""
    gamma: float = 1.7
    """Backlight and dark skin at one end, flash and pale skin at the other."""
    cast: float = 0.15
    """Of a channel's gain: from a bulb to an overcast sky, after white balance."""
    darkest: float = 0.35
    """Of full exposure: a room lit by a screen."""
    noise: float = 8.0
    """Standard deviation in steps of 255: a small sensor at high gain."""
    blur: float = 0.012
    """Standard deviation of the blur as a part of the crop: out of focus, or moving."""


SETTINGS = Settings()


def generator(*names: str | int) -> np.random.Generator:
    """Return a generator that is seeded by what it is for."""
    digest = hashlib.sha256(repr(names).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest[:16], np.uint32))


def steady(region: Floats) -> Floats:
    """Return a region in whole pixels and hundredths of a radian.

    Different processors give slightly different landmarks; the crops shall be the same.
    """
    return np.array([*np.round(region[:4]), np.round(region[4], 2)], np.float32)


def strayed(region: Floats, draw: np.random.Generator) -> Floats:
    """Return a region off by what detectors and trackers are off."""
    side = region[2:4].max()
    x, y = region[:2] + draw.uniform(-1, 1, 2) * SETTINGS.shift * side
    scale = SETTINGS.stretch ** draw.uniform(-1, 1)
    angle = region[4] + draw.uniform(-1, 1) * SETTINGS.turn
    return np.array([x, y, region[2] * scale, region[3] * scale, angle], np.float32)


def degraded(rgb: Picture, draw: np.random.Generator) -> Picture:
    """Return a picture in another light, half of the time blurred, half of the time noisy."""
    gamma = SETTINGS.gamma ** draw.uniform(-1, 1)
    values: Floats = np.power(rgb.astype(np.float32) / 255, np.float32(gamma))
    values *= 1 + draw.uniform(-1, 1, 3).astype(np.float32) * SETTINGS.cast
    dark, blurred, noisy = draw.uniform(size=3) < (0.3, 0.5, 0.5)
    if dark:
        values *= np.float32(draw.uniform(SETTINGS.darkest, 0.7))
    if blurred:
        sigma = draw.uniform(0.2, 1) * SETTINGS.blur * max(rgb.shape[:2])
        cv2.GaussianBlur(values, (0, 0), sigma, dst=values)
    if noisy or dark:
        strength = draw.uniform(0.2, 1) * SETTINGS.noise / 255
        values += draw.normal(0, strength, rgb.shape).astype(np.float32)
    return np.clip(np.round(values * 255), 0, 255).astype(np.uint8)


def window(
    around: Floats, size: tuple[int, int], aspect: float, draw: np.random.Generator, reach: float
) -> Floats:
    """Return a region as a camera might frame what lies in the region `around`.

    `size` of the picture, width and height. `aspect`: width to height. `reach`: the most times
    that the frame may be as high as `around`. It stays in the picture, and shows its middle.
    """
    width, height = size
    high = min(around[3] * reach ** draw.uniform(0, 1), height, width / aspect)
    half = np.array([high * aspect / 2, high / 2])
    centre = around[:2] + draw.uniform(-0.8, 0.8, 2) * half
    centre = np.clip(centre, half, np.array(size) - half)
    turn = draw.uniform(-0.5, 0.5) * SETTINGS.turn
    return np.array([*centre, *(2 * half), turn], np.float32)
