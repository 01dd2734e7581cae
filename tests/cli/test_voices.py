"""`edge voices`: somebody's voice gets a name, and is known by it in another recording."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from calibration.samples.voices import RATE, read
from tests.cli.program import Edge, is_one_line


def write(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())


@pytest.fixture
def spoken(data: Path, tmp_path: Path) -> Path:
    """All that one person says in one recording, by its annotation."""
    rows = [
        line.split()
        for line in (data / "speech" / "debug.development.rttm").read_text().splitlines()
    ]
    sound = read("speech/dev00.wav")
    parts = [
        sound[int(float(begin) * RATE) : int((float(begin) + float(length)) * RATE)]
        for _, uri, _, begin, length, *_, who, _, _ in rows
        if (uri, who) == ("dev00", "MEE009")
    ]
    write(tmp_path / "anna.wav", np.concatenate(parts))
    return tmp_path / "anna.wav"


def voices_of(edge: Edge, source: Path, own: Path) -> list[str]:
    done = edge("run", "hearing", "--source", source, "--json", "--quiet", EDGE_CONFIG=str(own))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line.get("voice") for line in lines if line.get("kind") == "speech_started"]


def test_a_voice_with_a_name_is_known_in_another_recording(
    data: Path, tmp_path: Path, edge: Edge, spoken: Path
) -> None:
    own = tmp_path / "own"
    added = edge("voices", "add", "anna", "--audio", spoken, EDGE_CONFIG=str(own))
    assert added.stdout == "anna's voice is known from now on\n"
    assert edge("voices", "list", EDGE_CONFIG=str(own)).stdout == "anna\n"
    same = voices_of(edge, data / "speech" / "dev01.wav", own)
    assert same.count("anna") >= 3
    assert "voice-1" in same  # the other one who talks there
    assert "anna" not in voices_of(edge, data / "speech" / "sample.wav", own)
    assert edge("voices", "remove", "anna", EDGE_CONFIG=str(own)).returncode == 0
    assert "anna" not in voices_of(edge, data / "speech" / "dev01.wav", own)


def test_too_little_of_a_voice_is_not_kept(edge: Edge, clip: Path, tmp_path: Path) -> None:
    done = edge("voices", "add", "anna", "--audio", clip, EDGE_CONFIG=str(tmp_path / "own"))
    assert is_one_line(done)
    assert "speak for longer" in done.stderr
    assert edge("voices", "list", EDGE_CONFIG=str(tmp_path / "own")).stdout == ""


def test_a_name_that_wont_do_is_said_before_anybody_speaks(edge: Edge) -> None:
    assert is_one_line(edge("voices", "add", "voice-1"))


def test_who_never_speaks_isnt_waited_for_longer_than_half_a_minute(
    edge: Edge, spoken: Path, tmp_path: Path
) -> None:
    """By the sound's own time, so a file stands for a microphone that is off."""
    late = tmp_path / "late.wav"
    write(late, np.concatenate((np.zeros(40 * RATE), read(str(spoken)))))
    done = edge("voices", "add", "anna", "--audio", late, EDGE_CONFIG=str(tmp_path / "own"))
    assert is_one_line(done)
    assert "0 s of one voice were heard" in done.stderr
