"""The pictures of a video file."""

import logging
from collections.abc import Iterator
from fractions import Fraction

import av

from edge.errors import UserError
from edge.io.containers import Decoder, Timeline, open_file, without_secret
from edge.io.frames import Frame

log = logging.getLogger(__name__)

USUAL_RATE = Fraction(25)
"""Frames per second where a file doesn't say."""
MISSING_S = 0.5
"""A file may promise a little more than it holds (rounded or edited); from here on it was cut.
Where a piece of it is damaged, any missing frame says so."""


class VideoFile:
    """Decodes a file, or an address of one, at the caller's pace.

    `rotate`: degrees clockwise, on top of what the file itself asks for.
    `decoder_threads`: one decodes 720p H.264 at 200 frames a second on a PC core; two on top
    keep a slow board ahead of 30.
    """

    def __init__(self, name: str, rotate: int = 0, decoder_threads: int = 2) -> None:
        self._name = without_secret(name)
        self._rotate = rotate
        self._container = open_file(name)
        if not self._container.streams.video:
            self._container.close()
            raise UserError(f"{self._name} has no picture, only sound: give a video as source")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = decoder_threads
        self._rate = self._stream.average_rate or USUAL_RATE
        self._promised_s = _promised_s(self._container, self._stream)
        self.frames_total = self._stream.frames or (
            round(self._promised_s * self._rate) if self._promised_s else None
        )
        self._decoder = Decoder(self._container, self._stream)

    def frames(self) -> Iterator[Frame]:
        """Raises UserError at the end where the file was cut off."""
        timeline = Timeline(self._container, 1 / self._rate)
        end = count = 0
        for count, picture in enumerate(self._decoder.frames(), 1):
            t = timeline.t(picture)
            end = max(end, t)
            yield Frame(picture, count - 1, t, rotate=(self._rotate - picture.rotation) % 360)
        if not self._decoder.closed:
            self._check_whole(end / 1e6, count)

    def close(self) -> None:
        """End `frames`, from any thread."""
        self._decoder.close()

    def _check_whole(self, end_s: float, frames: int) -> None:
        step_s = float(1 / self._rate)
        missing_s = (self._promised_s or 0) - end_s - step_s
        if missing_s > (step_s / 2 if self._decoder.damaged else MISSING_S) or self._decoder.fault:
            promised = f" of {self._promised_s:.2f} s" if self._promised_s else ""
            why = f" ({self._decoder.fault})" if self._decoder.fault else ""
            raise UserError(
                f"{self._name} is cut off at {end_s:.2f} s{promised}{why}: the {frames} frames "
                "up to there were processed; fetch the file again for the rest"
            )
        if self._decoder.damaged:
            log.warning("%s: %d damaged packets left out", self._name, self._decoder.damaged)


def _promised_s(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """How long the picture is by the file's own index or header, None where it has none."""
    if stream.frames and stream.average_rate:
        return float(stream.frames / stream.average_rate)
    if "DURATION" in stream.metadata:  # Matroska: 00:00:04.000000000
        hours, minutes, seconds = stream.metadata["DURATION"].split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return None
