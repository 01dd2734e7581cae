"""Anchors of single-shot detectors: the boxes that a detector's raw outputs are offsets to."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Head(NamedTuple):
    """How a detector lays out its anchors (SSD, Liu et al. 2016, section 2.2).

    `size`: the input's side in pixels. `strides`: one a layer; layers that follow each other
    with the same stride share one grid. `ratios`: width to height of each anchor; beside each
    layer's own scale, one more square anchor lies between it and the next layer's scale where
    `between` is set. `unit`: every anchor is as large as the input, as in the BlazeFace family,
    and the scales don't matter. `reduced`: the first layer has three anchors a cell only.
    """

    size: int
    strides: tuple[int, ...]
    ratios: tuple[float, ...] = (1.0,)
    between: bool = True
    unit: bool = True
    reduced: bool = False
    scales: tuple[float, float] = (0.2, 0.95)


FACE_NEAR = Head(size=128, strides=(8, 16, 16, 16))
"""BlazeFace short range (Bazarevsky et al. 2019), 896 anchors: faces up to about 2 m away."""
FACE_FAR = Head(size=192, strides=(4,), between=False)
"""BlazeFace full range, 2304 anchors: faces up to about 5 m away."""
PALM = Head(size=192, strides=(8, 16, 16, 16))
"""BlazePalm (Zhang et al. 2020, "MediaPipe Hands"), 2016 anchors."""
PERSON = Head(size=224, strides=(8, 16, 32, 32, 32))
"""BlazePose's detector (Bazarevsky et al. 2020), 2254 anchors."""


@cache
def anchors(head: Head) -> NDArray[np.float32]:
    """Return the anchors in the order of the detector's outputs, shape (n, 4), read-only.

    A row is centre x, centre y, width, height, as parts of the input's side.
    """
    layers = len(head.strides)
    low, high = head.scales
    scales = [low + (high - low) * layer / max(layers - 1, 1) for layer in range(layers)] + [1.0]
    parts = []
    layer = 0
    while layer < layers:
        stride = head.strides[layer]
        shapes: list[tuple[float, float]] = []
        while layer < layers and head.strides[layer] == stride:
            shapes += _shapes(head, scales[layer], scales[layer + 1], first=layer == 0)
            layer += 1
        parts.append(_grid(-(-head.size // stride), np.array(shapes)))
    table = np.concatenate(parts).astype(np.float32)
    table.flags.writeable = False
    return table


@cache
def pyramid(size: int) -> NDArray[np.float32]:
    """Return EfficientDet-Lite's anchors as `anchors` does, for an input of `size` pixels.

    Levels 3 to 7, nine a cell: three sizes within an octave, each square, wide and upright (Tan et
    al. 2020; `anchor_scale` is 3 cells in the lite models' settings, hparams_config.py of automl).
    """
    parts = []
    for level in range(3, 8):
        cells = -(-size // 2**level)
        sides = 3.0 / cells * 2 ** (np.arange(3) / 3)
        ratios = np.sqrt((1.0, 2.0, 0.5))
        shapes = np.stack((np.outer(sides, ratios), np.outer(sides, 1 / ratios)), axis=2)
        parts.append(_grid(cells, shapes.reshape(-1, 2)))
    table = np.concatenate(parts).astype(np.float32)
    table.flags.writeable = False
    return table


def _shapes(head: Head, scale: float, larger: float, first: bool) -> list[tuple[float, float]]:
    """Return width and height of one layer's anchors."""
    if head.reduced and first:
        pairs = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
    else:
        pairs = [(scale, ratio) for ratio in head.ratios]
        if head.between:
            pairs.append(((scale * larger) ** 0.5, 1.0))
    if head.unit:
        return [(1.0, 1.0)] * len(pairs)
    return [(size * ratio**0.5, size / ratio**0.5) for size, ratio in pairs]


def _grid(cells: int, shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all shapes at every cell's centre, cells row by row."""
    centres = (np.arange(cells) + 0.5) / cells
    table = np.empty((cells, cells, len(shapes), 4))
    table[..., 0] = centres[None, :, None]
    table[..., 1] = centres[:, None, None]
    table[..., 2:] = shapes
    return table.reshape(-1, 4)
