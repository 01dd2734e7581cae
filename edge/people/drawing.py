"""Lines, dots, boxes and labels of people in a picture."""

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Points = NDArray[np.float64]
Numbers = NDArray[np.integer]

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
NOBODY: Colour = (170, 170, 170)
JOINT: Colour = (245, 245, 245)
IRIS: Colour = (240, 200, 60)
INK: Colour = (20, 20, 20)
SUBPIXEL_BITS = 4
FAR = 30_000
"""Pixels; OpenCV's fixed numbers have no room for much more."""

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


# Bones of a hand, as MediaPipe numbers its points: each finger, and across the palm.
HAND = (
    *(np.array([0, *range(first, first + 4)]) for first in (1, 5, 9, 13, 17)),
    np.array([5, 9, 13, 17]),
)
# Bones of a body: shoulders and hips, arms with hands, legs with feet.
BONES = np.array(
    [
        *((11, 12), (11, 23), (12, 24), (23, 24)),
        *((11, 13), (13, 15), (15, 17), (15, 19), (15, 21), (17, 19)),
        *((12, 14), (14, 16), (16, 18), (16, 20), (16, 22), (18, 20)),
        *((23, 25), (25, 27), (27, 29), (29, 31), (27, 31)),
        *((24, 26), (26, 28), (28, 30), (30, 32), (28, 32)),
    ]
)
ARROW = np.array([0, 1]), np.array([2, 1, 3])
VISIBLE = 0.5
"""A body's landmark with less visibility is a guess."""


def colour_of(id_: int) -> Colour:
    """Return a person's colour."""
    return PALETTE[(id_ - 1) % len(PALETTE)]


def lighter(colour: Colour) -> Colour:
    """Return a colour half way to white."""
    blue, green, red = colour
    return (blue + 255) // 2, (green + 255) // 2, (red + 255) // 2


def draw_mesh(picture: NDArray[np.uint8], points: Points, colour: Colour, thickness: int) -> None:
    """Draw 468 or 478 landmarks (n, 2): every point, the face's lines, and irises if there."""
    draw_dots(picture, points[:468], colour, thickness)
    draw_lines(picture, points, CLOSED, colour, closed=True)
    draw_lines(picture, points, OPEN, colour, closed=False)
    if len(points) > IRISES[-1][-1]:
        draw_lines(picture, points, IRISES, IRIS, closed=True)


def draw_hand(picture: NDArray[np.uint8], points: Points, colour: Colour, thickness: int) -> None:
    """Draw 21 landmarks (n, 2): fingers, palm and joints."""
    draw_bones(picture, points, HAND, colour, thickness)
    draw_joints(picture, points, thickness)


def draw_body(picture: NDArray[np.uint8], points: Points, colour: Colour, thickness: int) -> None:
    """Draw 33 landmarks (n, 4): the bones and joints that are visible, without the face."""
    visible = points[:, 3] > VISIBLE
    bones = BONES[visible[BONES].all(axis=1)]
    draw_bones(picture, points[:, :2], bones, colour, thickness)
    draw_joints(picture, points[np.unique(bones), :2], thickness)


def draw_bones(
    picture: NDArray[np.uint8],
    points: Points,
    lines: Iterable[Numbers],
    colour: Colour,
    thickness: int,
) -> None:
    """Draw lines through some of the points (n, 2), rimmed so that they're seen on any ground."""
    ends = _ends(points, lines)
    _draw(picture, ends, INK, closed=False, thickness=thickness + 2)
    _draw(picture, ends, colour, closed=False, thickness=thickness)


def draw_joints(picture: NDArray[np.uint8], points: Points, thickness: int) -> None:
    """Draw light dots at points (n, 2)."""
    for x, y in _fixed(points).tolist():
        radius = (1 + thickness) << (SUBPIXEL_BITS - 1)
        cv2.circle(picture, (x, y), radius, JOINT, cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS)


def draw_dots(picture: NDArray[np.uint8], points: Points, colour: Colour, side: int) -> None:
    """Draw squares of `side` pixels, half transparent, at all points (n, 2) at once."""
    square = np.stack(np.meshgrid(range(side), range(side)), axis=-1).reshape(-1, 2)
    pixels = (points[:, None] + square - (side - 1) / 2).reshape(-1, 2).round().astype(int)
    height, width = picture.shape[:2]
    x, y = pixels[((pixels >= 0) & (pixels < (width, height))).all(axis=1)].T
    picture[y, x] = picture[y, x] // 2 + np.array(colour, np.uint8) // 2


def draw_lines(
    picture: NDArray[np.uint8],
    points: Points,
    lines: Iterable[Numbers],
    colour: Colour,
    *,
    closed: bool,
) -> None:
    """Draw smooth lines, each through the points (n, 2) of its numbers."""
    _draw(picture, _ends(points, lines), colour, closed=closed, thickness=1)


def _ends(points: Points, lines: Iterable[Numbers]) -> list[NDArray[np.int32]]:
    fixed = _fixed(points)
    return [fixed[line] for line in lines]


def _draw(
    picture: NDArray[np.uint8],
    ends: list[NDArray[np.int32]],
    colour: Colour,
    *,
    closed: bool,
    thickness: int,
) -> None:
    cv2.polylines(picture, ends, closed, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def _fixed(points: Points) -> NDArray[np.int32]:
    """Return points in fixed numbers; what is far outside of any picture comes nearer."""
    return (points.clip(-FAR, FAR) * 2**SUBPIXEL_BITS).round().astype(np.int32)


def draw_brackets(
    picture: NDArray[np.uint8], box: list[float], colour: Colour, thickness: int
) -> None:
    """Draw the corners of a box, which leave the face free."""
    x, y, width, height = box
    arm = min(width, height) / 5
    arms = []
    for left, right in ((x, 1), (x + width, -1)):
        for top, down in ((y, 1), (y + height, -1)):
            ends = [(left + right * arm, top), (left, top), (left, top + down * arm)]
            arms.append(_fixed(np.array(ends)))
    cv2.polylines(picture, arms, False, colour, 1 + thickness, cv2.LINE_AA, SUBPIXEL_BITS)


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


def draw_look(
    picture: NDArray[np.uint8],
    start: tuple[float, float],
    angles: tuple[float, float],
    length: float,
    colour: Colour,
    thickness: int,
) -> None:
    """Draw an arrow of at most `length` pixels that points where somebody looks: yaw to the
    picture's right, pitch up, degrees. Who looks into the camera has a dot."""
    yaw, pitch = (math.radians(angle) for angle in angles)
    way = np.array((math.sin(yaw) * math.cos(pitch), -math.sin(pitch)))
    end = np.array(start) + length * way
    tip = end - 0.25 * length * way
    side = 0.12 * length * np.array((-way[1], way[0]))
    arrow = np.array((start, end, tip + side, tip - side))
    draw_bones(picture, arrow, ARROW, colour, thickness)
    draw_joints(picture, arrow[:1], thickness)
