"""The sound of a file."""

import logging
from collections.abc import Iterator
from fractions import Fraction

from edge.io.containers import Decoder, Timeline, open_file, without_secret
from edge.io.sound_conversion import SoundConverter
from edge.io.sounds import Sound

log = logging.getLogger(__name__)


class NoSound(Exception):
    """The file can be read but has no sound track."""


class SoundFile:
    """Decodes the sound track of a file, or of an address of one, at the caller's pace."""

    def __init__(self, name: str, converter: SoundConverter) -> None:
        """Raises NoSound where the file has none, UserError where it can't be read."""
        self._name = without_secret(name)
        self._container = open_file(name)
        if not self._container.streams.audio:
            self._container.close()
            raise NoSound
        self._stream = self._container.streams.audio[0]
        self._converter = converter
        self._decoder = Decoder(self._container, self._stream)

    def chunks(self) -> Iterator[Sound]:
        """A file that breaks off just ends: the picture, or the player, says so."""
        timeline = Timeline(self._container, Fraction(1024, self._stream.rate or 48000))
        for frame in self._decoder.frames():
            yield from self._converter.add(frame, timeline.t(frame))
        yield from self._converter.finish()
        if self._decoder.damaged or self._decoder.fault:
            fault = self._decoder.fault or f"{self._decoder.damaged} damaged packets left out"
            log.warning("%s: its sound is incomplete (%s)", self._name, fault)

    def close(self) -> None:
        """End `chunks`, from any thread."""
        self._decoder.close()
