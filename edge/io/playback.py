"""Reading recordings back, also those that were cut off."""

import struct
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Channel, Message
from mcap.stream_reader import StreamReader
from mcap.writer import MCAP0_MAGIC

from edge.errors import UserError
from edge.io.frames import Frame
from edge.io.sound_conversion import LAYOUTS, SoundConverter
from edge.io.sounds import Sound

BROKEN = (McapError, ValueError, struct.error)
"""What reading an incomplete file ends with: no data, a wrong checksum, half a field."""


def is_recording(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC


def messages(path: Path, *topics: str) -> Iterator[tuple[Channel, Message]]:
    """The messages of some topics in the order in which they were written.

    Raises UserError where the recording was cut off or damaged, after all that is whole.
    """
    channels: dict[int, Channel] = {}
    last_ns = 0
    with path.open("rb") as file:
        try:
            for record in StreamReader(file, validate_crcs=True).records:
                if isinstance(record, Channel):
                    channels[record.id] = record
                elif isinstance(record, Message):
                    last_ns = record.log_time
                    if channels[record.channel_id].topic in topics:
                        yield channels[record.channel_id], record
        except BROKEN as error:
            raise UserError(
                f"{path} is cut off or damaged at {last_ns / 1e9:.2f} s: all up to there was "
                "processed; if there is a better copy, take that"
            ) from error


def count(path: Path, topic: str) -> int | None:
    """How many messages a topic has, None where the recording was cut off."""
    with path.open("rb") as file:
        try:
            summary = make_reader(file).get_summary()
        except BROKEN:
            return None
    if summary is None or summary.statistics is None:
        return None
    counts = summary.statistics.channel_message_counts
    return sum(counts.get(id, 0) for id, c in summary.channels.items() if c.topic == topic)


class RecordedPicture:
    """The frames of a recording, with the indexes and timestamps that they had."""

    def __init__(self, path: Path) -> None:
        """Raises UserError where it has no picture."""
        self._path = path
        self._closed = False
        self.frames_total = count(path, "/picture")
        if self.frames_total == 0:
            raise UserError(f"{path} has no picture: give a recording of a camera")

    def frames(self) -> Iterator[Frame]:
        for channel, message in messages(self._path, "/picture"):
            if self._closed:
                return
            picture = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None  # its checksum was right
            still = channel.metadata.get("still") == "true"
            yield Frame(picture, message.sequence, message.log_time // 1000, still=still)

    def close(self) -> None:
        self._closed = True


class RecordedSound:
    """The sound of a recording: its own chunks where they fit, else converted."""

    def __init__(self, path: Path, converter: SoundConverter) -> None:
        self._path = path
        self._converter = converter
        self._closed = False

    def chunks(self) -> Iterator[Sound]:
        converter = self._converter
        for channel, message in messages(self._path, "/sound"):
            if self._closed:
                return
            rate, channels = int(channel.metadata["rate"]), int(channel.metadata["channels"])
            samples = np.frombuffer(message.data, "<i2").reshape(-1, channels)
            t = message.log_time // 1000
            if (rate, samples.shape) == (converter.rate, (converter.size, converter.channels)):
                yield Sound(samples, rate, t)
            else:
                yield from converter.add(_decoded(samples, rate), t)
        yield from converter.finish()

    def close(self) -> None:
        self._closed = True


def _decoded(samples: np.ndarray, rate: int) -> av.AudioFrame:
    channels = samples.shape[1]
    layout = LAYOUTS.get(channels, f"{channels}c")
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = rate
    return frame
