"""How loud sound is, band by band: what the movement of lips is compared with."""

import numpy as np
from numpy.typing import NDArray

from edge.audio.features import SETTINGS, Floats, mel_spectra

BANDS = 4
TAPS = np.array((-6, -3, 0, 3, 6))
"""Steps about a moment: how loudness changes within 0.12 s is what lips go with."""
VALUES = BANDS * len(TAPS)
FLOOR = 1e-5
"""Power below which there is nothing to be heard: a quiet room's."""
SECOND = 1_000_000
STEP_US = SECOND * SETTINGS.step // SETTINGS.rate
TOLERANCE = SETTINGS.rate // 200
"""Samples by which timestamps may be off without a gap: 5 ms."""


def loudness(sound: Floats) -> Floats:
    """Return the logarithm of each band's power, (1 + samples // 160, 4); see `mel_spectra`."""
    logs = np.log(mel_spectra(sound) + np.float32(FLOOR))
    return logs.reshape(len(logs), BANDS, -1).mean(axis=2)


class Loudness:
    """The sound of the last few seconds, and how loud it was, worked out when asked for."""

    def __init__(self, seconds: float) -> None:
        self._samples = np.zeros(round(seconds * SETTINGS.rate), np.float32)
        self._end = 0  # number of the sample after the newest, counted from the clock's zero
        self._bands = np.full((round(seconds * SECOND / STEP_US), BANDS), np.log(FLOOR), np.float32)
        self._step = -1  # number of the newest step worked out, likewise

    @property
    def complete_us(self) -> int:
        """Up to when loudness can be told, with all that `features` takes around a moment."""
        return (self._whole() - int(TAPS[-1])) * STEP_US

    def add(self, samples: Floats, t: int) -> None:
        """Take in mono sound of 16 kHz, -1 to 1, from t on, µs. A gap is silence."""
        start = round(t * SETTINGS.rate / SECOND)
        late = start - self._end
        if late > TOLERANCE:
            silence = np.zeros(min(late, len(self._samples)), np.float32)
            samples = np.concatenate((silence, samples))
            self._end = start - len(silence)
        elif late < -TOLERANCE:
            samples = samples[-late:]
        self._end += len(samples)
        samples = samples[-len(self._samples) :]
        self._samples = np.concatenate((self._samples[len(samples) :], samples))

    def features(self, times: NDArray[np.int64]) -> Floats:
        """Return (times, 20): the bands at five steps about each time, µs."""
        self._work_out()
        steps = np.rint(times / STEP_US).astype(np.int64)[:, None] + TAPS
        rows = (steps - self._step + len(self._bands) - 1).clip(0, len(self._bands) - 1)
        return self._bands[rows].reshape(len(times), VALUES)

    def _whole(self) -> int:
        """Return the newest step of whose window all samples are there."""
        return (self._end - SETTINGS.window // 2) // SETTINGS.step

    def _work_out(self) -> None:
        last = self._whole()
        begin = self._end - len(self._samples)
        margin = SETTINGS.window // 2 // SETTINGS.step + 1
        first = max(self._step + 1, -(-begin // SETTINGS.step) + margin)
        if first > last:
            return
        sound = self._samples[(first - margin) * SETTINGS.step - begin :]
        new = loudness(sound)[margin : margin + last - first + 1]
        moved = min(last - self._step, len(self._bands))
        kept = self._bands[moved:]
        skipped = np.full((max(0, moved - len(new)), BANDS), np.log(FLOOR), np.float32)
        self._bands = np.concatenate((kept, skipped, new))[-len(self._bands) :]
        self._step = last
