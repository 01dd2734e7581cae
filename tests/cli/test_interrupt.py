"""Ctrl-C: everything is closed, the summary is written, code 130."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import av
import pytest

from edge.cli.watched import Watched
from edge.graph import Context, Graph, Node, Packet, Result, Source
from tests.cli.program import FPS, PATIENCE_S, command, lines_of


class Count(Source):
    """Counts to ten; after that nothing comes, and it doesn't end, if it is `live`."""

    medium = "picture"

    class Settings(Node.Settings):
        live: bool = False

    settings: Settings

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.live = self.settings.live

        self.closed = False

    def packets(self) -> Iterator[Packet[int]]:
        for number in range(1, 11):
            yield Packet(number, number)
        while self.live and not self.closed:
            time.sleep(0.01)

    def close(self) -> None:
        self.closed = True


class Keep(Node):
    """A sink. One called "late" may be interrupted while it is being closed."""

    class Settings(Node.Settings):
        interrupts: bool = False

    closed: ClassVar[list[str]] = []

    def process(self, number: int) -> None:
        pass

    def close(self) -> None:
        if self.context.name == "late" and self.settings.interrupts:
            os.kill(os.getpid(), signal.SIGINT)
        self.closed.append(self.context.name)


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_whole_files(
    graph: Path, long_clip: Path, tmp_path: Path, ended_by: signal.Signals
) -> None:
    run = command(
        "run", graph, "--source", long_clip, "--pace", "realtime",
        "--out", "r.jsonl", "--video", "v.mp4", "--record", "r.mcap", "--trace", "t.json",
    )  # fmt: skip
    with subprocess.Popen(run, cwd=tmp_path, stdout=-1, stderr=-1, text=True) as process:
        _wait_for_lines(tmp_path / "r.jsonl.part", process)
        process.send_signal(ended_by)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + ended_by
    assert "Traceback" not in said
    *frames, summary = (line for line in lines_of(tmp_path / "r.jsonl") if line["type"] != "event")
    assert summary["type"] == "summary"
    assert 0 < len(frames) < 60 * FPS
    with av.open(str(tmp_path / "v.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) > 0
    assert not list(tmp_path.glob("*.part"))


def _wait_for_lines(path: Path, process: subprocess.Popen) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not (path.exists() and path.read_bytes().count(b"\n") > 5):
        assert process.poll() is None
        assert time.monotonic() < patience
        time.sleep(0.02)


def _graph(live: bool = False, interrupts: bool = False) -> Graph:
    return Graph.parse(
        {
            "nodes": {
                "count": {"uses": Count, "with": {"live": live}},
                "late": {
                    "uses": Keep,
                    "inputs": {"number": "count"},
                    "with": {"interrupts": interrupts},
                },
                "later": {"uses": Keep, "inputs": {"number": "count"}},
            },
            "outputs": ["count"],
        }
    )


def test_a_signal_while_all_is_being_closed_disturbs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Keep, "closed", [])
    before = signal.getsignal(signal.SIGINT)  # ignored, where a shell has us in the background
    watched = Watched(_graph(interrupts=True).run())
    assert len(list(watched)) == 10
    assert watched.signal == signal.SIGINT
    assert sorted(Keep.closed) == ["late", "later"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_graph_that_has_fallen_silent_can_be_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Keep, "closed", [])
    watched = Watched(_graph(live=True).run())
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    assert len(list(watched)) <= 10
    timer.join()
    assert watched.signal == signal.SIGINT
    assert sorted(Keep.closed) == ["late", "later"]


def test_a_closed_window_ends_the_run_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def quits(self: Keep, number: int) -> None:
        self.context.event("quit")

    monkeypatch.setattr(Keep, "closed", [])
    monkeypatch.setattr(Keep, "process", quits)
    watched = Watched(_graph(live=True).run())
    assert all(isinstance(item, Result) for item in watched)
    assert (watched.signal, watched.failure) == (None, None)
    assert "later" in Keep.closed


def test_opening_may_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Keep, context: Context) -> None:
        Node.open(self, context)
        if context.name == "later":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Keep, "closed", [])
    monkeypatch.setattr(Keep, "open", interrupted)
    watched = Watched(_graph().run())
    assert list(watched) == []
    assert watched.signal == signal.SIGINT
    assert Keep.closed == ["late"], "what had opened before is closed"
