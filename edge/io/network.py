"""Streams of network cameras: RTSP, HTTP (MJPEG) and whatever else FFmpeg plays live."""

from collections.abc import Callable, Iterator
from typing import Any

import av
from av.container import InputContainer

from edge.io.containers import Decoder, without_secret
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
            raise Lost(f"can't be opened ({error.strerror or error})") from error


class NetworkPicture(_NetworkStream):
    """The picture of a network stream; its captures read (t, decoded frame).

    `now`: the graph's clock, µs; `t` is the moment a frame arrived.
    """

    def connect(self) -> "_PictureCapture":
        container = self._open()
        if not container.streams.video:
            container.close()
            raise Lost("has no picture")
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would each hold back a frame
        return _PictureCapture(container, stream, self._now)


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
            raise Lost("has no sound")
        stream = container.streams.audio[0]
        return _SoundCapture(container, stream, self._now, self._converter())


class _Capture:
    def __init__(
        self,
        container: InputContainer,
        stream: av.VideoStream | av.AudioStream,
        now: Callable[[], int],
    ) -> None:
        self._decoder = Decoder(container, stream)
        self._frames = self._decoder.frames()
        self._now = now

    def close(self) -> None:
        self._decoder.close()

    def _next_frame(self) -> Any:
        frame = next(self._frames, None)
        if frame is None:
            raise Lost(f"delivers no more ({self._decoder.fault or 'the stream ended'})")
        return frame


class _PictureCapture(_Capture):
    def read(self) -> tuple[int, av.VideoFrame]:
        frame = self._next_frame()
        return self._now(), frame


class _SoundCapture(_Capture):
    def __init__(
        self,
        container: InputContainer,
        stream: av.AudioStream,
        now: Callable[[], int],
        converter: SoundConverter,
    ) -> None:
        super().__init__(container, stream, now)
        self._converter = converter
        self._chunks: Iterator[Sound] = iter(())

    def read(self) -> Sound:
        while (chunk := next(self._chunks, None)) is None:
            frame = self._next_frame()
            t = self._now() - round(frame.samples * 1e6 / frame.sample_rate)
            self._chunks = self._converter.add(frame, t, gap_us=Limits.LATE_US, live=True)
        return chunk
