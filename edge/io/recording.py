"""Writing down what a camera and a microphone delivered, to be played back as it happened."""

import time
from typing import Annotated, Literal

import cv2
from mcap.writer import CompressionType, Writer
from msgspec import Meta

from edge.graph.node import Context, Node, Window
from edge.io.frames import Frame
from edge.io.part_file import PartFile
from edge.io.results_file import ENCODER
from edge.io.sounds import Sound

CHUNK_BYTES = 256 * 1024
"""What a crash may lose: a picture or two."""
ENCODINGS = {
    "jpeg": (".jpg", cv2.IMWRITE_JPEG_QUALITY),
    "png": (".png", cv2.IMWRITE_PNG_COMPRESSION),
}


class Recorder(Node):
    """Writes frames, sound and results to an MCAP file.

    Inputs: `frame`; `sound`, optional; `result`, optional: whatever a node puts out, as JSON.
    Channels: /picture (JPEG or PNG, the sequence number is the frame's index), /sound (int16
    little-endian samples; rate and channels in the channel's metadata), /result (JSON). Log
    times are the packets' timestamps, in ns. Frames that never came leave gaps in the indexes.
    The file has its name once it is closed, NAME.part before; nothing is left if nothing came.
    """

    class Settings(Node.Settings):
        path: str
        """The recording, NAME.mcap."""
        picture: Literal["jpeg", "png"] = "jpeg"
        """"png" is lossless: five times the size and twenty times the work."""
        quality: Annotated[int, Meta(ge=1, le=100)] = 95
        """Of JPEG."""
        source: str = ""
        """What is recorded, for who looks at the file later."""

    settings: Settings

    def open(self, context: Context) -> None:
        """Raises UserError where the file can't be written."""
        super().open(context)
        self._target = PartFile(self.settings.path)
        self._writer = Writer(self._target.file, CHUNK_BYTES, CompressionType.NONE)
        self._writer.start(profile="edge", library="edge")
        self._channels: dict[tuple[str, str], int] = {}
        self._writer.add_metadata(
            "recording",
            {
                "source": self.settings.source,
                "live": str(context.live).lower(),
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            },
        )

    def process(self, frame: Frame, sound: Window[Sound], result: object | None) -> None:
        for chunk in sound:
            self._write_sound(chunk)
        self._write_picture(frame)
        if result is not None:
            channel = self._channel("/result", "json")
            self._add(channel, frame.t, ENCODER.encode(result), frame.index)

    def close(self) -> None:
        if not hasattr(self, "_writer"):
            return
        if self._channels:
            self._writer.finish()
            self._target.complete()
        else:
            self._target.discard()

    def _write_picture(self, frame: Frame) -> None:
        encoding = self.settings.picture
        suffix, option = ENCODINGS[encoding]
        # PNG's fastest level: recording has to keep up, the disk is large.
        level = self.settings.quality if encoding == "jpeg" else 1
        data = cv2.imencode(suffix, frame.bgr, [option, level])[1].tobytes()
        channel = self._channel("/picture", encoding, still=str(frame.still).lower())
        self._add(channel, frame.t, data, frame.index)

    def _write_sound(self, chunk: Sound) -> None:
        channel = self._channel(
            "/sound", "pcm_s16le", rate=str(chunk.rate), channels=str(chunk.samples.shape[1])
        )
        self._add(channel, chunk.t, chunk.samples.astype("<i2", copy=False).tobytes(), 0)

    def _channel(self, topic: str, encoding: str, **metadata: str) -> int:
        key = topic, str(metadata)
        if key not in self._channels:
            self._channels[key] = self._writer.register_channel(topic, encoding, 0, metadata)
        return self._channels[key]

    def _add(self, channel: int, t: int, data: bytes, sequence: int) -> None:
        t_ns = t * 1000
        self._writer.add_message(channel, t_ns, data, publish_time=t_ns, sequence=sequence)
