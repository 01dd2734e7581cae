"""When somebody speaks."""

from collections import deque
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import webrtcvad
from msgspec import Meta
from numpy.typing import NDArray

from edge.audio.features import SETTINGS as FEATURES
from edge.errors import UserError
from edge.graph.node import Context, Node
from edge.inference import load_model
from edge.io.sounds import Sound

RATE = FEATURES.rate
WINDOW, CONTEXT, STATE = 512, 64, 128
"""Samples of one call of Silero's network, and of the call before that it is given again; numbers
in each half of its state."""
GATE = 160
"""Samples that the gate judges at once: 10 ms, its shortest."""
FULL_SCALE = 32768.0
SILENCE_DB = -100.0
"""The level of no sound at all."""
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Activity:
    """What was heard up to the end of one chunk.

    `t`, `end`: µs of its first sample, and just past its last. `level_db`: of full scale, root mean
    square. `probability`: that somebody speaks. `since`: µs at which the present speech began, None
    where nobody speaks; it may lie before what was said of earlier chunks, for the beginning of a
    word is quiet.
    """

    t: int
    end: int
    level_db: float
    probability: float
    since: int | None

    @property
    def speech(self) -> bool:
        return self.since is not None


class VoiceActivity(Node):
    """Says when somebody speaks, by Silero's network behind the cheap gate of WebRTC.

    `sound`: 16 kHz; of several channels the mean is heard.
    Output: one `Activity` for every chunk. While the gate is closed, the network doesn't run.
    """

    class Settings(Node.Settings):
        gate: Annotated[int, Meta(ge=0, le=3)] = 1
        """How much WebRTC's gate wants to hear of a voice: 3 misses quiet ones, 0 lets most noises
        pass on to the network, which costs more but errs less."""
        gate_s: float = 0.5
        """So long the gate stays open: pauses between words are shorter."""
        onset: float = 0.4
        """Speech begins at this probability and goes on at `offset`: within words it falls to 0.2
        for a window or two."""
        offset: float = 0.2
        hold_s: float = 0.2
        """Speech ends after so long below `offset`: stops within words take up to 0.15 s."""
        lead_s: float = 0.2
        """Speech began so long before it was sure: breath and consonants are hard to tell from
        noise, and the network needs a few windows."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = load_model("voice_activity", threads=1, timed=False, work=context.work)
        self.detector = webrtcvad.Vad(self.settings.gate)
        self.kept: deque[NDArray[np.int16]] = deque()  # windows heard while the gate was closed
        self.pending = np.empty(0, np.int16)
        self.ungated = np.empty(0, np.int16)
        self.open_until = -1
        self.samples: NDArray[np.float32]  # of the call before, and of this one
        self.state: list[NDArray[np.float32]]
        self.probability = 0.0
        self.since: int | None = None
        self.last_voiced = 0
        self.end: int | None = None
        self._forget()

    def process(self, sound: Sound) -> Activity:
        mono = heard(sound)
        if self.end is not None and sound.t - self.end > SECOND * self.settings.hold_s:
            self.pending, self.ungated = mono[:0], mono[:0]  # a gap: what was held is of before
            self.kept.clear()
            self._forget()
        self.end = end = sound.t + len(mono) * SECOND // RATE
        self._listen(mono, end)
        self._decide(end)
        return Activity(sound.t, end, level_db(mono), self.probability, self.since)

    def close(self) -> None:
        self.model.close()

    def _listen(self, mono: NDArray[np.int16], end: int) -> None:
        """Bring the probability up to date."""
        if self._passes(mono):
            self.open_until = end + round(SECOND * self.settings.gate_s)
        is_open = end <= self.open_until
        self.pending = np.concatenate((self.pending, mono))
        while len(self.pending) >= WINDOW:
            self.kept.append(self.pending[:WINDOW])
            self.pending = self.pending[WINDOW:]
        if is_open:
            while self.kept:
                self.probability = self._call(self.kept.popleft())
        else:
            while len(self.kept) * WINDOW > RATE * self.settings.lead_s:
                self.kept.popleft()
            if self.probability:
                self._forget()

    def _passes(self, mono: NDArray[np.int16]) -> bool:
        samples = np.concatenate((self.ungated, mono))
        whole = len(samples) - len(samples) % GATE
        self.ungated = samples[whole:]
        return any(
            self.detector.is_speech(samples[start : start + GATE].tobytes(), RATE)
            for start in range(0, whole, GATE)
        )

    def _call(self, window: NDArray[np.int16]) -> float:
        self.samples[:CONTEXT] = self.samples[-CONTEXT:]
        np.divide(window, FULL_SCALE, out=self.samples[CONTEXT:])
        for index, values in enumerate((self.samples, *self.state)):
            self.model.input(index)[0] = values
        probability, *state = self.model.invoke()
        self.state = [values[0] for values in state]
        return float(probability[0, 0])

    def _forget(self) -> None:
        """Begin as with nothing heard before."""
        self.samples = np.zeros(CONTEXT + WINDOW, np.float32)
        self.state = [np.zeros(STATE, np.float32)] * 2
        self.probability = 0.0

    def _decide(self, end: int) -> None:
        settings = self.settings
        if self.since is None and self.probability >= settings.onset:
            self.since = max(0, end - round(SECOND * settings.lead_s))
        if self.probability >= (settings.onset if self.since is None else settings.offset):
            self.last_voiced = end
        elif end - self.last_voiced > SECOND * settings.hold_s:
            self.since = None


def heard(sound: Sound) -> NDArray[np.int16]:
    """Return a chunk's samples, mono. Raises UserError where the rate isn't what models know."""
    if sound.rate != RATE:
        raise UserError(f"sound of {sound.rate} Hz: set the microphone's rate to {RATE}")
    if sound.samples.shape[1] == 1:
        return sound.samples[:, 0]
    return sound.samples.mean(axis=1).astype(np.int16)


def level_db(samples: NDArray[np.int16]) -> float:
    """Return the root mean square in dB of full scale."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return 10 * float(np.log10(power / FULL_SCALE**2)) if power else SILENCE_DB
