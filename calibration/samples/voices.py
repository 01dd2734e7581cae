"""Samples of the models that listen: people talking, alone, over noise; and no one talking.

No person is on both sides: the meetings have different speakers, each talker is in one clip.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.rebuild import parent
from calibration.rebuild.voice_activity import CONTEXT, STATE, WINDOW
from calibration.rebuild.voice_embedding import STEPS
from calibration.samples.sources import Split, data_folder
from calibration.samples.variation import generator
from edge.audio.features import mel_spectra, raised
from edge.errors import UserError
from edge.inference.backend import open_interpreter
from edge.io.sound_conversion import SoundConverter
from edge.io.sound_file import SoundFile

Floats = NDArray[np.float32]
Sample = tuple[NDArray[Any], ...]

VOICES: dict[Split, tuple[str, ...]] = {
    "calibration": (
        "speech/trn01.wav",
        "speech/trn02.wav",
        "talkers/bbaf2n.mpg",
        "talkers/lbax4n.mpg",
        "talkers/lrwp9a.mpg",
        "talkers/lwbsza.mpg",
        "talkers/swiz3n.mpg",
    ),
    "verification": (
        "speech/dev00.wav",
        "speech/dev01.wav",
        "speech/sample.wav",
        "talkers/brbk7n.mpg",
        "talkers/lbbc2a.mpg",
        "talkers/pwij3p.mpg",
        "talkers/sbia1a.mpg",
        "talkers/sbwe5n.mpg",
    ),
}
RATE = 16000


class Settings(NamedTuple):
    noise_db: float = -12.0
    """Below the voice: a fan or a street through the window, speech still easy to follow."""
    quiet_db: float = -60.0
    """Of full scale: a microphone's own noise in a silent room."""
    hum_hz: float = 50.0
    empty_s: float = 4.0
    """Of each sound without a voice."""
    hop: int = 80
    """Steps of 10 ms from one stretch for the voice embedding to the next."""
    voiced: float = 0.5
    """Share of a stretch in which somebody speaks: of less no embedding is asked for."""


SETTINGS = Settings()


def of_activity(model: str, split: Split) -> list[Sample]:
    """Return (sound (576,), h (128,), c (128,)) of every call, in order, with the float's state.

    The state is zeros where another sound begins.
    """
    return [sample for sound in _sounds(split) for sample, _ in _calls(sound)]


def of_embedding(model: str, split: Split) -> list[Sample]:
    """Return (mel spectra (160, 40),) of the stretches in which somebody speaks."""
    return [(spectra,) for sound, clean in _voices(split) for spectra in _stretches(sound, clean)]


def _voices(split: Split) -> Iterator[tuple[Floats, Floats]]:
    """Yield every recording of one side, and again over noise, each beside the clean one."""
    for name in VOICES[split]:
        clean = read(name)
        yield clean, clean
        yield _noisy(clean, generator("noise", name)), clean


@functools.cache
def read(name: str) -> Floats:
    """Return a recording, mono, 16 kHz, -1 to 1."""
    path = data_folder() / name
    if not path.is_file():
        raise UserError(f"{data_folder()} has no {name}: is it complete?")
    file = SoundFile(str(path), SoundConverter(RATE, channels=1, chunk_ms=20))
    samples = [chunk.samples[:, 0] for chunk in file.chunks()]
    file.close()
    return np.concatenate(samples).astype(np.float32) / np.float32(32768)


def _sounds(split: Split) -> Iterator[Floats]:
    """Yield what the voice activity hears: voices, the same over noise, and no voices."""
    for sound, _ in _voices(split):
        yield sound
    draw = generator("no voices", split)
    time = np.arange(int(SETTINGS.empty_s * RATE)) / RATE
    yield np.zeros(len(time), np.float32)
    yield (10 ** (SETTINGS.quiet_db / 20) * draw.normal(size=len(time))).astype(np.float32)
    yield (0.05 * draw.normal(size=len(time))).astype(np.float32)
    hum = [np.sin(2 * np.pi * SETTINGS.hum_hz * k * time) / k for k in (1, 2, 3, 5)]
    yield (0.1 * np.sum(hum, axis=0)).astype(np.float32)
    yield music(time, draw)


def music(time: NDArray[np.float64], draw: np.random.Generator) -> Floats:
    """Return four chords of plucked strings a second: pitched and rhythmic as voices are."""
    result = np.zeros(len(time))
    for begin in np.arange(0, time[-1], 0.25):
        after = np.maximum(time - begin, 0)
        envelope = (time >= begin) * np.exp(-5 * after)
        for note in draw.integers(45, 76, size=3):
            pitch = 440 * 2 ** ((note - 69) / 12)
            for overtone in range(1, 6):
                result += envelope * np.sin(2 * np.pi * pitch * overtone * after) / overtone
    return (0.3 * result / np.abs(result).max()).astype(np.float32)


def _noisy(sound: Floats, draw: np.random.Generator) -> Floats:
    """Return a voice over noise whose power falls with frequency, as of wind, fans and streets."""
    spectrum = np.fft.rfft(draw.normal(size=len(sound)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 50 * len(sound) / RATE))
    noise = np.fft.irfft(spectrum, len(sound))
    loudness = np.sqrt(np.mean(sound**2)) * 10 ** (SETTINGS.noise_db / 20)
    return (sound + noise * loudness / noise.std()).astype(np.float32)


def _calls(sound: Floats) -> Iterator[tuple[Sample, float]]:
    """Yield what each call over a sound is given, and the probability that comes out."""
    interpreter = _voice_activity()
    given = [detail["index"] for detail in interpreter.get_input_details()]
    taken = [detail["index"] for detail in interpreter.get_output_details()]
    padded = np.pad(sound, (CONTEXT, 0))
    h = c = np.zeros(STATE, np.float32)
    for begin in range(0, len(sound) - WINDOW + 1, WINDOW):
        sample = (padded[begin : begin + CONTEXT + WINDOW], h, c)
        for index, value in zip(given, sample, strict=True):
            interpreter.set_tensor(index, value[np.newaxis])
        interpreter.invoke()
        probability, h, c = (interpreter.get_tensor(index)[0] for index in taken)
        yield sample, float(probability[0])


@functools.cache
def _voice_activity() -> Any:
    return open_interpreter(parent("voice_activity"), "voice_activity", threads=1)


def _stretches(sound: Floats, clean: Floats) -> Iterator[Floats]:
    """Yield the spectra of every 1.6 s of a sound in which, without its noise, somebody speaks."""
    spectra = mel_spectra(raised(sound))
    speech = np.array([probability > 0.5 for _, probability in _calls(clean)])
    for begin in range(0, len(spectra) - STEPS + 1, SETTINGS.hop):
        calls = np.arange(begin, begin + STEPS) * (RATE // 100) // WINDOW
        if speech[np.minimum(calls, len(speech) - 1)].mean() >= SETTINGS.voiced:
            yield spectra[begin : begin + STEPS]
