"""What a camera's picture says about directions: its focal length, its middle, its distortion."""

import math
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from edge.errors import UserError
from edge.paths import config_dir

FILE = "camera.yaml"
USUAL_VIEW = math.radians(66)
"""What the longer side of a picture sees: webcams and camera modules 60° to 78° (a Raspberry Pi's
62° and 66°, a Logitech C920's 70°), laptops' mostly between."""
Positive = Annotated[float, Meta(gt=0)]


class Intrinsics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of pictures of one `size` (width, height); all else in its pixels.

    `distortion`: as OpenCV has it (k1, k2, p1, p2, k3), empty for none. `error`: how far corners
    of the chessboard were off, root mean square, pixels; absent where nothing was measured.
    """

    size: tuple[int, int]
    focal: Positive
    centre: tuple[float, float]
    distortion: tuple[float, ...] = ()
    error: float | None = None

    def of(self, size: tuple[int, int]) -> "Intrinsics":
        """Return those of the same camera's pictures of another size, cropped to another shape if
        theirs is another."""
        scale = max(size[0] / self.size[0], size[1] / self.size[1])
        off = [side / 2 + scale * (c - whole / 2)
               for side, c, whole in zip(size, self.centre, self.size, strict=True)]  # fmt: skip
        return Intrinsics(
            size=size,
            focal=scale * self.focal,
            centre=(off[0], off[1]),
            distortion=self.distortion,
            error=self.error,
        )

    @classmethod
    def of_view(cls, size: tuple[int, int], view: float = USUAL_VIEW) -> "Intrinsics":
        """Return those of a picture (width, height) whose longer side sees `view`, radians."""
        focal = max(size) / 2 / math.tan(view / 2)
        return cls(size=size, focal=focal, centre=(size[0] / 2, size[1] / 2))

    def matrix(self) -> NDArray[np.float64]:
        x, y = self.centre
        return np.array(((self.focal, 0, x), (0, self.focal, y), (0, 0, 1)))


def read(path: Path) -> Intrinsics:
    """Raises UserError for a file that can't be read or isn't of intrinsics."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Intrinsics)
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(
            f"{path} says nothing of a camera ({error}): `edge calibrate camera` writes it"
        ) from None


def own() -> Intrinsics | None:
    """Return those of this device's camera, None where none were measured. Raises UserError."""
    path = config_dir() / FILE
    return read(path) if path.exists() else None


def encoded(intrinsics: Intrinsics) -> bytes:
    return msgspec.yaml.encode(intrinsics, order="deterministic")


def of_boards(
    corners: list[NDArray[Any]], board: tuple[int, int], square_mm: float, size: tuple[int, int]
) -> Intrinsics:
    """Return what views of a chessboard say: `corners` (columns × rows, 2) of each view, pixels, of
    a board with (columns, rows) inner corners; Zhang's method (2000) with one focal length.

    Raises UserError where they fit no camera.
    """
    import cv2

    columns, rows = board
    grid = np.zeros((columns * rows, 3), np.float32)
    grid[:, :2] = np.mgrid[:columns, :rows].T.reshape(-1, 2) * square_mm
    views = [view.reshape(-1, 1, 2).astype(np.float32) for view in corners]
    guess = Intrinsics.of_view(size).matrix()
    flags = cv2.CALIB_FIX_ASPECT_RATIO | cv2.CALIB_USE_INTRINSIC_GUESS
    error, matrix, distortion, _, _ = cv2.calibrateCamera(
        [grid] * len(views), views, size, guess, np.zeros(5), flags=flags
    )
    if not (np.isfinite(error) and error < MOST_OFF):
        raise UserError(
            f"the board's corners are off by {error:.1f} pixels: is it flat, are there really "
            f"{columns} × {rows} inner corners, does the camera keep its focus?"
        )
    return Intrinsics(
        size=size,
        focal=round(float(matrix[0, 0]), 2),
        centre=(round(float(matrix[0, 2]), 2), round(float(matrix[1, 2]), 2)),
        distortion=tuple(round(float(value), 5) for value in np.ravel(distortion)),
        error=round(float(error), 3),
    )


MOST_OFF = 1.5
"""Pixels, root mean square; a flat board and a still camera give a tenth to a half."""
