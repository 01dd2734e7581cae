"""What the voice models are given: mel spectra, and sound at the loudness they were trained on."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Settings(NamedTuple):
    """How Resemblyzer's voice encoder was trained; other numbers need another model."""

    rate: int = 16000
    window: int = 400
    """25 ms: a few periods of the lowest voice."""
    step: int = 160
    """10 ms."""
    bands: int = 40
    loudness_db: float = -30.0
    """Of full scale, root mean square: quieter sound is raised to it."""


SETTINGS = Settings()
# The mel scale of Slaney's Auditory Toolbox (1998): linear up to 1 kHz, logarithmic above.
LINEAR_HZ = 200 / 3
KNEE_HZ = 1000.0
KNEE_MEL = KNEE_HZ / LINEAR_HZ
LOG_STEP = np.log(6.4) / 27


def mel_spectra(sound: Floats) -> Floats:
    """Return the power of 40 mel bands every 10 ms, shape (1 + samples // 160, 40), from 0 up.

    `sound`: mono, 16 kHz, -1 to 1. Row i is centred on sample 160 i; what lies outside is silence.
    It is power itself, not its logarithm. Raises ValueError where `sound` isn't one row of numbers.
    """
    if sound.ndim != 1:
        raise ValueError(f"mono sound is expected, one row of samples, not {sound.shape}")
    size, step = SETTINGS.window, SETTINGS.step
    padded = np.pad(np.asarray(sound, np.float32), size // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    spectra = np.fft.rfft(windows * _hann())
    power = np.square(spectra.real) + np.square(spectra.imag)
    return power.astype(np.float32) @ _filters().T


def raised(sound: Floats) -> Floats:
    """Return sound that is at least -30 dB of full scale; what is louder, or silent, as it is."""
    power = float(np.mean(np.square(sound, dtype=np.float64))) if sound.size else 0.0
    wanted = 10 ** (SETTINGS.loudness_db / 10)
    if power == 0.0 or power >= wanted:
        return sound
    return sound * np.float32(np.sqrt(wanted / power))


@cache
def _hann() -> Floats:
    """Return Hann's window, periodic: its next value would be its first, 0."""
    phase = 2 * np.pi * np.arange(SETTINGS.window) / SETTINGS.window
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


@cache
def _filters() -> Floats:
    """Return each band's weights, (bands, window // 2 + 1): triangles of equal area.

    A triangle begins at the middle of the one before and ends at the middle of the next.
    """
    highest = SETTINGS.rate / 2
    edges = _hertz(np.linspace(0, _mel(highest), SETTINGS.bands + 2))
    frequencies = np.linspace(0, highest, SETTINGS.window // 2 + 1)
    left, middle, right = (edges[i : i + SETTINGS.bands, np.newaxis] for i in range(3))
    rising = (frequencies - left) / (middle - left)
    falling = (right - frequencies) / (right - middle)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * 2 / (right - left)).astype(np.float32)


def _mel(hertz: float) -> float:
    if hertz < KNEE_HZ:
        return hertz / LINEAR_HZ
    return float(KNEE_MEL + np.log(hertz / KNEE_HZ) / LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = KNEE_HZ * np.exp((mel - KNEE_MEL) * LOG_STEP)
    return np.where(mel < KNEE_MEL, mel * LINEAR_HZ, logarithmic)
