"""The source of sound."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Protocol

from msgspec import Meta

from edge.errors import UserError
from edge.graph.node import Context, Packet
from edge.io.containers import existing_file, is_device, is_stream, is_url
from edge.io.images import is_image
from edge.io.live import LiveReader
from edge.io.network import NetworkSound
from edge.io.playback import RecordedSound, count, is_recording
from edge.io.sound_conversion import SoundConverter
from edge.io.sound_device import SoundDevice
from edge.io.sound_file import NoSound, SoundFile
from edge.io.sounds import Sound
from edge.io.switched import Switched

log = logging.getLogger(__name__)


class Reader(Protocol):
    """One kind of source, opened."""

    def chunks(self) -> Iterator[Sound]: ...

    def close(self) -> None:
        """End `chunks` within 1 s, from any thread."""


class Microphone(Switched):
    """Sound of a microphone, a file, a network stream or a recording.

    Outputs `Sound`: int16 chunks of `chunk_ms`, each stamped at its first sample. A file's
    timestamps are its own, in µs from its start, the same zero as its picture's; gaps in its
    sound stay gaps. A live source's are on the graph's clock; nothing is dropped unless it goes
    unread for 2 s. A microphone that is lost is opened again, with the event `device` (name,
    state "lost" or "back", reason) for both.
    """

    class Settings(Switched.Settings):
        device: int | str = "default"
        """"default", a microphone's index or part of its name, a file with sound, a recording, or
        the address of a stream."""
        rate: Annotated[int, Meta(ge=8000, le=192_000)] = 16_000
        """Samples per second of the output."""
        channels: Annotated[int, Meta(ge=1, le=8)] = 1
        chunk_ms: Annotated[float, Meta(ge=5, le=40)] = 20
        required: bool = True
        """False: where there is no sound to be had, go on without, instead of an error."""

    settings: Settings
    medium = "sound"
    keep = "all"
    queue = 100

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        source = str(settings.device)
        self.live = is_stream(source) or not (is_url(source) or is_file(source))

    @classmethod
    def replaced_by(cls, source: Any, medium: str) -> dict[str, Any]:
        """A picture's own sound, if it has any, is heard; a camera's picture has none."""
        if medium == "sound":
            return {"device": source, "required": True}
        return {} if is_device(str(source)) else {"device": source, "required": False}

    def packets(self) -> Iterator[Packet[Sound]]:
        return super().packets()

    def _open_reader(self) -> Reader:
        settings = self.settings
        try:
            return open_reader(settings, self.context)
        except NoSound:
            if settings.required:
                raise UserError(
                    f"{settings.device} has no sound: give a file with sound, or set "
                    f"{self.context.name}.required=false to go on without"
                ) from None
        except UserError as error:
            if settings.required or settings.patient:
                raise
            log.warning("%s; going on without sound", error)
        return _Silence()

    def _values(self, reader: Reader) -> Iterator[Sound]:
        return reader.chunks()

    def _packet(self, value: Sound, t: int) -> Packet[Sound]:
        sound = value if t == value.t else replace(value, t=t)
        return Packet(t, sound, t if self.live else 0)


class _Silence:
    """Of what has no sound."""

    def chunks(self) -> Iterator[Sound]:
        return iter(())

    def close(self) -> None:
        pass


def open_reader(settings: Microphone.Settings, context: Context) -> Reader:
    """Choose by what `device` is. Raises NoSound where it has none, UserError where it can't be
    opened."""

    def converter() -> SoundConverter:
        return SoundConverter(settings.rate, settings.channels, settings.chunk_ms)

    source = str(settings.device)
    if is_stream(source):
        return LiveSound(LiveReader(NetworkSound(source, context.now, converter), context))
    if is_url(source):
        return SoundFile(source, converter())
    if is_file(source):
        return _open_file(existing_file(source), converter())
    index = int(source) if source.isdigit() else source
    device = SoundDevice(index, settings.rate, settings.channels, settings.chunk_ms, context.now)
    return LiveSound(LiveReader(device, context))


def _open_file(path: Path, converter: SoundConverter) -> Reader:
    if path.is_dir() or is_image(path):
        raise NoSound
    if not is_recording(path):
        return SoundFile(str(path), converter)
    if count(path, "/sound") == 0:
        raise NoSound
    return RecordedSound(path, converter)


def is_file(source: str) -> bool:
    """Rather than a microphone's name."""
    return Path(source).exists() or "/" in source or re.search(r"\.\w{2,4}$", source) is not None


class LiveSound:
    """What a live device delivers."""

    def __init__(self, reader: LiveReader[Sound]) -> None:
        self._reader = reader

    def chunks(self) -> Iterator[Sound]:
        return self._reader.values()

    def close(self) -> None:
        self._reader.close()
