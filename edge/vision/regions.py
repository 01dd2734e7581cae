"""Rotated rectangles: cut out of a picture for a model, and its answer put back into the picture.

A region is a row of five float32: centre x, centre y, width, height in pixels of the picture,
and the angle in radians by which it is turned, clockwise as seen (y points down).
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]
"""Shape (2, 3): takes a point of the crop to its point in the picture."""

NEAR = 20.0
"""A region of up to so many pixels for each of the crop's is read in order into a buffer of its
own before it is resampled; of a larger one most pixels are never looked at."""
BLOCK = 1 << 17
"""Pixels that are read at once: as RGBA they stay in a core's cache until they are resampled."""
MOST_BLOCKS = 4
"""Along each side of a crop: each costs 20 µs, wherever its pixels lie."""
DARK, LIT, MOST_GAIN = 24.0, 64.0, 8.0
"""Mean level of 255 below which a crop is made lighter, the level it is brought to, and by how much
at most: more than three bits of a sensor's eight are noise then."""


class Crop(NamedTuple):
    """What `Cropper` cuts: `rgb` is its buffer and holds until the next cut."""

    rgb: Picture
    matrix: Matrix


class Cropper:
    """Cuts regions of any picture to one size, by a single bilinear resampling.

    `edges`: what lies outside of the picture repeats its edge; else it is black.
    `keep_aspect`: the region is widened until it has the crop's proportions, else it is stretched.
    `centred`: pixels are squares that are sampled at their middle; else they are points, and the
    crop's first pixel is the region's corner itself. Models differ in what they were trained on;
    the two are half a pixel of the crop apart.
    The cost depends on the crop and the region, not on the picture.
    """

    def __init__(
        self,
        width: int,
        height: int,
        *,
        edges: bool = True,
        keep_aspect: bool = False,
        centred: bool = False,
    ) -> None:
        self.size = (width, height)
        self.border = cv2.BORDER_REPLICATE if edges else cv2.BORDER_CONSTANT
        self.keep_aspect = keep_aspect
        self.centred = centred
        self._near = np.empty(0, np.uint8)
        self._rgba = np.empty((height, width, 4), np.uint8)
        self._bgr = np.empty((height, width, 3), np.uint8)
        self._rgb = np.empty((height, width, 3), np.uint8)

    def cut(self, bgr: Picture, region: ArrayLike) -> Crop:
        """Return the region of a BGR picture as RGB, uint8 of shape (height, width, 3)."""
        matrix = crop_to_picture(region, self.size, self.keep_aspect)
        sampled = sampled_at_middle(matrix) if self.centred else matrix
        (a, b, _), (c, d, _) = sampled.tolist()
        if abs(a * d - b * c) <= NEAR:
            self._resample_near(bgr, sampled)
            cv2.cvtColor(self._rgba, cv2.COLOR_RGBA2RGB, dst=self._rgb)
        else:
            self._resample(bgr, sampled, self._bgr)
            cv2.cvtColor(self._bgr, cv2.COLOR_BGR2RGB, dst=self._rgb)
        return Crop(self._rgb, matrix)

    def _resample_near(self, bgr: Picture, matrix: Matrix) -> None:
        """Resample a region block by block of the crop, each read in order first.

        Resampling reads here and there, which is slow unless it finds all in the cache; and OpenCV
        resamples four channels in half the time of three. Two to three times as fast.
        """
        left, top, right, bottom = reach(matrix, self.size, bgr.shape)
        blocks = math.ceil(math.sqrt((right - left) * (bottom - top) / BLOCK))
        across, down = (-(-length // min(blocks, MOST_BLOCKS)) for length in self.size)
        for y in range(0, self.size[1], down):
            for x in range(0, self.size[0], across):
                block = self._rgba[y : y + down, x : x + across]
                shifted = matrix.copy()
                shifted[:, 2] += matrix[:, :2] @ (x, y)
                left, top, right, bottom = reach(shifted, block.shape[1::-1], bgr.shape)
                shifted[:, 2] -= (left, top)
                near = self._buffer(bottom - top, right - left)
                cv2.cvtColor(bgr[top:bottom, left:right], cv2.COLOR_BGR2RGBA, dst=near)
                self._resample(near, shifted, block)

    def _buffer(self, height: int, width: int) -> Picture:
        size = height * width * 4
        if len(self._near) < size:
            self._near = np.empty(size, np.uint8)
        return self._near[:size].reshape(height, width, 4)

    def _resample(self, picture: Picture, matrix: Matrix, crop: Picture) -> None:
        cv2.warpAffine(
            picture,
            matrix,
            crop.shape[1::-1],
            dst=crop,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=self.border,
        )


def lighten(crop: Picture) -> None:
    """Make a crop of the dark lighter, in place: models were trained on what people photograph."""
    height, width = crop.shape[:2]
    # Borders, which are black, aren't in the middle.
    middle = crop[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]
    level = sum(cv2.mean(middle)[:3]) / 3
    if 0 < level < DARK:
        cv2.convertScaleAbs(crop, dst=crop, alpha=min(LIT / level, MOST_GAIN))


def whole(size: tuple[int, int]) -> Floats:
    """Return the region that covers a picture of `size` (width, height)."""
    width, height = size
    return np.array([width / 2, height / 2, width, height, 0], np.float32)


def upright_angles(bottoms: Floats, tops: Floats) -> Floats:
    """Return the angles (n,) of regions in which `tops` (n, 2) stand straight above `bottoms`."""
    up = tops - bottoms
    return np.arctan2(up[:, 0], -up[:, 1])


def enclosing(points: Floats, angle: float) -> tuple[float, float, float, float, float]:
    """Return the smallest region of a given angle that holds points (k, 2)."""
    cos, sin = math.cos(angle), math.sin(angle)
    upright = np.array(((cos, sin), (-sin, cos)), np.float32) @ points.T
    left, top = upright.min(axis=1).tolist()
    right, bottom = upright.max(axis=1).tolist()
    x, y = (left + right) / 2, (top + bottom) / 2
    return cos * x - sin * y, sin * x + cos * y, right - left, bottom - top, angle


def crop_to_picture(region: ArrayLike, size: tuple[int, int], keep_aspect: bool = False) -> Matrix:
    """Return the matrix from a crop of `size` (width, height) to the picture that it's cut from."""
    x, y, width, height, angle = np.asarray(region, np.float64).tolist()
    across, down = width / size[0], height / size[1]
    if keep_aspect:
        across = down = max(across, down)
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = np.array([[cos * across, -sin * down, x], [sin * across, cos * down, y]])
    matrix[:, 2] -= matrix[:, :2] @ (size[0] / 2, size[1] / 2)
    return matrix


def reach(
    matrix: Matrix, size: tuple[int, int], shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the pixels that a crop of `size` is interpolated from.

    One more all around, for rounding; of a crop that lies outside, the nearest ones. `shape` of
    the picture: height, width, ….
    """
    (a, b, x), (c, d, y) = matrix.tolist()
    width, height = size
    across = (x, x + a * width, x + b * height, x + a * width + b * height)
    down = (y, y + c * width, y + d * height, y + c * width + d * height)
    left = min(max(math.floor(min(across)) - 1, 0), shape[1] - 1)
    top = min(max(math.floor(min(down)) - 1, 0), shape[0] - 1)
    right = max(min(math.ceil(max(across)) + 2, shape[1]), left + 1)
    bottom = max(min(math.ceil(max(down)) + 2, shape[0]), top + 1)
    return left, top, right, bottom


def sampled_at_middle(matrix: Matrix) -> Matrix:
    """Return the matrix between pixel numbers, where pixel 0 reaches from 0 to 1."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return shifted


def project(points: Floats, matrix: Matrix) -> Floats:
    """Take points (..., 2) of the crop into the picture."""
    turn = matrix.astype(np.float32)
    return points @ turn[:, :2].T + turn[:, 2]
