"""Cameras at this machine, through OpenCV."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge.io.camera_list import cameras
from edge.io.frames import Picture
from edge.io.live import Lost


class Limits:
    SILENT_S = 0.9
    """A camera that stops is to be noticed within 1 s."""
    SLOW_FRAMES = 3
    """At a low rate, so many frames may be missing before it counts as silent."""
    REPEATS_S = 0.4
    """OpenCV goes on returning the last picture of a lost camera. A sensor's noise makes no two
    pictures equal, but a covered lens or a virtual camera may, so it is only a suspicion: …"""
    GRACE_S = 0.5
    """… the camera is opened again, and is lost only if it doesn't deliver within this time."""
    NODE_S = 0.25
    """Between looks whether the device file is still there."""
    AGE_MAX_S = 1.0
    """A driver's capture time that is older than this is on another clock, and not used."""
    SAMPLE = 16
    """Every 16th pixel both ways is compared: 3 µs at 720p."""


class CameraDevice:
    """A camera by index or device file; its captures read (t, picture).

    `now`: the graph's clock, µs. `t` is the moment of capture where the driver says it.
    `size` and `fps` are asked for; the camera may deliver others.
    """

    def __init__(
        self,
        device: int | str,
        size: tuple[int, int] | None,
        fps: float | None,
        now: Callable[[], int],
    ) -> None:
        self.device = device
        self.size = size
        self.fps = fps
        self.now = now
        self.node = Path(f"/dev/video{device}" if isinstance(device, int) else device)
        self.has_node = sys.platform.startswith("linux")
        self.label = f"camera {device}"
        self.silent_s = max(Limits.SILENT_S, Limits.SLOW_FRAMES / fps if fps else 0)
        self.patience_s = Limits.REPEATS_S
        """How long pictures may repeat; doubled whenever that was innocent."""

    @property
    def advice(self) -> str:
        found = ", ".join(f"{camera.path} ({camera.card})" for camera in cameras())
        if not found:
            return "no camera is connected: connect one, or give a file or an address as source"
        if self.node.exists() and not os.access(self.node, os.R_OK | os.W_OK):
            return f"run `sudo usermod -aG video $USER` and log in again to be let at {self.node}"
        return f"cameras here: {found}; another program may be using it (`fuser {self.node}`)"

    def connect(self) -> "_Capture":
        if self.has_node and not self.node.exists():
            self.patience_s = Limits.REPEATS_S
            raise Lost("isn't connected")
        capture = cv2.VideoCapture(self.device, cv2.CAP_V4L2 if self.has_node else cv2.CAP_ANY)
        if not capture.isOpened():
            self.patience_s = Limits.REPEATS_S
            capture.release()
            raise Lost("can't be opened")
        # Uncompressed, USB 2 carries 720p at 10 frames a second; chosen before the size.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if self.size:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self.size[1])
        if self.fps:
            capture.set(cv2.CAP_PROP_FPS, self.fps)
        return _Capture(self, capture)


class _Capture:
    def __init__(self, camera: CameraDevice, capture: cv2.VideoCapture) -> None:
        self._camera = camera
        self._capture = capture
        self._sample = b""
        self._changed = self._node_seen = time.monotonic()

    def read(self) -> tuple[int, Picture]:
        delivered, picture = self._capture.read()
        if not delivered or picture is None:
            raise Lost("delivers no more pictures")
        t = self._camera.now() - self._age_us()
        self._check(picture)
        return t, picture

    def close(self) -> None:
        self._capture.release()

    def _age_us(self) -> int:
        """How long ago the picture was taken, by the driver's monotonic clock."""
        age_s = time.monotonic() - self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return round(age_s * 1e6) if 0 <= age_s < Limits.AGE_MAX_S else 0

    def _check(self, picture: Picture) -> None:
        """Raises Lost where the pictures are those of a camera that is gone."""
        now = time.monotonic()
        camera = self._camera
        if camera.has_node and now - self._node_seen > Limits.NODE_S:
            if not camera.node.exists():
                raise Lost("is gone")
            self._node_seen = now
        sample = picture[:: Limits.SAMPLE, :: Limits.SAMPLE].tobytes()
        if sample != self._sample:
            self._sample, self._changed = sample, now
        elif now - self._changed > camera.patience_s:
            camera.patience_s *= 2
            raise Lost("repeats one picture", grace_s=Limits.GRACE_S)
