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
    The region's size in pixels and the order BGR to RGB are changed on the crop alone, so the cost
    depends on the crop and not on the picture.
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
        self._bgr = np.empty((height, width, 3), np.uint8)
        self._rgb = np.empty((height, width, 3), np.uint8)

    def cut(self, bgr: Picture, region: ArrayLike) -> Crop:
        """Return the region of a BGR picture as RGB, uint8 of shape (height, width, 3)."""
        matrix = crop_to_picture(region, self.size, self.keep_aspect)
        cv2.warpAffine(
            bgr,
            sampled_at_middle(matrix) if self.centred else matrix,
            self.size,
            dst=self._bgr,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=self.border,
        )
        cv2.cvtColor(self._bgr, cv2.COLOR_BGR2RGB, dst=self._rgb)
        return Crop(self._rgb, matrix)


def whole(size: tuple[int, int]) -> Floats:
    """Return the region that covers a picture of `size` (width, height)."""
    width, height = size
    return np.array([width / 2, height / 2, width, height, 0], np.float32)


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


def sampled_at_middle(matrix: Matrix) -> Matrix:
    """Return the matrix between pixel numbers, where pixel 0 reaches from 0 to 1."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return shifted


def project(points: Floats, matrix: Matrix) -> Floats:
    """Take points (..., 2) of the crop into the picture."""
    turn = matrix.astype(np.float32)
    return points @ turn[:, :2].T + turn[:, 2]
