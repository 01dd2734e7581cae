"""Microphones at this machine, through PortAudio."""

import contextlib
import importlib
import itertools
import logging
import queue
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np

from edge.errors import UserError, nearest
from edge.io.live import Lost
from edge.io.sound_conversion import LAYOUTS, SoundConverter
from edge.io.sounds import Sound

log = logging.getLogger(__name__)


class Limits:
    SILENT_S = 0.9
    """A microphone that stops is to be noticed within 1 s."""
    QUEUE = 100
    """Chunks that wait for whoever reads: 2 s at 20 ms."""
    GAP_US = 60_000
    """Stamps of chunks jitter by a few ms, as callbacks come late. What differs more from the count
    of samples is sound that was lost: from there on time is counted anew."""
    LATENCY_MAX_S = 1.0
    """A driver that claims more has its clock wrong; its latency is not believed."""


def load() -> Any:
    """The sounddevice module. Raises UserError where PortAudio is missing."""
    try:
        return importlib.import_module("sounddevice")
    except OSError:  # on macOS and Windows its wheel brings PortAudio along
        raise UserError(
            "microphones need PortAudio, which isn't installed: `apt-get install libportaudio2`"
        ) from None


def list_microphones() -> dict[int, str]:
    """Index → name, of the devices that have inputs. Raises UserError without PortAudio."""
    devices = load().query_devices()
    return {d["index"]: d["name"] for d in devices if d["max_input_channels"] > 0}


class SoundDevice:
    """A microphone by index or part of its name; its captures read chunks of `Sound`.

    `now`: the graph's clock, µs. Sound is stamped with when it was taken, by the driver's account
    of its own latency, and then by counting samples. A microphone that has neither the rate nor the
    channels asked for is opened as it is, and what it delivers converted.
    """

    silent_s = Limits.SILENT_S

    def __init__(
        self,
        device: int | str,
        rate: int,
        channels: int,
        chunk_ms: float,
        now: Callable[[], int],
    ) -> None:
        """Raises UserError where PortAudio is missing or no device has that name."""
        self.device = device
        self.rate = rate
        self.channels = channels
        self.chunk_ms = chunk_ms
        self.now = now
        self.label = f"microphone {device}"
        self.sounddevice = load()
        self._opened_before = False
        if isinstance(device, str) and device != "default":
            known = list_microphones().values()
            if not any(device.lower() in name.lower() for name in known):
                raise UserError(f"no microphone '{device}'{nearest(device, known)}")

    @property
    def advice(self) -> str:
        known = list_microphones()
        if not known:
            return "no microphone is connected: connect one, or give a file with sound"
        return "microphones here: " + ", ".join(f"{i} ({name})" for i, name in known.items())

    def format(self) -> tuple[int, int]:
        """Return the rate and the channels to open it with: as asked for, as far as it can."""
        known = self.sounddevice.query_devices(self.index, "input")
        most, usual = int(known["max_input_channels"]), int(known["default_samplerate"])
        wanted = ((self.rate, usual), (min(self.channels, most), most))
        for channels, rate in itertools.product(*reversed(wanted)):
            with contextlib.suppress(self.sounddevice.PortAudioError, ValueError):
                self.sounddevice.check_input_settings(self.index, channels, "int16", None, rate)
                return rate, channels
        return usual, most  # opening it will say why not

    @property
    def index(self) -> int | str | None:
        return None if self.device == "default" else self.device

    def connect(self) -> "_Capture":
        if self._opened_before:
            # PortAudio lists devices once, as it starts: it wouldn't see one that has come back.
            self.sounddevice._terminate()
            self.sounddevice._initialize()
        self._opened_before = True
        try:
            return _Capture(self)
        except (self.sounddevice.PortAudioError, ValueError) as error:
            raise Lost(f"can't be opened ({error})") from error


class _Capture:
    def __init__(self, device: SoundDevice) -> None:
        self._device = device
        self._raw: queue.Queue[Sound] = queue.Queue(Limits.QUEUE)
        self._overruns = 0
        self._rate, channels = device.format()
        self._layout = LAYOUTS.get(channels, f"{channels}c")
        self._converter = SoundConverter(device.rate, device.channels, device.chunk_ms)
        self._chunks: Iterator[Sound] = iter(())
        self._stream = device.sounddevice.InputStream(
            samplerate=self._rate,
            blocksize=round(self._rate * device.chunk_ms / 1000),
            device=device.index,
            channels=channels,
            dtype="int16",
            callback=self._receive,
        )
        self._stream.start()

    def read(self) -> Sound:
        while (chunk := next(self._chunks, None)) is None:
            try:
                raw = self._raw.get(timeout=Limits.SILENT_S)
            except queue.Empty:
                raise Lost("delivers no more sound") from None
            frame = av.AudioFrame.from_ndarray(
                raw.samples.reshape(1, -1), format="s16", layout=self._layout
            )
            frame.sample_rate = raw.rate
            self._chunks = self._converter.add(frame, raw.t, gap_us=Limits.GAP_US, live=True)
        return chunk

    def close(self) -> None:
        self._stream.close(ignore_errors=True)
        if self._overruns:
            log.warning("%s: %d overruns, sound was lost", self._device.label, self._overruns)

    def _receive(self, samples: np.ndarray, count: int, times: Any, status: Any) -> None:
        """Called on PortAudio's thread; its buffer is only lent."""
        latency_s = self._stream.time - times.inputBufferAdcTime
        if not 0 <= latency_s < Limits.LATENCY_MAX_S:
            latency_s = count / self._rate
        chunk = samples.copy()
        chunk.flags.writeable = False
        sound = Sound(chunk, self._rate, self._device.now() - round(latency_s * 1e6))
        self._overruns += bool(status.input_overflow)
        try:
            self._raw.put_nowait(sound)
        except queue.Full:
            self._overruns += 1
