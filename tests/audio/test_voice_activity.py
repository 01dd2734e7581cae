"""When somebody speaks: the bundled synthetic voice, real meetings, and what is no voice."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.audio.voice_activity import RATE, SILENCE_DB, Activity, VoiceActivity, level_db
from edge.errors import UserError
from edge.graph import Graph
from edge.graph.node import Context
from edge.io.sounds import Sound
from edge.paths import resource

SAMPLE = resource("samples/astronaut.mp4")
GOAL = 0.90
"""F1 of frames on the meetings: the better of webrtcvad and Silero alone has 0.87, and 0.03."""


def node(**settings: object) -> VoiceActivity:
    made = VoiceActivity(VoiceActivity.Settings(**settings))  # type: ignore[arg-type]
    made.open(Context("voice", lambda: 0, False, lambda *_, **__: None, lambda *_, **__: None))
    return made


def chunks(samples: np.ndarray, size: int = 512, start: int = 0) -> Iterable[Sound]:
    for first in range(0, len(samples) - size + 1, size):
        t = start + first * 1_000_000 // RATE
        yield Sound(samples[first : first + size].reshape(size, -1), RATE, t)


def heard(samples: np.ndarray, size: int = 512, **settings: object) -> list[Activity]:
    made = node(**settings)
    found = [made.process(sound) for sound in chunks(samples, size)]
    made.close()
    return found


def activities(path: Path) -> list[Activity]:
    document = {
        "nodes": {
            "microphone": {"uses": "microphone", "with": {"chunk_ms": 32}},
            "activity": {"uses": "voice_activity", "inputs": {"sound": "microphone"}},
        },
        "outputs": ["activity"],
    }
    return [result.value for result in Graph.parse(document).run(audio=str(path), offline=True)]


def voice() -> np.ndarray:
    """The synthetic voice of the bundled sample, from its beginning on."""
    document = {"nodes": {"microphone": {"uses": "microphone"}}, "outputs": ["microphone"]}
    results = Graph.parse(document).run(audio=str(SAMPLE), offline=True)
    return np.concatenate([result.value.samples[:, 0] for result in results])


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    return voice()


def test_speech_is_heard_from_its_beginning_to_its_end(spoken: np.ndarray) -> None:
    found = heard(spoken)
    begun = [activity.since for activity in found if activity.speech]
    assert begun
    audible = np.flatnonzero(np.abs(spoken) > 300) / RATE
    assert begun[0] == pytest.approx(audible[0] * 1e6, abs=250_000)
    last = max(activity.end for activity in found if activity.speech)
    assert last == pytest.approx(audible[-1] * 1e6, abs=350_000)


@pytest.mark.parametrize("size", [160, 320, 512, 640])
def test_chunks_may_have_any_size(spoken: np.ndarray, size: int) -> None:
    spans = []
    for length in (512, size):
        found = heard(spoken, length)
        spans.append(sum(a.end - a.t for a in found if a.speech))
    assert spans[0] == pytest.approx(spans[1], rel=0.05)


@pytest.mark.parametrize("channels", [2, 8])
def test_of_several_channels_the_mean_is_heard(spoken: np.ndarray, channels: int) -> None:
    spread = np.repeat(spoken[:, None], channels, axis=1)
    made = node()
    alone, all_of_them = heard(spoken), [made.process(sound) for sound in chunks(spread)]
    made.close()
    assert [a.speech for a in all_of_them] == [a.speech for a in alone]


def no_voice(kind: str, draw: np.random.Generator) -> np.ndarray:
    time = np.arange(4 * RATE) / RATE
    sound = {
        "silence": np.zeros(len(time)),
        "a quiet room": 10 * draw.normal(size=len(time)),
        "loud noise": 6000 * draw.normal(size=len(time)),
        "hum": 8000 * np.sin(2 * np.pi * 50 * time),
        "clipped": np.sign(np.sin(2 * np.pi * 3 * time)) * 40000,
        "chords": sum(
            4000 * np.sin(2 * np.pi * note * (time % 0.5)) * np.exp(-5 * (time % 0.5))
            for note in (220, 277, 330)
        ),
    }[kind]
    return np.asarray(sound).clip(-32768, 32767).astype(np.int16)


@pytest.mark.parametrize(
    "kind", ["silence", "a quiet room", "loud noise", "hum", "clipped", "chords"]
)
def test_what_is_no_voice_is_none(kind: str) -> None:
    found = heard(no_voice(kind, np.random.default_rng(4)))
    assert not any(activity.speech for activity in found)


def test_the_network_rests_while_nothing_is_heard() -> None:
    made = node()
    for sound in chunks(no_voice("silence", np.random.default_rng(4))):
        made.process(sound)
    assert made.model.timing.count == 0
    made.close()


def test_a_gap_ends_speech(spoken: np.ndarray) -> None:
    made = node()
    before = [made.process(sound) for sound in chunks(spoken[: 3 * RATE])]
    assert before[-1].speech
    silence = np.zeros(RATE, np.int16)
    after = [made.process(sound) for sound in chunks(silence, start=9_000_000)]
    assert not after[-1].speech
    made.close()


def test_sound_of_another_rate_is_refused_with_what_to_do() -> None:
    made = node()
    with pytest.raises(UserError, match="44100 Hz: set the microphone's rate to 16000"):
        made.process(Sound(np.zeros((512, 1), np.int16), 44_100, 0))
    made.close()


@given(st.integers(1, 32767))
def test_levels_are_decibels_of_full_scale(loud: int) -> None:
    assert level_db(np.full(160, loud, np.int16)) == pytest.approx(20 * np.log10(loud / 32768))


def test_no_sound_has_a_level_too() -> None:
    assert level_db(np.zeros(160, np.int16)) == level_db(np.zeros(0, np.int16)) == SILENCE_DB


def segments(data: Path) -> dict[str, list[tuple[float, float]]]:
    spoken: dict[str, list[tuple[float, float]]] = {}
    for path in sorted((data / "speech").glob("*.rttm")):
        for line in path.read_text().splitlines():
            _, name, _, begin, length, *_ = line.split()
            spoken.setdefault(name, []).append((float(begin), float(begin) + float(length)))
    return spoken


def test_meetings_are_cut_into_speech_as_people_did(data: Path) -> None:
    right = wrong = missed = 0
    for name, spans in segments(data).items():
        truth, found = np.zeros(3002, bool), np.zeros(3002, bool)
        for begin, end in spans:
            truth[round(100 * begin) : round(100 * end)] = True
        for activity in activities(data / "speech" / f"{name}.wav"):
            if activity.since is not None:
                found[max(0, activity.since // 10_000) : activity.end // 10_000] = True
        right += int((truth & found).sum())
        wrong += int((found & ~truth).sum())
        missed += int((truth & ~found).sum())
    assert 2 * right / (2 * right + wrong + missed) >= GOAL
