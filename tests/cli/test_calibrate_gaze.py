"""`edge calibrate gaze`: through the program, by a rendered head that turns to five points."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
import pytest

from edge.cli.gaze_points import POINTS, towards
from edge.people.gaze import Display
from edge.people.gaze_correction import FILE, GazeCorrection
from edge.people.head_pose import rotation
from tests.cli.live import Live
from tests.cli.program import Edge, Finished, command
from tests.people.rendered import mesh, render, texture

DISPLAY = Display(size=(340, 190), camera=(170, -8))
FPS, LOOK = 25, 20
"""Of the clip, and frames at each point."""
AT = np.array((0.0, 0.0, 45.0))
"""Where the head is, cm."""
OWN = np.array((6.0, 5.0))
"""This head is turned so much past what it looks at, degrees: what is to be found."""


@pytest.fixture
def clip(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    photo = np.asarray(cv2.imread(str(data / "face/portrait.jpg")))
    shape, places = mesh(data / "face/portrait_expected_face_geometry.pbtxt"), texture(photo)
    with av.open("clip.mkv", "w") as file:
        stream = file.add_stream("mjpeg", FPS, width=1280, height=720, pix_fmt="yuvj420p")
        for at in POINTS.values():
            yaw, pitch = np.array(towards(DISPLAY, at, AT / 100)) + OWN
            for sway in np.sin(np.arange(LOOK) * 2 * np.pi / LOOK):  # nobody sits quite still
                there = AT + 0.7 * sway
                picture = render(photo, places, shape, rotation(yaw + sway, pitch, 0), there)
                file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        file.mux(stream.encode())
    return tmp_path / "clip.mkv"


@pytest.fixture
def live(clip: Path) -> Iterator[Live]:
    live = Live(clip)
    yield live
    live.stop()


def degrees(done: Finished) -> tuple[float, float]:
    """Return what the gaze was said to be off by, before and after."""
    before, after = (word[:-1] for word in done.stdout.replace(",", "").split() if "°" in word)
    return float(before), float(after)


def test_of_a_clip_it_is_told_but_not_kept(edge: Edge, clip: Path, tmp_path: Path) -> None:
    done = edge("calibrate", "gaze", "--source", clip, EDGE_CONFIG=str(tmp_path / "own"))
    assert done.returncode == 0, done.stderr
    before, after = degrees(done)
    assert after < 0.6 * before
    assert not (tmp_path / "own").exists()


def test_of_a_live_camera_it_is_kept_and_used(live: Live, edge: Edge, tmp_path: Path) -> None:
    parts = [live.jpegs[i : i + LOOK] for i in range(0, len(live.jpegs), LOOK)]
    own = {"EDGE_CONFIG": str(tmp_path / "own")}
    with subprocess.Popen(
        command("calibrate", "gaze", "--source", live.picture_url), env={**os.environ, **own},
        text=True, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        said = ""
        for point, part in zip(POINTS, parts, strict=True):
            while not said.endswith(f"{point} of the screen, press Enter and keep looking there "):
                letter = process.stderr.read(1)
                assert letter, said
                said += letter
            live.jpegs = part
            process.stdin.write("\n")
        out, more = process.communicate(timeout=60)
    assert process.returncode == 0, said + more
    kept = msgspec.yaml.decode((tmp_path / "own" / FILE).read_bytes(), type=GazeCorrection)
    done = subprocess.CompletedProcess(process.args, 0, out)
    before, after = degrees(done)
    assert after < 0.6 * before
    assert kept.error == pytest.approx(after, abs=0.05)

    def off(config: str) -> float:
        run = edge("run", "attention", "--source", live.picture_url, "--max-frames", 60, "--json",
                   "--quiet", EDGE_CONFIG=config)  # fmt: skip
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        people = [line["people"][0] for line in lines if line["type"] == "frame" and line["people"]]
        gazes = [person["face"]["gaze"] for person in people if "gaze" in person["face"]]
        true = towards(DISPLAY, POINTS["middle"], AT / 100)  # the last that was looked at
        return float(np.linalg.norm(np.median(gazes, axis=0) - true))

    assert off(own["EDGE_CONFIG"]) < 0.8 * off(str(tmp_path / "none"))
