"""Pictures as a camera of this machine, for other programs to see: through v4l2loopback."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from edge.errors import UserError
from edge.graph.node import Context, Node
from edge.io.frames import Frame

log = logging.getLogger(__name__)
FORMAT = "v4l2"
"""FFmpeg's name of it: raw pictures, as they come."""
ADVICE = "sudo modprobe v4l2loopback exclusive_caps=1 makes one (apt-get install v4l2loopback-dkms)"


class VirtualCamera(Node):
    """Writes frames into a loopback device, each as soon as it comes.

    Programs that read it want one size for ever: what has another is fitted into it, with bars.
    """

    class Settings(Node.Settings):
        device: str
        """Such as /dev/video10."""
        size: tuple[int, int] = (1280, 720)
        """Width and height, even."""

    settings: Settings

    def open(self, context: Context) -> None:
        """Raises UserError where there is no such device, or it takes no pictures."""
        super().open(context)
        device, (width, height) = self.settings.device, self.settings.size
        if not Path(device).exists():
            raise UserError(f"there is no virtual camera {device}: {ADVICE}")
        try:
            self._container = av.open(device, "w", format=FORMAT)
            self._stream = self._container.add_stream("rawvideo", rate=30)
            self._stream.width, self._stream.height = width, height
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, 1_000_000)
            self._container.start_encoding()
        except (av.FFmpegError, OSError) as error:
            raise UserError(f"{device} takes no pictures ({error.strerror}): {ADVICE}") from None

    def process(self, frame: Frame) -> None:
        picture = _fitted(frame, self.settings.size)
        yuv = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        shown = av.VideoFrame.from_ndarray(yuv, "yuv420p")
        shown.pts, shown.time_base = self.t, Fraction(1, 1_000_000)
        self._container.mux(self._stream.encode(shown))

    def close(self) -> None:
        try:
            self._container.close()
        except (av.FFmpegError, OSError) as error:  # the device has gone
            log.warning("%s: %s", self.settings.device, error)


def _fitted(frame: Frame, size: tuple[int, int]) -> np.ndarray:
    """Return a frame's picture at a size, (height, width, 3), with bars where its shape differs."""
    if frame.size == size:
        return frame.bgr
    scale = min(size[0] / frame.size[0], size[1] / frame.size[1])
    width, height = (max(1, round(scale * length)) for length in frame.size)
    fitted = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    fitted[top : top + height, left : left + width] = cv2.resize(frame.bgr, (width, height))
    return fitted
