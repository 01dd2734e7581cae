"""Where sound comes from, told from two channels of a voice put somewhere."""

import types
from typing import Any

import numpy as np
import pytest

from calibration.samples.voices import RATE
from edge.audio.direction import SPEED_OF_SOUND, Direction, SoundDirection
from edge.audio.voice_activity import Activity
from edge.errors import UserError
from edge.io.sounds import Sound

SPACING_M = 0.06
CHUNK = 512


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Return something with a voice's spectrum: pulses through a slope, in syllables."""
    draw = np.random.default_rng(seed)
    count = round(seconds * RATE)
    pulses = (np.arange(count) % 120 == 0) + 0.05 * draw.normal(size=count)
    syllables = 0.3 + np.abs(np.sin(np.arange(count) * 2 * np.pi * 3 / RATE))
    return np.convolve(pulses * syllables, np.exp(-np.arange(200) / 20), "same")


def delayed(samples: np.ndarray, lag: float) -> np.ndarray:
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)) * lag)
    return np.fft.irfft(np.fft.rfft(samples) * turns, len(samples))


def told(samples: np.ndarray, since: int | None = 0, **settings: Any) -> list[Direction | None]:
    node = SoundDirection(SoundDirection.Settings(**settings))
    node.open(types.SimpleNamespace(name="direction"))  # type: ignore[arg-type]
    codes = (samples / np.abs(samples).max() * 20_000).astype(np.int16)
    found = []
    for start in range(0, len(codes) - CHUNK + 1, CHUNK):
        sound = Sound(codes[start : start + CHUNK], RATE, start * 1_000_000 // RATE)
        found.append(node.process(sound, Activity(sound.t, sound.t + 32_000, -20.0, 1.0, since)))
    return found


def at(azimuth_deg: float, noise: float = 0.03) -> np.ndarray:
    lag = SPACING_M / SPEED_OF_SOUND * RATE * np.sin(np.radians(azimuth_deg))
    spoken = voice(2)
    both = np.stack((delayed(spoken, lag / 2), delayed(spoken, -lag / 2)), axis=1)
    draw = np.random.default_rng(1)
    return both + noise * spoken.std() * draw.normal(size=both.shape)


@pytest.mark.parametrize("azimuth_deg", [-60, -30, -10, 0, 10, 30, 60])
def test_a_voice_is_found_where_it_is(azimuth_deg: float) -> None:
    found = [each for each in told(at(azimuth_deg))[10:] if each is not None]
    assert np.median([each.azimuth_deg for each in found]) == pytest.approx(azimuth_deg, abs=5)
    assert min(each.confidence for each in found) > 0.2


def test_channels_may_be_the_other_way_round() -> None:
    found = told(at(30), pair=(1, 0))[20]
    assert found is not None
    assert found.azimuth_deg == pytest.approx(-30, abs=5)


def test_noise_of_its_own_in_each_microphone_is_hardly_believed() -> None:
    noise = np.random.default_rng(2).normal(size=(RATE, 2))
    assert max(each.confidence for each in told(noise)[10:] if each is not None) < 0.1


def test_in_silence_nothing_is_said() -> None:
    assert told(at(20), since=None) == [None] * (2 * RATE // CHUNK)


def test_one_microphone_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match="channels to 2"):
        told(voice(1)[:, None])
