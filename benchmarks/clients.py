"""What clients of a daemon cost its graph: latency with fifty of them, and with none."""

import asyncio
import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
import urllib.request
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from websockets.asyncio.client import connect

from benchmarks.clip import SAMPLE
from benchmarks.figures import Figure, Goal
from benchmarks.findings import Findings, Rows
from benchmarks.live import Options
from edge.errors import UserError
from edge.paths import resource

CLIENTS, WATCHERS = 50, 2
"""Who listens: results without landmarks; and of those, who wants pictures, too."""
FPS = 30
ROUNDS, SHORT_ROUNDS = 6, 1
TURN_S, SETTLE_S = 8.0, 3.5
"""How long each turn lasts after it has settled: a state's figures are of the last 3 s."""
GOAL = 1.10
START_S = 30.0


class Load(NamedTuple):
    """What clients got in all, a second: lines of frames, and pictures."""

    frames: float
    pictures: float


def clients(options: Options, folder: Path) -> Findings:
    """What fifty clients cost the graph of a daemon, in turns with none, at 30 frames a second."""
    rounds = SHORT_ROUNDS if options.short else ROUNDS
    config = folder / "config.yaml"
    clip = at_rate(options.clip or SAMPLE, folder / "clip.mp4")
    config.write_text(f"graph: {_ungoverned(folder)}\nbudget: null\nserver: {{port: 0}}\n")
    p50: dict[int, list[float]] = {0: [], CLIENTS: []}
    p95: dict[int, list[float]] = {0: [], CLIENTS: []}
    fps: list[float] = []
    loads: list[Load] = []
    with daemon(config, clip) as address:
        for turn in range(2 * rounds):
            count = CLIENTS if turn % 2 else 0
            options.report(f"clients, turn {turn + 1} of {2 * rounds}: {count}")
            with listening(address, count) as load:
                time.sleep(SETTLE_S)
                end = time.monotonic() + TURN_S
                while time.monotonic() < end:
                    engine = state(address)["engine"]
                    p50[count].append(engine["latency_ms"]["p50"])
                    p95[count].append(engine["latency_ms"]["p95"])
                    fps.append(engine["fps"])
                    time.sleep(0.5)
            loads += load
    rows: Rows = [
        {"": f"{count} clients", "latency p50, ms": Figure.of(p50[count]),
         "latency p95, ms": Figure.of(p95[count])} for count in p50
    ]  # fmt: skip
    ratio = Figure.of(p50[CLIENTS]).median / Figure.of(p50[0]).median
    tail = Figure.of(p95[CLIENTS]).median / Figure.of(p95[0]).median
    frames = sum(load.frames for load in loads) / len(loads)
    pictures = sum(load.pictures for load in loads) / len(loads)
    goals = [
        Goal.at_most(f"latency p50 with {CLIENTS} clients", ratio, GOAL),
        Goal.no_less("lines each client got, a second", frames / CLIENTS, 0.95 * FPS, ""),
    ]
    note = (
        f"{CLIENTS} WebSockets, {WATCHERS} of them with the picture, in one process on the same "
        f"machine; the graph `faces` without a budget at {FPS} frames a second (it gave "
        f"{Figure.of(fps).text(1)}). p95 was {tail:.2f} times as long. The watchers got "
        f"{pictures / WATCHERS:.0f} pictures a second each."
    )
    return Findings("Clients of a daemon", rows, goals, [note])


def at_rate(clip: Path, path: Path) -> Path:
    """Write a clip's picture again at `FPS`, its packets as they are. Raises UserError."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        if stream.average_rate is None:
            raise UserError(f"{clip} doesn't say its rate: give another clip")
        copy = target.add_stream_from_template(stream)
        scale = Fraction(stream.average_rate) / FPS
        for packet in source.demux(stream):
            if packet.pts is not None and packet.dts is not None:
                packet.pts, packet.dts = round(packet.pts * scale), round(packet.dts * scale)
                packet.stream = copy
                target.mux(packet)
    return path


def _ungoverned(folder: Path) -> Path:
    """Write the graph `faces` without its budget: a governor would change the work."""
    lines = resource("graphs/faces.yaml").read_text().splitlines()
    path = folder / "faces.yaml"
    path.write_text("\n".join(line for line in lines if not line.startswith("budget:")) + "\n")
    return path


@contextlib.contextmanager
def daemon(config: Path, clip: Path) -> Any:
    """A daemon on a clip while it lasts; gives its address, host and port."""
    command = [sys.executable, "-m", "edge", "daemon", "--config", str(config)]
    process = subprocess.Popen(
        [*command, "--source", str(clip)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if "http://" not in line:
                raise UserError("edge daemon didn't start")
            address = line.split("http://")[1].split("/")[0]
            end = time.monotonic() + START_S
            while state(address)["engine"]["fps"] < FPS / 2:
                if time.monotonic() > end:
                    raise UserError("the daemon's graph doesn't get going")
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()


def state(address: str) -> Any:
    with urllib.request.urlopen(f"http://{address}/api/state", timeout=10) as answer:
        return json.load(answer)


@contextlib.contextmanager
def listening(address: str, count: int, deaf: int = 0) -> Any:
    """So many clients in a process of their own while this lasts; what they got is then in the
    list that this gives. `deaf`: so many of them want pictures, too, and never read."""
    found: list[Load] = []
    if not count:
        yield found
        return
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_clients, args=(theirs, address, count, deaf, WATCHERS))
    process.start()
    try:
        yield found
        ours.send("stop")
        found.append(ours.recv())
    finally:
        process.join(10)
        process.terminate()
        ours.close()
        theirs.close()


def _clients(pipe: Any, address: str, count: int, deaf: int, watchers: int) -> None:
    os.nice(10)  # they stand for other machines
    pipe.send(asyncio.run(_listen(pipe, address, count, deaf, watchers)))


async def _listen(pipe: Any, address: str, count: int, deaf: int, watchers: int) -> Load:
    got = {"frame": 0, "picture": 0}
    begun = time.monotonic()

    async def one(number: int) -> None:
        is_deaf = number >= count - deaf
        query = "?picture=1" if number < watchers or is_deaf else ""
        uri = f"ws://{address}/api/live{query}"
        async with connect(uri, compression=None, max_size=None, open_timeout=20) as client:
            if is_deaf:
                client.transport.pause_reading()
                await asyncio.sleep(3600)
            async for message in client:
                if isinstance(message, bytes):
                    got["picture"] += 1
                elif message.startswith('{"type":"frame"'):
                    got["frame"] += 1

    tasks = [asyncio.create_task(one(number)) for number in range(count)]
    while not pipe.poll():
        await asyncio.sleep(0.2)
        if got["frame"] == 0:
            begun = time.monotonic()
    passed = time.monotonic() - begun
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Load(got["frame"] / passed, got["picture"] / passed)
