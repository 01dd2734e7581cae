"""Writing frames, and the sound that belongs to them, as a video."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from msgspec import Meta
from numpy.typing import NDArray

from edge.errors import UserError
from edge.graph.node import Context, Node, Window
from edge.io.frames import Frame, Picture
from edge.io.part_file import PartFile
from edge.io.sound_conversion import GAP_US, LAYOUTS
from edge.io.sounds import Sound

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
TICK = Fraction(1, 90_000)
"""The usual clock of video, fine enough for every frame rate in use."""
SOUND_GRACE_US = 2_000_000
"""The file's tracks are fixed as its first byte is written, so that long it is held back for
sound to come. Sound that begins later is left out."""


class VideoWriter(Node):
    """Writes frames as H.264, at their own timestamps, with their sound as AAC if it is wired.

    All frames get the size of the first one (less an odd row or column), with black borders
    where their shape differs. Gaps in the sound become silence. The file has its name once it is
    closed, NAME.part before; nothing is left if no frame came.
    """

    class Settings(Node.Settings):
        path: str
        """.mp4, .mov or .mkv."""
        quality: Annotated[int, Meta(ge=0, le=51)] = 23
        """x264's constant rate factor: 0 is lossless, 18 looks so, 28 is small."""
        preset: str = "veryfast"
        """x264's: what it spends to make the file smaller."""

    settings: Settings

    def open(self, context: Context) -> None:
        """Raises UserError where the file can't be written or has an unknown suffix."""
        super().open(context)
        path = Path(self.settings.path)
        if path.suffix.lower() not in FORMATS:
            raise UserError(f"can't write {path}: name it {', '.join(sorted(FORMATS))}")
        container = FORMATS[path.suffix.lower()]
        self._target = PartFile(path)
        self._target.file.close()  # FFmpeg opens it itself, to move the index to its front
        options = {"movflags": "+faststart"} if container != "matroska" else {}
        self._container = av.open(f"file:{self._target.part}", "w", container, options)
        self._picture: _PictureTrack | None = None
        self._sound: _SoundTrack | None = None
        self._origin = 0
        self._held: list[av.Packet] | None = []

    def process(self, frame: Frame, sound: Window[Sound]) -> None:
        if self._picture is None:
            self._origin = frame.t
            self._picture = _PictureTrack(self._container, frame.size, self.settings)
        sound = [chunk for chunk in sound if chunk.t >= self._origin]
        if sound and self._sound is None and self._held is not None:
            self._sound = _SoundTrack(self._container, sound[0])
        if self._sound:
            self._mux(self._sound.encode(sound, self._origin))
        self._mux(self._picture.encode(frame, self._origin))
        if self._held is not None and frame.t - self._origin > SOUND_GRACE_US:
            self._release()

    def close(self) -> None:
        if not hasattr(self, "_container"):
            return
        if self._picture is None:
            self._container.close()
            self._target.discard()
            return
        for track in (self._picture, self._sound):
            if track:
                self._mux(track.finish())
        self._release()
        self._container.close()
        self._target.complete()

    def _mux(self, packets: Iterable[av.Packet]) -> None:
        if self._held is None:
            self._container.mux(list(packets))
        else:
            self._held.extend(packets)

    def _release(self) -> None:
        held, self._held = self._held, None
        self._mux(held or ())


class _PictureTrack:
    def __init__(
        self, container: OutputContainer, size: tuple[int, int], settings: VideoWriter.Settings
    ) -> None:
        options = {"crf": str(settings.quality), "preset": settings.preset}
        stream = container.add_stream("libx264", options=options)
        self._size = stream.width, stream.height = size[0] & ~1, size[1] & ~1
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = TICK
        stream.codec_context.colorspace = Colorspace.ITU601
        stream.codec_context.color_range = ColorRange.MPEG
        self._stream = stream
        self._last = -1

    def encode(self, frame: Frame, origin: int) -> Iterable[av.Packet]:
        # OpenCV turns BGR to BT.601 in a third of FFmpeg's time, and without its tint.
        yuv = cv2.cvtColor(_fitted(frame.bgr, self._size), cv2.COLOR_BGR2YUV_I420)
        picture = av.VideoFrame.from_ndarray(np.asarray(yuv, np.uint8), "yuv420p")
        self._last = max(self._last + 1, round((frame.t - origin) / 1e6 / TICK))
        picture.pts, picture.time_base = self._last, TICK
        return self._stream.encode(picture)

    def finish(self) -> Iterable[av.Packet]:
        return self._stream.encode()


class _SoundTrack:
    """Sound from the first chunk on, without gaps."""

    def __init__(self, container: OutputContainer, first: Sound) -> None:
        self._rate = first.rate
        self._channels = first.samples.shape[1]
        self._layout = LAYOUTS.get(self._channels, f"{self._channels}c")
        self._stream = container.add_stream("aac", rate=self._rate)
        self._stream.layout = self._layout
        self._end: int | None = None

    def encode(self, chunks: Iterable[Sound], origin: int) -> Iterable[av.Packet]:
        for chunk in chunks:
            start = round((chunk.t - origin) * self._rate / 1e6)
            self._end = start if self._end is None else self._end
            missing = start - self._end
            if missing > GAP_US * self._rate / 1e6:
                yield from self._append(np.zeros((missing, self._channels), np.int16))
            yield from self._append(chunk.samples)

    def finish(self) -> Iterable[av.Packet]:
        return self._stream.encode()

    def _append(self, samples: NDArray[np.int16]) -> Iterable[av.Packet]:
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", self._layout)
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._end, Fraction(1, self._rate)
        self._end = (self._end or 0) + len(samples)
        return self._stream.encode(frame)


def _fitted(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture at a given size, as large as fits, its proportions kept, centred on black."""
    width, height = size
    if 0 <= picture.shape[1] - width <= 1 and 0 <= picture.shape[0] - height <= 1:
        return np.ascontiguousarray(picture[:height, :width])
    scale = min(width / picture.shape[1], height / picture.shape[0])
    fitted = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    fitted = fitted[:height, :width]
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - fitted.shape[0]) // 2, (width - fitted.shape[1]) // 2
    canvas[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return canvas
