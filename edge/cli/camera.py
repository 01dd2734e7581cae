"""What a camera sees, measured with a chessboard that is held into its view."""

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import cv2
import numpy as np

from edge.errors import UserError
from edge.graph import Graph, Result
from edge.io.frames import Frame
from edge.io.intrinsics import Intrinsics, of_boards
from edge.vision.targets import Floats

GRAPH: dict[str, Any] = {"nodes": {"camera": {"uses": "camera"}}, "outputs": ["camera"]}
LOOK_S = 0.2
"""Between two looks at pictures that continue each other: a look takes 40 to 100 ms."""
REDUCED = 640
"""Pixels along the longer side, in which the board is found; its corners are then refined in the
whole picture."""
MOVED, STILL = 0.05, 0.01
"""Of the picture's longer side: corners that are so far from those of every kept view make another
one; in a moving picture they may move no more from one look to the next, or they are blurred."""
TILTED = 0.08
"""How much longer one side of the board is than the opposite one, where its tilt tells something of
the focal length: one seen straight is as large for a short lens from nearby as for a long one."""
LEAST, LEAST_TILTED = 5, 3
ENOUGH, MOST = 15, 40
"""Views: a camera is looked through until there are enough, of a file at most so many are taken."""
REPORT_S, PATIENCE_S = 5, 60
HINTS = ("nearer the camera", "in a corner of the picture", "farther away")


def is_live(source: Any) -> bool:
    """Say whether a source, None for the usual one, is a device and no file."""
    spec = Graph.parse(GRAPH).replace_sources(source, None).spec
    (node,) = spec.check().values()
    return bool(getattr(node.node(node.settings), "live", False))


def found(grey: Floats, board: tuple[int, int]) -> Floats | None:
    """Return the inner corners (columns × rows, 2) of a board with so many (columns, rows),
    pixels; None where it isn't wholly in view. `grey` (height, width)."""
    scale = min(1.0, REDUCED / max(grey.shape))
    small = grey if scale == 1 else cv2.resize(grey, None, fx=scale, fy=scale,
                                               interpolation=cv2.INTER_AREA)  # fmt: skip
    seen, corners = cv2.findChessboardCornersSB(small, board)
    if not seen:
        return None
    # Pixels' middles are at whole numbers, before and after.
    corners = ((corners.reshape(-1, 1, 2) + 0.5) / scale - 0.5).astype(np.float32)
    grid = corners.reshape(board[1], board[0], 2)
    apart = min(
        np.linalg.norm(np.diff(grid, axis=axis), axis=2).min() for axis in (0, 1)
    )  # a window holds one corner only
    side = int(np.clip(apart / 3, 2, 15))
    stop = cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 0.001
    corners = cv2.cornerSubPix(grey, corners, (side, side), (-1, -1), stop)
    return np.asarray(corners.reshape(-1, 2), np.float32)


def tilt(corners: Floats, board: tuple[int, int]) -> float:
    """Return how much longer, 0.1 for a tenth, one side of a board is than the opposite one."""
    grid = corners.reshape(board[1], board[0], 2)
    a, b, c, d = grid[0, 0], grid[0, -1], grid[-1, -1], grid[-1, 0]
    sides = [math.dist(p, q) for p, q in ((a, b), (d, c), (a, d), (b, c))]
    return max(max(sides[:2]) / min(sides[:2]), max(sides[2:]) / min(sides[2:])) - 1


class Views:
    """Views of a board that differ, of pictures of one size."""

    def __init__(self, board: tuple[int, int]) -> None:
        self.board = board
        self.size: tuple[int, int] | None = None
        self.kept: list[Floats] = []
        self.looked = self.found = self.tilted = 0
        self._last: tuple[int, Floats | None] = 0, None

    def look(self, frame: Frame) -> bool:
        """Say whether the picture gives another view. Raises UserError for one of another size."""
        if not frame.still and self.looked and frame.t - self._last[0] < LOOK_S * 1e6:
            return False
        self.size = self.size or frame.size
        if frame.size != self.size:
            raise UserError(
                f"pictures of {self.size[0]} × {self.size[1]} and {frame.size[0]} × "
                f"{frame.size[1]} pixels: take all with one camera, held the same way up"
            )
        self.looked += 1
        corners = found(np.ascontiguousarray(frame.grey), self.board)
        before, self._last = self._last[1], (frame.t, corners)
        if corners is None:
            return False
        self.found += 1
        side = max(self.size)
        if not frame.still and (before is None or _apart(corners, before) > STILL * side):
            return False
        if any(_apart(corners, view) < MOVED * side for view in self.kept):
            return False
        self.kept.append(corners)
        self.tilted += tilt(corners, self.board) > TILTED
        return True

    @property
    def seen(self) -> bool:
        """Whether the board was in view at the last look."""
        return self._last[1] is not None

    @property
    def enough(self) -> bool:
        return len(self.kept) >= ENOUGH and self.tilted >= LEAST

    def hint(self) -> str:
        """Return how to hold the board for the next view."""
        if 2 * self.tilted <= len(self.kept):
            return "tilt the board, to another side than before"
        return f"hold the board {HINTS[len(self.kept) % len(HINTS)]}, at another angle"

    def check(self) -> None:
        """Raises UserError where they say too little."""
        columns, rows = self.board
        if len(self.kept) < LEAST:
            raise UserError(
                f"a board of {columns} × {rows} inner corners was found in {self.found} of "
                f"{self.looked} pictures, {len(self.kept)} of these views differ and {LEAST} are "
                "needed: have all of the board in view, flat, near and far and tilted; --board "
                "counts corners where four squares meet"
            )
        if self.tilted < LEAST_TILTED:
            raise UserError(
                f"the board is tilted in {self.tilted} of {len(self.kept)} views, {LEAST_TILTED} "
                "are needed: turn it away by 30° or more, to each side, up and down"
            )


def measured(
    source: Any, live: bool, board: tuple[int, int], square_mm: float, report: Callable[[str], None]
) -> Intrinsics:
    """Return what the views of a board in a source's pictures say of its camera.

    Raises UserError where that is too little, or a minute has passed without another view.
    """
    views = Views(board)
    with closing(Graph.parse(GRAPH).run(source, governed=False).items()) as items:
        pictures = (item for item in items if isinstance(item, Result))
        if live:
            _watch(pictures, views, report)
        else:
            for picture in pictures:
                if views.look(picture.value):
                    report(f"view {len(views.kept)}")
                if len(views.kept) == MOST:
                    break
    views.check()
    assert views.size is not None
    return of_boards(views.kept, board, square_mm, views.size)


def _watch(pictures: Iterator[Result], views: Views, report: Callable[[str], None]) -> None:
    """Look until there are enough views, and say how to come by them."""
    columns, rows = views.board
    since = said = -1
    for picture in pictures:
        another = views.look(picture.value)
        if another or since < 0:
            since = said = picture.t
        if another:
            report(f"view {len(views.kept)} of {ENOUGH}: {views.hint()}")
        if views.enough or picture.t - since > PATIENCE_S * 1e6:
            return
        if picture.t - said > REPORT_S * 1e6:
            said = picture.t
            report(
                "hold the board still, or otherwise than before"
                if views.seen
                else f"no board of {columns} × {rows} inner corners is wholly in view"
            )


def _apart(one: Floats, other: Floats) -> float:
    """Return how far corners are from another view's, on average, pixels; the board may be found
    the other way round."""
    return min(float(np.linalg.norm(one - way, axis=1).mean()) for way in (other, other[::-1]))
