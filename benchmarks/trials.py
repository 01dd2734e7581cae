"""Runs in real time, each in a process of its own, and what is compared with what."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.bundles import bundles
from benchmarks.clip import Clip
from benchmarks.contest import PEER_PYTHON
from benchmarks.contests import FOUR, SOLUTIONS
from benchmarks.process import CHECKOUT, KEEP_MEMORY, Dead
from benchmarks.realtime import Played, Task, picked_up
from benchmarks.streaming import Things, by_frame

Report = Callable[[str], None]
"""Says what is being done now, for whoever waits."""
HOLISTIC = "Holistic"
PEERS: dict[str, dict[str, dict[str, Any]]] = {
    FOUR: SOLUTIONS,
    HOLISTIC: {"Holistic": {"model_complexity": 1, "refine_face_landmarks": True,
                            "enable_segmentation": True}},
}  # fmt: skip
TASKS = "MediaPipe's tasks"
TASKS_PYTHON = CHECKOUT / ".venv-mediapipe-tasks" / "bin" / "python"
SLOWEST = 8.0
"""A run is given up after so many times as long as it should take."""


class Length(NamedTuple):
    """How much is measured: `frames` in each of `rounds`, after `warm_up` frames."""

    frames: int
    rounds: int
    warm_up: int = 60

    @property
    def total(self) -> int:
        return self.warm_up + self.frames


FULL = Length(frames=1024, rounds=2)
SHORT = Length(frames=150, rounds=1)


class Ours(NamedTuple):
    """One of our graphs in real time; `options` of `live_ours.main`."""

    name: str
    options: dict[str, Any]

    def play(self, task: Task, folder: Path) -> Played:
        return _played([sys.executable, "-m", "benchmarks.live_ours"], task, self.options, folder)


class Theirs(NamedTuple):
    """MediaPipe in real time: one of `PEERS`, or the newest release's `TASKS`."""

    name: str
    pace: str = "realtime"

    def play(self, task: Task, folder: Path) -> Played:
        if self.name == TASKS:
            command = [str(TASKS_PYTHON), "-m", "benchmarks.live_tasks"]
            own: dict[str, Any] = {"models": str(bundles())}
        else:
            command = [str(PEER_PYTHON), "-m", "benchmarks.live_peer"]
            own = {"solutions": PEERS[self.name]}
        return _played(command, task, {**own, "pace": self.pace}, folder)


def people(budget: str | None = None, **more: Any) -> Ours:
    """Return our people graph with int8 models; `budget` None: its own."""
    options = {"graph": "people", "variant": "int8", "max_people": 1, **more}
    if budget is not None:
        options["budget"] = budget
    return Ours("people" + (f", {budget}" if budget else ""), options)


def full_rate(clip: Clip, count: int, folder: Path, graph: str = "people") -> dict[int, Things]:
    """Return what our float models say of every frame, looking at each: our truth."""
    options = {"graph": graph, "variant": "float", "max_people": 1, "pace": "fast"}
    played = Ours("float", options).play(Task(str(clip.bgr), count), folder)
    return by_frame(played.emissions)


def peer_full_rate(clip: Clip, count: int, folder: Path, name: str) -> dict[int, Things]:
    """Return what MediaPipe says of every frame, given the time: its own truth."""
    played = Theirs(name, pace="fast").play(Task(str(clip.rgb), count), folder)
    return by_frame(played.emissions)


def in_turns(
    players: Iterable[Ours | Theirs], task_of: Callable[[Ours | Theirs], Task], rounds: int,
    folder: Path, report: Report,
) -> dict[str, list[Played]]:  # fmt: skip
    """Have all play, one after the other, so many rounds."""
    players = list(players)
    found: dict[str, list[Played]] = {player.name: [] for player in players}
    for turn in range(rounds):
        for player in players:
            report(f"{player.name}, round {turn + 1} of {rounds}")
            found[player.name].append(player.play(task_of(player), folder))
    return found


def ages_ms(played: Played, fps: float, warm_up: int) -> np.ndarray:
    """Return how old each result was when it came out, sorted."""
    return np.sort([
        1000 * (emission.at_s - emission.frame / fps)
        for emission in played.emissions if emission.frame >= warm_up
    ])  # fmt: skip


def peer_is_here() -> bool:
    return PEER_PYTHON.exists()


def peers() -> list[Theirs]:
    """Return those that are installed: MediaPipe's four solutions, Holistic, the newest tasks."""
    solutions = [Theirs(FOUR), Theirs(HOLISTIC)] if PEER_PYTHON.exists() else []
    return solutions + ([Theirs(TASKS)] if TASKS_PYTHON.exists() else [])


def _played(command: list[str], task: Task, options: dict[str, Any], folder: Path) -> Played:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        into = Path(own, "played.json")
        arguments = [json.dumps(task._asdict()), json.dumps(options), str(into)]
        done = subprocess.run(
            [*command, *arguments],
            cwd=CHECKOUT,
            env=os.environ | KEEP_MEMORY,
            capture_output=True,
            text=True,
            timeout=60 + SLOWEST * task.total / task.fps,
            check=False,
        )
        if done.returncode or not into.exists():
            words = done.stderr.strip().splitlines()
            raise Dead(f"no answer from {command[-1]}: {words[-1] if words else 'no words'}")
        return picked_up(str(into))
