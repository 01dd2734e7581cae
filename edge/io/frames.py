"""A picture on its way through the graph."""

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class Frame:
    """One picture of a source, read-only and shared; what is derived from it is made once, on demand.

    `index`: number of the frame in its source, from 0, dropped frames included.
    `t`: µs, as the packet's.
    `size`: (width, height) in pixels, after rotation.
    """

    def __init__(self, bgr: Picture, index: int, t: int) -> None:
        bgr.flags.writeable = False
        self.bgr = bgr
        self.index = index
        self.t = t
        self.size = (bgr.shape[1], bgr.shape[0])

    @cached_property
    def rgb(self) -> Picture:
        return cv2.cvtColor(self.bgr, cv2.COLOR_BGR2RGB)

    @cached_property
    def grey(self) -> Picture:
        return cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY)
