"""Where sound comes from, by two microphones."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from edge.audio.voice_activity import RATE, Activity
from edge.errors import UserError
from edge.graph.node import Context, Node
from edge.io.sounds import Sound

SPEED_OF_SOUND = 343.0
"""m/s, at 20 °C; 2 % more or less between 10 and 30 °C, a degree or so at the side."""
SIZE = 1024
"""Samples compared at once, 64 ms: some times the way between any two microphones and a wall."""
FINER = 8
"""Between samples so many lags are told apart: at 6 cm a sample is 20 degrees."""
BAND = slice(round(200 * SIZE / RATE), round(6000 * SIZE / RATE))
"""Where voices are: below, all microphones hear the same hum."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Where the voice heard at `t`, µs, comes from.

    `azimuth_deg`: -90 to 90; 0 is straight ahead, above 0 on the side of the second microphone.
    `confidence`: 0 to 1, how much more one direction stands out than in diffuse sound.
    """

    t: int
    azimuth_deg: float
    confidence: float


class SoundDirection(Node):
    """Says where a voice comes from: generalized cross-correlation with phase transform (Knapp and
    Carter, 1976).

    `sound`: 16 kHz, two channels or more. `activity`: when somebody speaks.
    Output: a `Direction` for each chunk while somebody speaks. In front and behind are the same.
    """

    class Settings(Node.Settings):
        spacing_mm: Annotated[float, Meta(ge=10, le=1000)] = 60.0
        """Between the two microphones, their line across the camera's view."""
        pair: tuple[int, int] = (0, 1)
        """Channels: the microphone at the picture's left, and that at its right."""
        steady_s: float = 0.3
        """Over so long the sound of one direction adds up: two or three syllables."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.recent = np.zeros((SIZE, 2), np.float32)
        self.window = np.hanning(SIZE).astype(np.float32)[:, None]
        self.cross: NDArray[np.complex128] = np.zeros(SIZE // 2 + 1, np.complex128)
        self.since: int | None = None
        self.reach = self.settings.spacing_mm / 1000 / SPEED_OF_SOUND * RATE * FINER  # lags

    def process(self, sound: Sound, activity: Activity) -> Direction | None:
        if sound.samples.shape[1] <= max(self.settings.pair):
            raise UserError(
                f"sound of {sound.samples.shape[1]} channels has no direction: set the "
                "microphone's channels to 2, or take this node away"
            )
        newest = sound.samples[:, list(self.settings.pair)][-SIZE:]
        self.recent = np.concatenate((self.recent[len(newest) :], newest))
        if activity.since is None:
            self.since = None
            return None
        if activity.since != self.since:
            self.since = activity.since
            self.cross[:] = 0
        passed_s = len(sound.samples) / RATE
        self._add(math.exp(-passed_s / self.settings.steady_s))
        return self._direction(activity.t)

    def _add(self, keep: float) -> None:
        spectra = np.fft.rfft(self.recent * self.window, axis=0)
        cross = spectra[:, 0] * spectra[:, 1].conj()
        self.cross = keep * self.cross + (1 - keep) * cross / np.maximum(np.abs(cross), 1e-9)

    def _direction(self, t: int) -> Direction:
        band = np.zeros(FINER * SIZE // 2 + 1, np.complex128)
        band[BAND] = self.cross[BAND]
        lags = np.fft.irfft(band)
        most = math.ceil(self.reach)
        near = np.concatenate((lags[-most:], lags[: most + 1]))
        best = int(near.argmax())
        azimuth = math.degrees(math.asin(max(-1.0, min(1.0, (best - most) / self.reach))))
        highest = float(near[best]) * FINER * SIZE / (2 * (BAND.stop - BAND.start))
        return Direction(t, azimuth, max(0.0, min(1.0, highest)))
