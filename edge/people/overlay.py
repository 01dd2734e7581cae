"""Draws people into the picture, for people to look at."""

import cv2
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from edge.graph.node import Node
from edge.io.frames import Frame
from edge.people.results import FrameResult, Person
from edge.vision.faces import Meshes

Colour = tuple[int, int, int]
Points = NDArray[np.float64]

# BGR; neighbours in this order are easy to tell apart, for the colour-blind too (Okabe and Ito).
PALETTE: tuple[Colour, ...] = (
    (233, 180, 86),
    (0, 159, 230),
    (115, 158, 0),
    (167, 121, 204),
    (66, 228, 240),
    (178, 114, 0),
    (0, 94, 213),
)
MESH: Colour = (235, 235, 235)
IRIS: Colour = (240, 200, 60)
INK: Colour = (20, 20, 20)
SUBPIXEL_BITS = 4

# Lines of landmarks, as numbered by MediaPipe's face mesh.
CLOSED = tuple(
    np.array(numbers.split(), int)
    for numbers in (
        # face
        "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 "
        "152 148 176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109",
        # lips, outside and inside
        "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185",
        "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191",
        # eyes
        "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246",
        "263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466",
    )
)
OPEN = tuple(
    np.array(numbers.split(), int)
    for numbers in (
        "46 53 52 65 55",  # brows
        "70 63 105 66 107",
        "276 283 282 295 285",
        "300 293 334 296 336",
        "168 6 197 195 5 4",  # nose
        "98 97 2 326 327",
    )
)
IRISES = (np.arange(469, 473), np.arange(474, 478))


class Overlay(Node):
    """Draws each person's box, id and score, and the landmarks of faces.

    `frame`: left as it is. `people`: whom to draw, all of one frame. `meshes`: the landmarks;
    unwired, those in `people` are drawn, where they were asked for.
    Output: a frame with the same number and time, in which all is drawn.
    """

    class Settings(Node.Settings):
        scores: bool = True
        """Write the score beside the id."""
        landmarks: bool = True
        """Draw the landmarks of faces."""

    settings: Settings

    def process(self, frame: Frame, people: FrameResult, meshes: Meshes | None) -> Frame:
        picture = frame.bgr.copy()
        # Lines of 2 px in a 720p picture, which is what a window shows.
        thickness = max(1, round(min(frame.size) / 360))
        if self.settings.landmarks:
            for landmarks in _landmarks(people, meshes):
                draw_mesh(picture, landmarks, thickness)
        for person in people.people:
            colour = PALETTE[(person.id - 1) % len(PALETTE)]
            draw_brackets(picture, person.box, colour, thickness)
            draw_label(picture, self._label(person), person.box, colour, thickness)
        return Frame(picture, frame.index, frame.t, still=frame.still)

    def _label(self, person: Person) -> str:
        score = f"  {person.score:.0%}" if self.settings.scores else ""
        return f"{person.id}{score}"


def _landmarks(people: FrameResult, meshes: Meshes | None) -> list[Points]:
    """Return x, y of the landmarks of each face."""
    if meshes is not None:
        return [points[:, :2].astype(np.float64) for points in meshes.landmarks]
    faces = [person.face for person in people.people]
    return [
        np.array(face.landmarks)[:, :2]
        for face in faces
        if face is not UNSET and face.landmarks is not UNSET
    ]


def draw_mesh(picture: NDArray[np.uint8], points: Points, thickness: int) -> None:
    """Draw 468 or 478 landmarks (n, 2): every point, the face's lines, and irises if there."""
    draw_dots(picture, points[:468], MESH, thickness)
    draw_lines(picture, [points[line] for line in CLOSED], MESH, closed=True)
    draw_lines(picture, [points[line] for line in OPEN], MESH, closed=False)
    if len(points) > IRISES[-1][-1]:
        draw_lines(picture, [points[line] for line in IRISES], IRIS, closed=True)


def draw_dots(picture: NDArray[np.uint8], points: Points, colour: Colour, side: int) -> None:
    """Draw squares of `side` pixels, half transparent, at all points (n, 2) at once."""
    square = np.stack(np.meshgrid(range(side), range(side)), axis=-1).reshape(-1, 2)
    pixels = (points[:, None] + square - (side - 1) / 2).reshape(-1, 2).round().astype(int)
    height, width = picture.shape[:2]
    x, y = pixels[((pixels >= 0) & (pixels < (width, height))).all(axis=1)].T
    picture[y, x] = picture[y, x] // 2 + np.array(colour, np.uint8) // 2


def draw_lines(
    picture: NDArray[np.uint8], lines: list[Points], colour: Colour, *, closed: bool
) -> None:
    """Draw smooth lines through points (n, 2) each."""
    fixed = [(line * 2**SUBPIXEL_BITS).round().astype(np.int32) for line in lines]
    cv2.polylines(picture, fixed, closed, colour, 1, cv2.LINE_AA, SUBPIXEL_BITS)


def draw_brackets(
    picture: NDArray[np.uint8], box: list[float], colour: Colour, thickness: int
) -> None:
    """Draw the corners of a box, which leave the face free."""
    x, y, width, height = box
    arm = min(width, height) / 5
    corners = []
    for left, right in ((x, 1), (x + width, -1)):
        for top, down in ((y, 1), (y + height, -1)):
            ends = [(left + right * arm, top), (left, top), (left, top + down * arm)]
            corners.append((np.array(ends) * 2**SUBPIXEL_BITS).round().astype(np.int32))
    cv2.polylines(picture, corners, False, colour, 1 + thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def draw_label(
    picture: NDArray[np.uint8], text: str, box: list[float], colour: Colour, thickness: int
) -> None:
    """Write dark on a coloured plate above the box, or in its top where there's no room."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.28 * thickness
    (width, height), below = cv2.getTextSize(text, font, scale, 1)
    pad = 2 * thickness
    left = min(max(round(box[0]), 0), max(picture.shape[1] - width - 2 * pad, 0))
    bottom = max(round(box[1]) - pad, height + below + 2 * pad)
    plate = (left, bottom - height - below - 2 * pad), (left + width + 2 * pad, bottom)
    cv2.rectangle(picture, *plate, colour, cv2.FILLED)
    at = left + pad, bottom - pad - below
    cv2.putText(picture, text, at, font, scale, INK, 1, cv2.LINE_AA)
