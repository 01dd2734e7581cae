"""`edge calibrate` on this very machine, and what comes of it."""

import contextlib
import http.server
import itertools
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from calibration.conversation.talkers import NAMES
from edge.graph.profile import Profile
from tests.accuracy.tiles import monologue
from tests.cli.program import Edge, Finished, command, is_one_line

PATIENCE_S = 180


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    import subprocess

    path = tmp_path_factory.mktemp("device") / "kitchen.yaml"
    done = subprocess.run(
        command("calibrate", "device", "--out", path, "--name", "kitchen", "--watts-per-core", 1.5),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return path, done


def test_it_says_what_it_does_and_where_it_wrote(calibrated: tuple[Path, Finished]) -> None:
    path, done = calibrated
    assert done.returncode == 0
    assert done.stdout == f"wrote {path}\n"
    assert "people in real time" in done.stderr
    assert "hand_landmarks_full: int8" in done.stderr
    assert [each.name for each in path.parent.iterdir()] == ["kitchen.yaml"]


def test_the_profile_knows_models_nodes_and_how_they_scatter(
    calibrated: tuple[Path, Finished],
) -> None:
    profile = Profile.load(calibrated[0])
    assert (profile.name, profile.watts_per_core, profile.estimate) == ("kitchen", 1.5, False)
    for unit in ("face_landmarks_478/int8", "palm/int8", "body_landmarks_full/int8"):
        assert 0.1 < profile.models[unit][1] < 1000
    landmarks = {"face_landmarks", "body_landmarks"}
    assert landmarks <= set(profile.around_ms)
    assert landmarks <= set(profile.spread)
    assert all(list(spread) == sorted(spread) for spread in profile.spread.values())
    assert 0 < profile.cost_ms["people"] < 50
    assert profile.memory_mb is not None


def test_a_graph_runs_as_the_profile_says(
    calibrated: tuple[Path, Finished], edge: Edge, long_clip: Path
) -> None:
    again = [
        edge("run", "people", "--source", long_clip, "--max-frames", 25, "--offline",
             "--pace", "realtime", "--profile", calibrated[0])
        for _ in range(2)
    ]  # fmt: skip
    assert again[0].returncode == 0
    assert '"age_ms"' in again[0].stdout
    assert again[0].stdout == again[1].stdout


def test_where_nothing_can_be_written_that_is_said_at_once(edge: Edge, tmp_path: Path) -> None:
    missing = edge("calibrate", "device", "--out", "no/such/folder.yaml")
    assert is_one_line(missing)
    assert "create the folder" in missing.stderr
    (tmp_path / "file").touch()
    home = edge("calibrate", "device", EDGE_CONFIG=str(tmp_path / "file" / "config"))
    assert is_one_line(home)
    assert "EDGE_CONFIG" in home.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


class Live:
    """A clip as a network camera and a network microphone have it: whoever connects gets what is
    shown and heard now, the picture as JPEGs, the sound as a WAV without an end; over and over."""

    def __init__(self, clip: Path) -> None:
        with av.open(str(clip)) as file:
            self.jpegs = [
                cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"))[1].tobytes()
                for frame in file.decode(video=0)
            ]
        with av.open(str(clip)) as file:
            sound = [frame.to_ndarray().ravel() for frame in file.decode(audio=0)]
        self.samples = np.concatenate(sound).astype("<i2")
        self.begin = time.monotonic()
        self.ending = threading.Event()
        live = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(OSError):  # whoever listened has gone
                    (live.picture if self.path == "/picture" else live.sound)(self)

            def log_message(self, *args: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = False
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))
        self.thread.start()
        self.picture_url = f"http://127.0.0.1:{self.http.server_port}/picture"
        self.sound_url = f"http://127.0.0.1:{self.http.server_port}/sound"

    def picture(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        for index in self.due(1 / 25):
            jpeg = self.jpegs[index % len(self.jpegs)]
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            request.wfile.write(head.encode() + jpeg + b"\r\n")

    def sound(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "audio/x-wav")
        request.end_headers()
        riff = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVEfmt ", 16, 1, 1, 16_000,
                           32_000, 2, 16, b"data", 0xFFFFFFFF)  # fmt: skip
        request.wfile.write(riff)
        chunks = self.samples[: len(self.samples) // 320 * 320].reshape(-1, 320)
        for index in self.due(0.02):
            request.wfile.write(chunks[index % len(chunks)].tobytes())

    def due(self, seconds: float) -> Iterator[int]:
        """Yield each number when its time has passed, from now on."""
        for index in itertools.count(int((time.monotonic() - self.begin) / seconds)):
            if self.ending.wait(max(0.0, self.begin + (index + 1) * seconds - time.monotonic())):
                return
            yield index

    def stop(self) -> None:
        self.ending.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def test_how_late_a_microphone_is_is_measured_kept_and_found_again(
    data: Path, tmp_path: Path, edge: Edge
) -> None:
    clip = tmp_path / "clip.mkv"
    monologue(clip, NAMES, late_ms=240)
    of_file = edge("calibrate", "sync", "--source", clip, EDGE_CONFIG=str(tmp_path / "own"))
    assert of_file.returncode == 0
    assert abs(milliseconds(of_file) - 240) < 20
    assert not (tmp_path / "own").exists()
    live = Live(clip)
    try:
        devices = "--source", live.picture_url, "--audio", live.sound_url
        done = edge("calibrate", "sync", *devices, EDGE_CONFIG=str(tmp_path / "own"))
        assert done.returncode == 0, done.stderr
        assert abs(milliseconds(done) - 240) < 80  # servers, sockets and decoders have theirs
        assert live.sound_url in (tmp_path / "own" / "sync.yaml").read_text()
    finally:
        live.stop()


def milliseconds(done: Finished) -> int:
    return int(done.stdout.split(" ms ")[0].split()[-1])
