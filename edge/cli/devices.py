"""Which devices this machine has, without opening any."""

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
EDGE_TPU_USB = {("1a6e", "089a"), ("18d1", "9302")}
"""Vendor and product before and after its firmware is loaded."""


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


def edge_tpus(usb: Path = Path("/sys/bus/usb/devices"), dev: Path = Path("/dev")) -> list[str]:
    """Return the Edge TPUs on USB and PCIe, by their places."""
    found = [str(path) for path in sorted(dev.glob("apex_*"))]
    for vendor in sorted(usb.glob("*/idVendor")):
        product = vendor.with_name("idProduct")
        try:
            ids = vendor.read_text().strip(), product.read_text().strip()
        except OSError:  # unplugged while we looked
            continue
        if ids in EDGE_TPU_USB:
            found.append(f"USB {vendor.parent.name}")
    return found
