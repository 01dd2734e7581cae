"""Eyes in a face: where the iris model is to look, and which landmarks of the face it sees."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CORNERS = np.array([[33, 133], [362, 263]])
"""The corners of the person's right eye and left eye among the face's landmarks, as the picture
has them from left to right."""
SCALE = 2.3
"""Side of what the iris model wants to see, in widths of the eye (model card "MediaPipe Iris")."""
MIRRORED = (False, True)
"""The model knows one eye, the person's right: the crop of the left one has to be mirrored, and
what comes back as well."""
CONTOURS = np.array(
    [
        [int(number) for number in numbers.split()]
        for numbers in (
            "33 7 163 144 145 153 154 155 133 246 161 160 159 158 157 173 130 25 110 24 23 22 26 "
            "112 243 247 30 29 27 28 56 190 226 31 228 229 230 231 232 233 244 113 225 224 223 "
            "222 221 189 35 124 46 53 52 65 143 111 117 118 119 120 121 128 245 156 70 63 105 66 "
            "107 55 193",
            "263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398 359 255 339 254 253 "
            "252 256 341 463 467 260 259 257 258 286 414 446 261 448 449 450 451 452 453 464 342 "
            "445 444 443 442 441 413 265 353 276 283 282 295 372 340 346 347 348 349 350 357 465 "
            "383 300 293 334 296 336 285 417",
        )
    ]
)
"""Which of the face's landmarks the iris model's 71 are, for the right eye and the left one
(MediaPipe's iris_tracking, UpdateFaceLandmarksCalculator); the lids come first."""
LIDS = 16
"""How many of them are the rims of the two lids."""
RIM = ((0, 1, 2, 3, 4), (0, 3, 2, 1, 4))
"""Which of the model's five points of an iris are the face's: its middle, then the rim at the
picture's right, top, left, bottom. In a mirrored crop right and left have changed places."""


def regions_of_eyes(landmarks: Floats) -> Floats:
    """Return square regions (n, 2, 5): each face's right and left eye, turned with the eye.

    `landmarks` (n, 468 or 478, 2 or 3) in pixels; the regions as in `edge.vision.regions`.
    """
    left, right = (landmarks[:, CORNERS[:, side], :2] for side in (0, 1))
    across = right - left
    sides = SCALE * np.linalg.norm(across, axis=-1, keepdims=True)
    angles = np.arctan2(across[..., 1:], across[..., :1])
    return np.concatenate(((left + right) / 2, sides, sides, angles), axis=-1)
