"""Single images and folders of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2

from edge.errors import UserError
from edge.io.frames import Frame

SUFFIXES = (
    ".avif",
    ".bmp",
    ".jpeg",
    ".jpg",
    ".jp2",
    ".pgm",
    ".png",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
)
INDEPENDENT_US = 1_000_000
"""Between independent images: one a second for who watches them at the pace of real time."""


def is_image(path: Path) -> bool:
    """By its content; an animation counts as video."""
    return path.suffix.lower() != ".gif" and path.is_file() and cv2.haveImageReader(str(path))


class Images:
    """An image, or the images of a folder in natural order (2.jpg before 10.jpg).

    They are independent of each other unless `fps` makes a sequence of them. A frame's index is
    the image's place in that order. Turned as EXIF says, then by `rotate` degrees clockwise.
    """

    def __init__(self, path: Path, rotate: int = 0, fps: float | None = None) -> None:
        """Raises UserError where the folder has no images."""
        self._source = path
        self._paths = _images_in(path) if path.is_dir() else [path]
        self._rotate = rotate
        self._still = fps is None or len(self._paths) == 1
        self._step_us = INDEPENDENT_US if fps is None else 1_000_000 / fps
        self._closed = False
        self.frames_total: int | None = len(self._paths)

    def frames(self) -> Iterator[Frame]:
        """Raises UserError at the end where some of the images couldn't be read."""
        unreadable = []
        for index, path in enumerate(self._paths):
            if self._closed:
                return
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is None:
                unreadable.append(path.name)
                continue
            t = round(index * self._step_us)
            yield Frame(picture, index, t, rotate=self._rotate, still=self._still)
        if unreadable:
            raise UserError(
                f"{self._source}: {len(unreadable)} of {len(self._paths)} images can't be read "
                f"(the first is {unreadable[0]}), the others were processed; remove or mend them"
            )

    def close(self) -> None:
        self._closed = True


def _images_in(folder: Path) -> list[Path]:
    paths = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    if not paths:
        known = ", ".join(SUFFIXES)
        raise UserError(f"no images in the folder {folder}: it should hold {known}")
    return sorted(paths, key=lambda path: _natural(path.name))


def _natural(name: str) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name)]
