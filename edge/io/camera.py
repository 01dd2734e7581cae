"""The source of pictures."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Protocol

import cv2
from msgspec import Meta

from edge.graph.node import Context, Packet
from edge.io.containers import existing_file, is_device, is_stream, is_url
from edge.io.device import CameraDevice
from edge.io.frames import Frame
from edge.io.images import Images, is_image
from edge.io.live import LiveReader
from edge.io.network import NetworkPicture
from edge.io.playback import RecordedPicture, is_recording
from edge.io.switched import Switched
from edge.io.video_file import VideoFile


class Reader(Protocol):
    """One kind of source, opened."""

    frames_total: int | None
    """How many frames will come, as far as can be known."""

    def frames(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """End `frames` within 1 s, from any thread."""


class Camera(Switched):
    """Pictures of a camera, a network stream, a video file, images or a recording.

    Outputs `Frame`. A file's timestamps are its own, in µs from its start, and all its frames
    come; it waits for whoever is slow. A live source's are the graph's clock at capture; it is
    opened again when it is lost, with the event `device` (name, state "lost" or "back", reason)
    for both, a camera within 1 s of stopping and 3 s of its return.
    A file that breaks off raises UserError after the frames up to there.
    """

    class Settings(Switched.Settings):
        device: int | str = 0
        """Camera index, /dev/video*, video file, image, folder of images, recording (.mcap), or the
        address of an RTSP or HTTP (MJPEG) stream."""
        size: tuple[int, int] | None = (1280, 720)
        """Width and height asked of a camera; all else keeps its own."""
        fps: Annotated[float, Meta(gt=0)] | None = None
        """Frames per second asked of a camera."""
        images_fps: Annotated[float, Meta(gt=0)] | None = None
        """Makes a sequence of a folder's images, which are independent without it."""
        rotate: Literal[0, 90, 180, 270] = 0
        """Degrees clockwise. A recording's pictures are already turned, and stay as they are."""
        mirrored: bool = False
        """The picture is a selfie view: a hand at its left edge is the person's own left."""
        decoder_threads: Annotated[int, Meta(ge=1)] = 2
        """For decoding a video file."""

    settings: Settings
    medium = "picture"
    keep = "newest"
    frames_total: int | None = None
    """How many frames will come, None where that can't be known."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        source = str(settings.device)
        self.live = is_device(source) or is_stream(source)
        self._read = self._given = -1

    def open(self, context: Context) -> None:
        """Raises UserError where the source can't be opened and isn't waited for."""
        # The graph's nodes run beside each other; OpenCV's own threads doubled the work of a crop.
        cv2.setNumThreads(1)
        super().open(context)

    def packets(self) -> Iterator[Packet[Frame]]:
        return super().packets()

    def _open_reader(self) -> Reader:
        reader = open_reader(self.settings, self.context)
        self.frames_total = None if self.settings.loop else reader.frames_total
        return reader

    def _values(self, reader: Reader) -> Iterator[Frame]:
        return reader.frames()

    def _packet(self, value: Frame, t: int) -> Packet[Frame]:
        # Numbers go on where a file, or a device that was muted, begins again.
        self._given += max(1, value.index - self._read)
        self._read = value.index
        value.t, value.index = t, self._given
        value.mirrored = self.settings.mirrored
        return Packet(t, value, t if self.live else 0)


def open_reader(settings: Camera.Settings, context: Context) -> Reader:
    """Choose by what `device` is. Raises UserError where it can't be opened."""
    source = str(settings.device)
    if is_device(source):
        index = int(source) if source.isdigit() else source
        camera = CameraDevice(index, settings.size, settings.fps, context.now)
        return LivePicture(LiveReader(camera, context), settings.rotate)
    if is_stream(source):
        stream = NetworkPicture(source, context.now)
        return LivePicture(LiveReader(stream, context), settings.rotate)
    if not is_url(source):
        path = existing_file(source)
        if path.is_dir() or is_image(path):
            return Images(path, settings.rotate, settings.images_fps)
        if is_recording(path):
            return RecordedPicture(path)
    return VideoFile(source, settings.rotate, settings.decoder_threads)


class LivePicture:
    """Numbers and turns what a live device delivers."""

    frames_total: int | None = None

    def __init__(self, reader: LiveReader[tuple[int, Any]], rotate: int) -> None:
        """`reader`: yields (t, picture or decoded frame)."""
        self._reader = reader
        self._rotate = rotate

    def frames(self) -> Iterator[Frame]:
        for index, (t, picture) in enumerate(self._reader.values()):
            yield Frame(picture, index, t, rotate=self._rotate)

    def close(self) -> None:
        self._reader.close()
