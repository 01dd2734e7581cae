"""What a user's own eyes are off, learned from points on the screen that they looked at; kept on
this device only."""

import math

import msgspec
import numpy as np

from edge.errors import UserError
from edge.paths import config_dir
from edge.people.head_pose import Matrix, direction

FILE = "gaze.yaml"
LEAST_GAIN, MOST_GAIN = 0.5, 2.0
"""What a correction stretches a gaze by, at most: beyond it is noise that is stretched."""
MOST_OFF = 8.0
"""Degrees, root mean square, that points may be off after the correction: else they weren't looked
at."""


class GazeCorrection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Degrees: yaw and pitch become gain × seen + offset."""

    gain: tuple[float, float]
    offset: tuple[float, float]
    error: float = 0.0
    """What is left, root mean square."""


def correction() -> GazeCorrection | None:
    """Return what is kept on this device, None where nothing is. Raises UserError."""
    path = config_dir() / FILE
    if not path.exists():
        return None
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=GazeCorrection)
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(
            f"{path} holds no correction ({error}): `edge calibrate gaze` writes it, or delete it"
        ) from None


def corrected(way: Matrix, known: GazeCorrection) -> Matrix:
    """Return where (3,) somebody looks who seems to look along `way`."""
    yaw, pitch = (
        math.radians(gain * seen + offset)
        for gain, seen, offset in zip(known.gain, direction(way), known.offset, strict=True)
    )
    return np.array(
        (math.sin(yaw) * math.cos(pitch), -math.sin(pitch), -math.cos(yaw) * math.cos(pitch))
    )


def fitted(seen: Matrix, true: Matrix) -> GazeCorrection:
    """Return what makes seen angles (n, 2) true ones, degrees, yaw and pitch, by least squares.

    Raises UserError where they don't fit.
    """
    gains, offsets, left = [], [], 0.0
    for axis in (0, 1):
        spread = np.ptp(seen[:, axis])
        gain = float(np.polyfit(seen[:, axis], true[:, axis], 1)[0]) if spread > 1 else 1.0
        gain = min(MOST_GAIN, max(LEAST_GAIN, gain))
        offset = float((true[:, axis] - gain * seen[:, axis]).mean())
        left += float(((gain * seen[:, axis] + offset - true[:, axis]) ** 2).mean())
        gains.append(round(gain, 3))
        offsets.append(round(offset, 2))
    if left > MOST_OFF**2:
        raise UserError(
            f"the gaze is off by {math.sqrt(left):.0f}° even so: look at each point until the next "
            "one is asked for, with your face well lit, an arm's length from the screen"
        )
    return GazeCorrection(
        gain=(gains[0], gains[1]), offset=(offsets[0], offsets[1]), error=round(math.sqrt(left), 2)
    )
