"""Streams of network cameras: RTSP, HTTP (MJPEG) and whatever else FFmpeg plays live."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import av
from av.container import InputContainer

from edge.io.containers import without_secret
from edge.io.live import Lost
from edge.io.sound_conversion import SoundConverter
from edge.io.sounds import Sound


class Limits:
    CONNECT_S = 5.0
    """For name look-up, connection and the stream's first data."""
    SILENT_S = 2.5
    """Wireless cameras pause for a second or two, and cheap ones send a picture a second."""
    LATE_US = 500_000
    """Sound that comes this much later than its samples account for has had a gap."""


OPTIONS = {
    "rtsp_transport": "tcp",  # over UDP, lost packets smear the picture
    "fflags": "nobuffer",
    "flags": "low_delay",
}


class _NetworkStream:
    advice = "check the address and that the camera is on and can be reached from here"
    silent_s = Limits.SILENT_S

    def __init__(self, url: str, now: Callable[[], int]) -> None:
        self._url = url
        self._now = now
        self.label = without_secret(url)

    def _open(self) -> InputContainer:
        try:
            return av.open(self._url, options=OPTIONS, timeout=(Limits.CONNECT_S, Limits.SILENT_S))
        except (av.FFmpegError, OSError) as error:
            raise Lost(f"{self.label} can't be opened ({error.strerror or error})") from error


class NetworkPicture(_NetworkStream):
    """The picture of a network stream; its captures read (t, decoded frame).

    `now`: the graph's clock, µs; `t` is the moment a frame arrived.
    """

    def connect(self) -> "_PictureCapture":
        container = self._open()
        if not container.streams.video:
            container.close()
            raise Lost(f"{self.label} has no picture")
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would each hold back a frame
        return _PictureCapture(self.label, container, stream, self._now)


class NetworkSound(_NetworkStream):
    """The sound of a network stream; its captures read chunks of `Sound`.

    The first chunk is stamped as it arrives, later ones by their samples.
    """

    def __init__(
        self, url: str, now: Callable[[], int], converter: Callable[[], SoundConverter]
    ) -> None:
        super().__init__(url, now)
        self._converter = converter

    def connect(self) -> "_SoundCapture":
        container = self._open()
        if not container.streams.audio:
            container.close()
            raise Lost(f"{self.label} has no sound")
        stream = container.streams.audio[0]
        return _SoundCapture(self.label, container, stream, self._now, self._converter())


class _NetworkCapture:
    def __init__(
        self, label: str, container: InputContainer, stream: av.VideoStream | av.AudioStream
    ) -> None:
        self._label = label
        self._container = container
        self._packets = container.demux(stream)
        self._frames: Iterator[Any] = iter(())

    def close(self) -> None:
        self._container.close()

    def _next_frame(self) -> Any:
        while (frame := next(self._frames, None)) is None:
            try:
                packet = next(self._packets)
            except (StopIteration, av.FFmpegError, OSError) as error:
                why = getattr(error, "strerror", None) or "the stream ended"
                raise Lost(f"{self._label} delivers no more ({why})") from error
            with contextlib.suppress(av.InvalidDataError):  # a damaged piece: the next may be whole
                self._frames = iter(packet.decode())
        return frame


class _PictureCapture(_NetworkCapture):
    def __init__(
        self, label: str, container: InputContainer, stream: av.VideoStream, now: Callable[[], int]
    ) -> None:
        super().__init__(label, container, stream)
        self._now = now

    def read(self) -> tuple[int, av.VideoFrame]:
        frame = self._next_frame()
        return self._now(), frame


class _SoundCapture(_NetworkCapture):
    def __init__(
        self,
        label: str,
        container: InputContainer,
        stream: av.AudioStream,
        now: Callable[[], int],
        converter: SoundConverter,
    ) -> None:
        super().__init__(label, container, stream)
        self._now = now
        self._converter = converter
        self._chunks: Iterator[Sound] = iter(())

    def read(self) -> Sound:
        while (chunk := next(self._chunks, None)) is None:
            frame = self._next_frame()
            t = self._now() - round(frame.samples * 1e6 / frame.sample_rate)
            self._chunks = self._converter.add(frame, t, gap_us=Limits.LATE_US)
        return chunk
