"""What cameras and microphones have in common: they can be muted, waited for, and begun again."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Protocol

import av

from edge.errors import UserError
from edge.graph.node import Context, Packet, Source
from edge.io.containers import is_url
from edge.io.live import Limits


class Reader(Protocol):
    """A device or a file, opened."""

    def close(self) -> None:
        """End what is read from it within 1 s, from any thread."""


class Switched(Source):
    """A source whose device can be closed for a while, and whose file can begin again.

    Emits the event `device` (name, state "lost" or "back", reason) as it is muted and unmuted, and
    where a device that is waited for comes.
    """

    class Settings(Source.Settings):
        device: int | str = 0
        loop: bool = False
        """A file begins again when it has ended, for ever; its timestamps go on."""
        patient: bool = False
        """A device that isn't there is waited for: no error."""
        muted: bool = False
        """The device isn't opened before somebody unmutes it."""

    settings: Settings

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.muted = settings.muted
        self._changed = threading.Condition()
        self._opened = self._closed = self._is_lost = False
        self._reader: Reader | None = None
        self._lap = _Lap()

    def open(self, context: Context) -> None:
        """Raises UserError where the source can't be opened and isn't waited for."""
        super().open(context)
        self._opened = True
        if self.muted:
            return
        try:
            self._keep(self._open_reader())
        except UserError as error:
            if not self.settings.patient:
                raise
            self._tell_lost(str(error))

    def mute(self) -> None:
        """Close the device until `unmute`; it is closed when this returns. Safe from any thread."""
        with self._changed:
            reader, self._reader = self._reader, None
            was_muted, self.muted = self.muted, True
        if reader is not None:
            reader.close()
        if not was_muted:
            self._tell("lost", "is muted")

    def unmute(self) -> None:
        """Have the device opened again, soon. Safe from any thread."""
        with self._changed:
            if not self.muted:
                return
            self.muted, self._is_lost = False, True  # "back" is told when it delivers
            self._lap.resumes_at = self.context.now() if self._opened else 0
            self._changed.notify_all()

    def packets(self) -> Iterator[Packet[Any]]:
        while (reader := self._wanted_reader()) is not None:
            came = False
            for value in self._values(reader):
                t = value.t if self.live else self._lap.place(value.t)
                if t is not None:
                    yield self._packet(value, t)
                came = True
            with self._changed:
                if self._closed:
                    return
                if self._reader is reader:  # it ended by itself
                    if not (self.settings.loop and came):
                        return
                    self._reader = None
                    self._lap.ended(_duration_us(self.settings.device))
            reader.close()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            reader = self._reader
        if reader is not None:
            reader.close()

    # -- what cameras and microphones do each in its way ----------------------------------------

    def _open_reader(self) -> Reader:
        """Raises UserError."""
        raise NotImplementedError

    def _values(self, reader: Any) -> Iterator[Any]:
        """Yield what is read; each has a time `t`, µs."""
        raise NotImplementedError

    def _packet(self, value: Any, t: int) -> Packet[Any]:
        raise NotImplementedError

    # -- within ---------------------------------------------------------------------------------

    def _wanted_reader(self) -> Reader | None:
        """Wait until the source is to be read, and open it if need be; None once it is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or not self.muted)
                if self._closed:
                    return None
                if self._reader is not None:
                    return self._reader
            try:
                reader = self._open_reader()
            except UserError as error:
                if not self.live:
                    raise
                self._tell_lost(str(error))
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, Limits.RETRY_MAX_S)
                continue
            if self._keep(reader) and self._is_lost:
                self._is_lost = False
                self._tell("back", "delivers again")

    def _keep(self, reader: Reader) -> bool:
        """Have a reader read, unless the source was muted or closed while it opened: then that is
        closed, too."""
        with self._changed:
            is_wanted = not (self._closed or self.muted)
            if is_wanted:
                self._reader = reader
        if not is_wanted:
            reader.close()
        return is_wanted

    def _tell_lost(self, reason: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._tell("lost", reason)

    def _tell(self, state: str, reason: str) -> None:
        if not self._opened:  # there is nobody yet to be told
            return
        name = self.context.name
        self.context.event("device", name=name, state=state, reason=reason)


class _Lap:
    """Where the times of a file that begins again and again stand in those of the graph, µs."""

    def __init__(self) -> None:
        self.resumes_at = 0
        """What is before isn't wanted any more: it was muted then."""
        self._begin = 0
        self._last = 0
        self._step = 1
        self._length = 0

    def place(self, t: int) -> int | None:
        """Return the graph's time of a file's, None where that has been missed."""
        self._step = max(1, t - self._last) if t > self._last else self._step
        self._last = t
        if self._length:  # by whole laps, so that sound and picture miss the same
            while self._begin + self._length <= self.resumes_at:
                self._begin += self._length
        t += self._begin
        return t if t >= self.resumes_at else None

    def ended(self, duration_us: int) -> None:
        self._length = duration_us if duration_us > self._last else self._last + self._step
        self._begin += self._length
        self._last = 0


def _duration_us(source: int | str) -> int:
    """Return how long the longest stream of a file is, 0 where that isn't known: one length for
    its picture and its sound, so that they stay together."""
    with contextlib.suppress(av.FFmpegError, OSError):
        name = str(source)
        with av.open(name if is_url(name) else f"file:{name}") as container:
            return int(container.duration or 0)
    return 0
