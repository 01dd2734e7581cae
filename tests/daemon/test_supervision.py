"""Who watches whom: systemd the server, the server the engine, and all of them the streams."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import av
import pytest

from edge.daemon import notify
from edge.daemon.config import Config
from edge.daemon.report import STUCK_S
from edge.daemon.supervisor import Settings, Supervisor, alive
from edge.daemon.wire import EngineState, Kind, Stream, packed
from tests.daemon.conftest import Starts

CHECKOUT = Path(__file__).parents[2]


def heard(listening: socket.socket, wanted: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        listening.settimeout(left)
        try:
            if listening.recv(1000).decode() == wanted:
                return True
        except TimeoutError:
            break
    return False


def test_systemd_is_told_that_all_is_well_and_that_it_ends(start: Starts, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        daemon = start(NOTIFY_SOCKET=address, WATCHDOG_USEC="600000")
        assert heard(listening, "READY=1", 20)
        daemon.running()
        for _ in range(3):
            assert heard(listening, "WATCHDOG=1", 2)
        daemon.ask("PUT", "/api/mute", {"camera": True})  # what is muted needn't advance
        time.sleep(6)
        listening.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while listening.recv(1000):  # what was told up to now
                pass
        assert heard(listening, "WATCHDOG=1", 2)
        daemon.stop()
        assert heard(listening, "STOPPING=1", 2)


def test_only_advancing_streams_are_well() -> None:
    streams = {state: Stream(state=state, device="x") for state in ("live", "lost", "muted")}
    assert alive(EngineState(running=True, streams=streams), 0.5)
    stuck = Stream(state="stuck", device="x")
    assert not alive(EngineState(running=True, streams={**streams, "b": stuck}), 0.5)
    assert not alive(EngineState(running=True, streams=streams), Settings.SILENT_S + 1)


def test_a_clip_without_sound_is_well(start: Starts, tmp_path: Path) -> None:
    clip = tmp_path / "silent.mkv"
    with av.open(str(clip), "w") as file:
        stream = file.add_stream("mjpeg", 10, width=64, height=64, pix_fmt="yuvj420p")
        for _ in range(20):
            file.mux(stream.encode(av.VideoFrame(64, 64, "yuvj420p")))
        file.mux(stream.encode())
    daemon = start("graph: attention\n", "--source", str(clip))
    daemon.running()
    time.sleep(STUCK_S + 1)
    state = daemon.state()["engine"]["streams"]
    assert (state["camera"]["state"], state["microphone"]["state"]) == ("live", "ended")
    assert daemon.ask("GET", "/health")[0] == 200


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
        monkeypatch.delenv(name, raising=False)
    notify.notify("READY=1")
    assert notify.watchdog_s() is None
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert notify.watchdog_s() == 15
    monkeypatch.setenv("WATCHDOG_PID", "1")  # it waits for somebody else
    assert notify.watchdog_s() is None


def test_an_engine_that_stands_still_is_replaced(start: Starts) -> None:
    daemon = start()
    pid = daemon.running()["server"]["engine_pid"]
    os.kill(pid, signal.SIGSTOP)
    stopped = time.monotonic()
    assert daemon.ask("GET", "/health")[0] in (200, 503)  # the server answers all the same
    state = daemon.until(
        lambda s: s["server"]["engine_pid"] != pid and s["engine"]["fps"] > 0,
        Settings.SILENT_S + 20,
    )
    print(f"replaced after {time.monotonic() - stopped:.1f} s")
    assert state["server"]["restarts"] == 1
    assert any("nothing for 10 s" in line for line in daemon.log)


@pytest.mark.parametrize("turns", range(8))
def test_who_listens_can_be_stopped_whatever_just_came(turns: int) -> None:
    async def stop_as_something_comes() -> bool:
        supervisor = Supervisor(Config(graph="faces"), lambda kind, data: None)
        reader = asyncio.StreamReader()
        listening = asyncio.create_task(supervisor._listen(reader))
        await asyncio.sleep(0.01)
        reader.feed_data(packed(Kind.LINE, b"{}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        listening.cancel()
        done, _ = await asyncio.wait({listening}, timeout=1)
        reader.feed_eof()
        return listening in done

    assert asyncio.run(stop_as_something_comes())


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here: apt-get install systemd")
    script = CHECKOUT / "scripts/install_service.sh"
    subprocess.run([script], check=True, env={**os.environ, "DESTDIR": str(tmp_path)})
    unit = tmp_path / "etc/systemd/system/edge.service"
    assert "@" not in unit.read_text().replace("@system-service", "").split("[Unit]")[1]
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True
    )
    about_us = [line for line in verified.stderr.splitlines() if "edge.service" in line]
    assert not about_us
    config = tmp_path / "etc/edge/config.yaml"
    config.write_text("# mine\n")
    subprocess.run([script], check=True, env={**os.environ, "DESTDIR": str(tmp_path)})
    assert config.read_text() == "# mine\n"  # installed again, settings stay
    assert (tmp_path / "etc/edge/environment").stat().st_mode & 0o077 == 0
