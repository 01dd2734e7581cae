"""`edge run` as its users start it: a process of its own, watched from outside."""

import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import psutil

from benchmarks.process import Dead
from edge.errors import UserError

MB = 1e6
PATIENCE_S = 60.0
"""For a line: longer than any model takes to load from a cold disk."""
WATCHED_EVERY_S = 0.05
"""How often a process's memory is looked at: the system keeps its peak as long as it lives."""


class Program:
    """Runs `edge run` with `arguments`, its result lines read as they come.

    `peak_mb`: the most resident memory at any time (VmHWM), shared libraries and files mapped
    included. What it says on standard error is kept for the case that it fails.
    """

    def __init__(self, *arguments: str) -> None:
        self.peak_mb = 0.0
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.begun_s = time.monotonic()
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("edge")), "run", *arguments, "--json", "--quiet"],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._watch = threading.Thread(target=self._keep_peak)
        self._watch.start()

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield result lines, to the last. Raises Dead where there is no summary."""
        assert self.process.stdout
        line: dict[str, Any] = {}
        while text := self._next_line():
            line = json.loads(text)
            yield line
        if line.get("type") != "summary":
            self._errors.seek(0)
            words = self._errors.read().strip().splitlines()
            raise Dead(f"edge run ended early: {words[-1] if words else 'no words'}")

    def cpu_s(self) -> float:
        """Return the CPU time of all its threads so far, to a hundredth of a second."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._watch.join()
        self._errors.close()

    def _next_line(self) -> str:
        assert self.process.stdout
        patience = threading.Timer(PATIENCE_S, self.process.kill)
        patience.start()
        try:
            return self.process.stdout.readline()
        finally:
            patience.cancel()
            patience.join()

    def _keep_peak(self) -> None:
        while self.process.poll() is None:
            if (peak := _peak_mb(self.process.pid)) is not None:
                self.peak_mb = peak
            time.sleep(WATCHED_EVERY_S)


def _peak_mb(pid: int) -> float | None:
    """Return the most memory a process has had, None where it has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as status:
        for line in status:
            name, _, value = line.partition(":")
            if name == "VmHWM":
                return float(value.split()[0]) * 1024 / MB
    return None


class Steady(NamedTuple):
    """What a run took after its warm-up. `ages_ms`: of each result. `cpu_ms`: of each source
    frame, decoding with it. `summary`: the run's own."""

    ages_ms: list[float]
    cpu_ms: float
    peak_mb: float
    summary: dict[str, Any]


def steady(arguments: list[str], frames: int, warm_up: int) -> Steady:
    """Run `edge run` for so many frames of its source, after so many that don't count."""
    program = Program(*arguments, "--max-frames", str(warm_up + frames))
    ages: list[float] = []
    counted: list[tuple[int, float]] = []
    try:
        for line in program.lines():
            if line["type"] == "frame" and line["frame"] >= warm_up:
                ages.append(line["age_ms"])
                if not counted or line["frame"] < warm_up + frames - 3:  # then its threads end
                    end = (line["frame"], program.cpu_s())
                    counted = [*counted[:1], end]
    finally:
        program.close()
    (first, before), (last, after) = counted
    return Steady(ages, 1000 * (after - before) / (last - first), program.peak_mb, line)


def repeated(clip: Path, folder: Path, seconds: float = 0.0, frames: int = 0) -> Path:
    """Write a clip's picture again and again, at least so many seconds and frames long.

    No frame is coded anew.

    Raises UserError.
    """
    path = folder / "repeated.mp4"
    try:
        with av.open(str(clip)) as given, av.open(str(path), "w") as copy:
            (video, *_) = given.streams.video
            stream = copy.add_stream_from_template(video)
            packets = [(packet, packet.pts or 0, packet.dts, packet.duration or 1)
                       for packet in given.demux(video) if packet.dts is not None]  # fmt: skip
            if not packets or video.time_base is None:
                raise UserError(f"{clip} has no picture")
            (_, _, first, _), (_, _, last, duration) = packets[0], packets[-1]
            span = last - first + duration
            for turn in itertools.count():
                if turn * span * video.time_base >= seconds and turn * len(packets) >= frames:
                    break
                for packet, pts, dts, duration in packets:
                    # All anew each turn: muxing puts a packet in the copy's unit of time.
                    packet.time_base, packet.stream = video.time_base, stream
                    packet.pts, packet.dts = pts + turn * span, dts + turn * span
                    packet.duration = duration
                    copy.mux(packet)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise UserError(f"can't repeat {clip}: {error}") from None
    return path
