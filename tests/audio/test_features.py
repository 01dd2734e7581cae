"""Features of sound: mel spectra as librosa makes them, and loudness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.audio.features import mel_spectra, raised

# librosa 0.11, melspectrogram(y=tone, sr=16000, n_fft=400, hop_length=160, n_mels=40), row 12.
LIBROSA = {12: 22.105160, 13: 26.129993, 14: 0.78213447}


def tone(hertz: float, samples: int, loudness: float = 0.5) -> np.ndarray:
    return (loudness * np.sin(2 * np.pi * hertz * np.arange(samples) / 16000)).astype(np.float32)


def test_a_tone_has_the_power_that_librosa_gives_it() -> None:
    row = mel_spectra(tone(1000, 4000))[12]
    expected = np.zeros(40)
    expected[list(LIBROSA)] = list(LIBROSA.values())
    np.testing.assert_allclose(row, expected, rtol=1e-5, atol=1e-9)


@given(st.integers(0, 5000))
def test_a_row_every_ten_milliseconds(samples: int) -> None:
    spectra = mel_spectra(tone(300, samples))
    assert spectra.shape == (1 + samples // 160, 40)
    assert spectra.dtype == np.float32
    assert (spectra >= 0).all()


@given(st.floats(100, 7000), st.floats(0.01, 1))
def test_power_grows_with_the_square_of_the_sound(hertz: float, part: float) -> None:
    loud = mel_spectra(tone(hertz, 1600))
    quiet = mel_spectra(tone(hertz, 1600) * np.float32(part))
    np.testing.assert_allclose(quiet, loud * part**2, rtol=1e-3, atol=1e-4 * loud.max())


def test_rows_move_with_the_sound() -> None:
    sound = np.random.default_rng(7).normal(0, 0.1, 4000).astype(np.float32)
    later = np.concatenate([np.zeros(320, np.float32), sound])
    np.testing.assert_allclose(mel_spectra(later)[6:20], mel_spectra(sound)[4:18], rtol=1e-5)


def test_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"mono sound is expected.*\(100, 2\)"):
        mel_spectra(np.zeros((100, 2), np.float32))


def test_quiet_sound_is_raised_to_the_loudness_the_model_knows() -> None:
    result = raised(tone(440, 16000, loudness=0.001))
    assert 20 * np.log10(np.sqrt(np.mean(result**2))) == pytest.approx(-30, abs=0.01)
    assert result.dtype == np.float32


@pytest.mark.parametrize(
    "sound", [tone(440, 16000), np.zeros(160, np.float32), np.zeros(0, np.float32)]
)
def test_loud_sound_and_silence_stay_as_they_are(sound: np.ndarray) -> None:
    assert np.array_equal(raised(sound), sound)
