"""Devices that go and come back under a running daemon: a camera on the network, a sound server."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge.paths import resource
from tests.daemon.conftest import Daemon, Starts, lines, started
from tests.rtsp import RtspServer

ROUNDS = int(os.environ.get("EDGE_FAULT_ROUNDS", "2"))
"""make faults has ten."""
BACK_S = 3.0


@pytest.fixture
def person(tmp_path: Path) -> Path:
    """A picture with one face: of the sample, past its middle."""
    video = cv2.VideoCapture(str(resource("samples/astronaut.mp4")))
    video.set(cv2.CAP_PROP_POS_FRAMES, 215)
    picture = video.read()[1]
    video.release()
    path = tmp_path / "person.jpg"
    cv2.imwrite(str(path), cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA))
    return path


@pytest.fixture
def camera(person: Path) -> Iterator[RtspServer]:
    """A camera on the network that shows one picture for ever."""
    server = RtspServer(
        f"( filesrc location={person} ! jpegdec ! imagefreeze is-live=true"
        " ! video/x-raw,framerate=15/1 ! videoconvert ! video/x-raw,format=I420 ! jpegenc"
        " ! rtpjpegpay name=pay0 )"
    )
    yield server
    server.kill()


def state_of(daemon: Daemon, stream: str) -> Any:
    return daemon.state()["engine"]["streams"].get(stream, {}).get("state")


def until(daemon: Daemon, stream: str, state: str, seconds: float = 20.0) -> float:
    """Wait for a stream's state; return how long that took, s."""
    begun = time.monotonic()
    while state_of(daemon, stream) != state:
        assert time.monotonic() - begun < seconds, daemon.state()["engine"]
        time.sleep(0.02)
    return time.monotonic() - begun


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_a_camera_on_the_network_that_is_restarted_again_and_again(
    start: Starts, camera: RtspServer
) -> None:
    camera.start()
    daemon = start("graph: faces\nbudget: {latency_ms: 200}\n", "--source", camera.address)
    pid = daemon.until(lambda s: s["engine"]["fps"] > 5)["server"]["engine_pid"]
    backs, memory = [], []
    with daemon.listen() as client:
        ids = {p["id"] for line in lines(client, 20) for p in line.get("people", ())}
        assert ids == {1}
        for _ in range(ROUNDS):
            camera.kill()
            until(daemon, "camera", "lost")
            assert daemon.ask("GET", "/health")[0] == 200  # lost isn't stuck: systemd needn't act
            camera.start()
            backs.append(until(daemon, "camera", "live"))
            daemon.until(lambda s: s["engine"]["fps"] > 5)
            memory.append(daemon.state()["engine"]["memory_mb"])
    with daemon.listen() as client:
        ids = {p["id"] for line in lines(client, 20) for p in line.get("people", ())}
    state = daemon.state()
    print(f"back after {[round(s, 2) for s in backs]} s, MB {memory}, ids {ids}")
    assert max(backs) < BACK_S
    assert ids == {1}  # one human, who was known before each gap
    assert state["server"]["engine_pid"] == pid
    assert state["server"]["restarts"] == 0
    assert max(memory) - memory[0] < 15  # and no more with each round


def test_a_camera_that_isnt_there_yet_is_waited_for(start: Starts, camera: RtspServer) -> None:
    daemon = start("graph: faces\nbudget: {latency_ms: 200}\n", "--source", camera.address)
    until(daemon, "camera", "lost", 40)
    camera.start()
    assert until(daemon, "camera", "live") < BACK_S
    daemon.until(lambda s: s["engine"]["fps"] > 5)


ASOUNDRC = "pcm.!default {type pulse}\nctl.!default {type pulse}\n"


class SoundServer:
    """PulseAudio with a null source: it gives silence."""

    def __init__(self, home: Path) -> None:
        self.socket = home / "pulse.socket"
        (home / ".asoundrc").write_text(ASOUNDRC)
        self.environment = {
            "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "XDG_CONFIG_HOME": str(home),
            "PULSE_SERVER": f"unix:{self.socket}",
        }  # fmt: skip
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        modules = (
            f"module-native-protocol-unix socket={self.socket} auth-anonymous=1",
            "module-null-source source_name=silence",
        )
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit",
                   "--use-pid-file=no"]  # fmt: skip
        for module in modules:
            command += ["-L", module]
        self._server = subprocess.Popen(
            command, env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 10
        while not self.socket.exists():
            assert time.monotonic() < end
            time.sleep(0.05)

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
        self.socket.unlink(missing_ok=True)


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[SoundServer]:
    if shutil.which("pulseaudio") is None:
        pytest.skip("no PulseAudio here: apt-get install pulseaudio libasound2-plugins")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    server = SoundServer(home)
    server.start()
    listed = subprocess.run(
        [sys.executable, "-c", "import sounddevice as s; print(s.query_devices('default'))"],
        env={**os.environ, **server.environment}, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        server.kill()
        pytest.skip(f"PortAudio doesn't find PulseAudio: {listed.stderr[-200:]}")
    yield server
    server.kill()


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_a_sound_server_that_is_restarted(tmp_path: Path, sound: SoundServer) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("graph: conversation\nsource: samples/astronaut.mp4\naudio: default\n")
    with started(config, **sound.environment) as daemon:
        daemon.until(lambda s: s["engine"]["fps"] > 2)
        until(daemon, "microphone", "live")
        for _ in range(ROUNDS):
            sound.kill()
            until(daemon, "microphone", "lost")
            daemon.until(lambda s: s["engine"]["fps"] > 2)  # pictures go on
            sound.start()
            print(f"back after {until(daemon, 'microphone', 'live'):.2f} s")
        assert daemon.state()["server"]["restarts"] == 0


def test_two_daemons_dont_get_the_same_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "edge", "daemon", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "is it running already?" in done.stderr
