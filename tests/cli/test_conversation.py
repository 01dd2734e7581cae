"""`edge run conversation` where sound is missing, odd or lost: the picture side runs on."""

import json
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.paths import resource
from tests.cli.live import Live
from tests.cli.program import Edge, Finished, command

FRAMES = 60
PATIENCE_S = 90


@pytest.fixture
def live() -> Iterator[Live]:
    made = Live(resource("samples/astronaut.mp4"))
    yield made
    made.stop()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def pictures(done: Finished) -> int:
    assert done.returncode == 0, done.stderr
    return sum("people" in line for line in lines(done.stdout))


def test_without_a_microphone_people_are_seen_all_the_same(edge: Edge, live: Live) -> None:
    done = edge("run", "conversation", "--source", live.picture_url, "--max-frames", FRAMES,
                "--budget", "off", "--json", "--quiet")  # fmt: skip
    assert "going on without sound" in done.stderr
    assert pictures(done) > FRAMES / 3


def test_a_microphone_lost_in_mid_stream_is_told_and_pictures_go_on(live: Live) -> None:
    run = subprocess.Popen(
        command("run", "conversation", "--source", live.picture_url, "--audio", live.sound_url,
                "--max-frames", 250, "--budget", "off", "--json", "--quiet"),
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert run.stdout
        lost_at, after = None, 0
        for text in run.stdout:
            line = json.loads(text)
            if line.get("frame") == 50:
                live.deaf.set()
            if line.get("kind") == "device":
                assert (line["name"], line["state"]) == ("microphone", "lost")
                lost_at = line["t"]
            after += lost_at is not None and "people" in line
        assert run.wait(PATIENCE_S) == 0
        assert lost_at is not None
        assert after > 10
    finally:
        run.kill()
        run.wait()
        assert run.stdout
        run.stdout.close()


def sound(path: Path, samples: np.ndarray, rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], samples.dtype.itemsize, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.parametrize("kind", ["silence", "clipped", "eight channels", "32 bits of 192 kHz"])
def test_odd_sound_beside_a_picture(edge: Edge, tmp_path: Path, kind: str) -> None:
    draw = np.random.default_rng(0)
    seconds, rate = 2, 16_000
    samples = np.zeros((seconds * rate, 1), "<i2")
    if kind == "clipped":
        samples = (draw.integers(0, 2, samples.shape) * 65_535 - 32_768).astype("<i2")
    elif kind == "eight channels":
        samples = draw.integers(-9000, 9000, (seconds * rate, 8)).astype("<i2")
    elif kind.startswith("32"):
        rate = 192_000
        samples = draw.integers(-(2**30), 2**30, (seconds * rate, 2)).astype("<i4")
    path = sound(tmp_path / "odd.wav", samples, rate)
    done = edge("run", "conversation", "--source", resource("samples/astronaut.mp4"), "--audio",
                path, "--max-frames", 30, "--json", "--quiet")  # fmt: skip
    assert pictures(done) == 30
    assert not any("person" in line for line in lines(done.stdout)
                   if line.get("kind") == "speech_started")  # fmt: skip
