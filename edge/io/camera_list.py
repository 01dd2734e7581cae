"""Which cameras this machine has, without switching any on."""

import fcntl
import os
import struct
from pathlib import Path
from typing import NamedTuple

VIDIOC_QUERYCAP = 0x80685600
"""ioctl of V4L2 that fills in a `struct v4l2_capability` (linux/videodev2.h), 104 bytes."""
CAPABILITY = struct.Struct("16s 32s 32s 3I 12x")
"""driver, card, bus_info, version, capabilities, device_caps."""
CAPTURES = 0x1 | 0x1000
"""V4L2_CAP_VIDEO_CAPTURE, single- or multi-planar: it gives pictures, not just metadata."""


class Camera(NamedTuple):
    path: Path
    card: str
    """What the driver calls it, empty where it may not be asked."""
    permitted: bool


def cameras(folder: Path = Path("/dev")) -> list[Camera]:
    """Return what gives pictures, and what may not be asked whether it does."""
    paths = sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name))
    return [camera for path in paths if (camera := _camera(path)) is not None]


def _camera(path: Path) -> Camera | None:
    try:
        file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except PermissionError:
        return Camera(path, "", permitted=False)
    except OSError:  # gone, or no device behind the name
        return None
    try:
        answer = fcntl.ioctl(file, VIDIOC_QUERYCAP, bytes(CAPABILITY.size))
    except OSError:  # no camera
        return None
    finally:
        os.close(file)
    _, card, _, _, _, capabilities = CAPABILITY.unpack(answer)
    if not capabilities & CAPTURES:
        return None
    return Camera(path, card.split(b"\0")[0].decode(errors="replace"), permitted=True)
