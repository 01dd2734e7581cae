"""A picture on its way through the graph."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import VideoFrame

Picture = NDArray[Any]
"""uint8, shape (height, width, 3) or (height, width); OpenCV's own types say no more."""

ROTATIONS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
LUMA_FIRST = re.compile(r"gray|nv12|nv21|yuvj?4(20|22|40|44)p")
"""Pixel formats whose first plane is 8-bit luma, one byte a pixel."""
Name = str | int | tuple[int, ...]
"""Of what is derived from a frame."""


class Frame:
    """One picture of a source, read-only and shared; what is derived from it is made once.

    `picture` is BGR, BGRA or grey, uint8, shape (height, width, 3 or 4 or 1) or (height, width),
    or a frame as PyAV decoded it; that one is turned to BGR only if somebody asks, with the colour
    matrix and range that it is flagged with (BT.601, limited range, where it has no flag). Safe to
    use from several threads.

    `index`: number of the frame in its source, from 0, dropped frames included.
    `t`: µs, as the packet's.
    `rotate`: 0, 90, 180 or 270 degrees clockwise, applied to all that is read from the frame.
    `still`: a picture on its own, with no frame before it that it continues.
    `mirrored`: a selfie view, where left is right.
    `size`: (width, height) in pixels, after rotation.
    """

    def __init__(
        self,
        picture: Picture | VideoFrame,
        index: int,
        t: int,
        *,
        rotate: int = 0,
        still: bool = False,
    ) -> None:
        if isinstance(picture, np.ndarray):
            picture.flags.writeable = False
            height, width = picture.shape[:2]
            if picture.shape[2:] == (1,):
                picture = picture[:, :, 0]
        else:
            height, width = picture.height, picture.width
        self.index = index
        self.t = t
        self.still = still
        self.mirrored = False
        self.size = (height, width) if rotate in (90, 270) else (width, height)
        self._picture = picture
        self._rotate = rotate
        self._made: dict[Name, Picture] = {}
        self._lock = threading.RLock()

    @property
    def bgr(self) -> Picture:
        """uint8, shape (height, width, 3)."""
        return self._once("bgr", self._make_bgr)

    @property
    def rgb(self) -> Picture:
        """uint8, shape (height, width, 3)."""
        return self._once("rgb", lambda: cv2.cvtColor(self.bgr, cv2.COLOR_BGR2RGB))

    @property
    def grey(self) -> Picture:
        """Luma, uint8, shape (height, width); rows may be padded, so not always contiguous.

        Taken as it is from a frame that carries it: video of limited range, which most is, then
        runs from 16 to 235. Otherwise made from BGR, 0 to 255.
        """
        return self._once("grey", self._make_grey)

    def thumbnail(self, width: int) -> Picture:
        """`grey` at the given width in pixels, its proportions kept: for seeing change cheaply."""

        def shrink() -> Picture:
            height = max(1, round(width * self.size[1] / self.size[0]))
            # Two rows for each one do as well as all, and reading them is what it costs.
            rows = slice(None, None, max(1, self.size[1] // (2 * height)))
            if self._has_grey():
                grey = self.grey[rows]
            else:
                grey = cv2.cvtColor(self.bgr[rows], cv2.COLOR_BGR2GRAY)
            return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)

        return self._once(width, shrink)

    def patch(self, left: int, top: int, length: int, side: int) -> Picture:
        """A square of `grey`, `length` pixels wide and shrunk or grown to `side`; beyond the
        picture its edges are repeated. The same square is made once."""
        width, height = self.size

        def cut() -> Picture:
            grey = self._has_grey()
            whole = self.grey if grey else self.bgr
            if min(left, top) >= 0 and left + length <= width and top + length <= height:
                square = whole[top : top + length, left : left + length]
                part = cv2.resize(square, (side, side))
            else:
                scale = length / side
                corner = np.array((left, top)) + scale / 2 - 0.5  # as resize has it
                matrix = np.column_stack((scale * np.eye(2), corner))
                flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
                edges = cv2.BORDER_REPLICATE
                part = cv2.warpAffine(whole, matrix, (side, side), flags=flags, borderMode=edges)
            return part if grey else cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)

        # Not under the lock: two hardly ever want the same, and needn't wait for each other.
        name = (left, top, length, side)
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = cut()
        return made

    def _once(self, name: Name, make: Callable[[], Picture]) -> Picture:
        with self._lock:
            made = self._made.get(name)
            if made is None:
                made = self._made[name] = make()
                made.flags.writeable = False
            return made

    def _make_bgr(self) -> Picture:
        picture = self._picture
        if not isinstance(picture, np.ndarray):
            return self._turned(picture.to_ndarray(format="bgr24"))
        if picture.ndim == 2:
            return cv2.cvtColor(self.grey, cv2.COLOR_GRAY2BGR)
        if picture.shape[2] == 4:
            picture = cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)
        return self._turned(picture)

    def _make_grey(self) -> Picture:
        picture = self._picture
        if not self._has_grey():
            return cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY)
        if isinstance(picture, np.ndarray):
            return self._turned(picture)
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        return self._turned(rows[:, : plane.width])

    def _has_grey(self) -> bool:
        """Say whether `grey` is there without looking at colours."""
        if "grey" in self._made:
            return True
        if isinstance(self._picture, np.ndarray):
            return self._picture.ndim == 2
        return LUMA_FIRST.fullmatch(self._picture.format.name) is not None

    def _turned(self, picture: Picture) -> Picture:
        return cv2.rotate(picture, ROTATIONS[self._rotate]) if self._rotate else picture
