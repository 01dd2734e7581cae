"""How lips and jaw move, whichever way the head turns."""

import math

import numpy as np

from edge.vision.targets import Floats

# Of the face mesh (MediaPipe's canonical face model): both rims of both lips, and the chin.
LIPS = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409),
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415),
)
JAW = (152, 148, 377, 176, 400, 150, 379, 149, 378, 199, 200, 18, 43, 273, 202, 422)
POINTS = np.array(LIPS + JAW)
# What no expression moves: around the eyes, the nose's bridge, forehead, temples.
STILL = np.array(
    (
        *(33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 9, 8, 10, 67, 297, 109, 338, 21, 251),
        *(127, 356, 234, 454),
    )
)
ACROSS = np.array(((33, 263), (133, 362), (127, 356), (234, 454), (109, 338), (67, 297), (21, 251)))
"""Pairs from the person's right to their left."""
DOWN = np.array(((10, 6), (9, 5), (8, 4), (151, 197), (67, 33), (297, 263)))
"""Pairs from the forehead down."""
VALUES = 3 * len(POINTS)
MESH = 468


def _weights() -> Floats:
    """Return what to multiply a mesh with for how far it goes across, down, and for its middle."""
    weights = np.zeros((3, MESH), np.float32)
    for row, pairs in enumerate((ACROSS, DOWN)):
        np.add.at(weights[row], pairs[:, 1], 1 / len(pairs))
        np.add.at(weights[row], pairs[:, 0], -1 / len(pairs))
    weights[2, STILL] = 1 / len(STILL)
    return weights


WEIGHTS = _weights()
TICK_US = 40_000
"""Movement and sound are compared at 25 steps a second: the lips' quickest movements take two."""
GAP_US = 200_000
"""Without a look for so long nothing is known of what lips did in between."""
SETTLING_US = 400_000.0
"""How slowly the face's size is followed: measured frame by frame it trembles, and with it all
that is measured in it."""


def lip_shapes(landmarks: Floats) -> tuple[Floats, Floats]:
    """Return lips and chin in each face's own axes, (n, 168), and the faces' sizes, (n,).

    `landmarks`: (n, 468 or 478, 3), pixels. Shapes are in pixels, too, about the middle of what is
    still in a face, along its own right to left, down and back.
    """
    shapes = np.empty((len(landmarks), VALUES), np.float32)
    sizes = np.empty(len(landmarks), np.float32)
    for row, face in enumerate(
        landmarks[:, :MESH]
    ):  # a handful: numbers are quicker than arrays of them
        across = WEIGHTS[0] @ face
        sizes[row] = size = max(math.sqrt(across @ across), 1e-6)
        x = across / np.float32(size)
        down = WEIGHTS[1] @ face
        down = down - (down @ x) * x
        y = down / np.float32(max(math.sqrt(down @ down), 1e-6))
        (a, b, c), (d, e, f) = x.tolist(), y.tolist()
        back = np.array((b * f - c * e, c * d - a * f, a * e - b * d), np.float32)
        axes = np.stack((x, y, back), axis=1)
        shapes[row] = ((face[POINTS] - WEIGHTS[2] @ face) @ axes).reshape(VALUES)
    return shapes, sizes


class LipTrack:
    """One person's lips at every tick, out of looks whenever there are any.

    `moves`: (ticks, k) newest last, the movement in each of the projection's k ways, about 1 for
    ordinary speech; `tick`: the number of the last of them, since the clock's zero.
    """

    def __init__(self, projection: Floats, length: int) -> None:
        """`projection`: (values, k), from the movement of shapes, by their size, in a tick."""
        self.projection = projection
        self.moves = np.zeros((length, projection.shape[1]), np.float32)
        self.tick = -1
        self.known = 0
        self._look: tuple[int, Floats] | None = None
        self._size = 0.0
        self._shapes: list[Floats] = []  # of the newest ticks, two at most
        self._shaped = -1

    def see(self, t: int, shape: Floats, size: float) -> None:
        """Take in what lips look like at t, µs; t rises."""
        last = self._look
        if last is None or t - last[0] > GAP_US:
            self._begin(t, size)
            last = None
        else:
            self._size += (1 - math.exp((last[0] - t) / SETTLING_US)) * (size - self._size)
        shape = shape / np.float32(max(self._size, 1e-6))
        self._look = t, shape
        if last is None:
            self._shapes, self._shaped = [shape], t // TICK_US
            return
        for tick in range(self._shaped + 1, t // TICK_US + 1):
            part = (tick * TICK_US - last[0]) / (t - last[0])
            self._add(tick, last[1] + np.float32(part) * (shape - last[1]))

    def _begin(self, t: int, size: float) -> None:
        self.moves[:] = 0
        self.known = 0
        self._size = size

    def _add(self, tick: int, shape: Floats) -> None:
        self._shapes.append(shape)
        self._shaped = tick
        if len(self._shapes) < 3:
            return
        before, _, after = self._shapes
        del self._shapes[0]
        self.moves[:-1] = self.moves[1:]
        self.moves[-1] = ((after - before) / 2 @ self.projection).clip(-4, 4)
        self.tick = tick - 1
        self.known = min(self.known + 1, len(self.moves))
