"""Several programs play the same frames in turns: CPU time per frame of each, and its parts."""

import json
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from tqdm import tqdm

from benchmarks.clip import Clip
from benchmarks.figures import Figure, Goal
from benchmarks.process import CHECKOUT, Process
from benchmarks.worker import MODEL, Round
from edge.errors import UserError, nearest
from edge.inference.manifest import shipped

PEER_PYTHON = CHECKOUT / ".venv-mediapipe" / "bin" / "python"
WARM_UP = 30
"""Frames before the first round: everybody is found, memory touched."""


class Contestant(NamedTuple):
    """A program that sees people. `options`: what its `main` takes beside the clip.

    `clip`: which of the contest's. `against`: the name of the peer whose CPU time is 1. `goal`:
    what the ratio to that is to stay under, on a clip in which nothing of the kind `without` is.
    """

    name: str
    options: dict[str, Any]
    is_peer: bool = False
    clip: int = 0
    against: str = ""
    goal: float | None = None
    without: str = ""

    def command(self, clips: list[Clip], variant: str) -> list[str]:
        """Return what starts it; `variant` is of our models, the peer has but one of each."""
        clip = clips[self.clip]
        if self.is_peer:
            python, module, frames, options = str(PEER_PYTHON), "peer", clip.rgb, self.options
        else:
            python, module, frames = sys.executable, "ours", clip.bgr
            options = {"variant": variant} | self.options
        return [python, "-m", f"benchmarks.{module}", str(frames), json.dumps(options)]


class Contest(NamedTuple):
    """`clips(path, start_s, folder)` makes what is played, from a video or by default.

    `per_person`: the contestants see one person, two, and so on.
    """

    title: str
    contestants: list[Contestant]
    clips: Callable[[Path | None, float | None, Path], list[Clip]]
    notes: list[str]
    variant: str = "int8"
    per_person: bool = False


class Row(msgspec.Struct, frozen=True):
    """A contestant's rounds, summed up. `seen`: by kind, per frame, over all rounds.

    `parts_ms`: of the CPU time, what each node had, its model's part of that by itself, and
    the rest as "graph": the runtime, the source and the loop that reads the results.
    `looks`: how often each detector ran, per frame.
    """

    name: str
    seen: dict[str, float]
    cpu_ms: Figure
    ratio: Figure | None
    parts_ms: dict[str, Figure]
    looks: dict[str, float]


class Growth(msgspec.Struct, frozen=True):
    """A line through what one, two, three… people cost: of nobody, and of each; ms per frame."""

    nobody_ms: float
    each_ms: float


class Outcome(msgspec.Struct, frozen=True):
    """`growth`: where the contestants see more and more people, in all and by part."""

    title: str
    clip: str
    variant: str
    size: tuple[int, int]
    rounds: int
    frames: int
    rows: list[Row]
    growth: dict[str, Growth]
    goals: list[Goal]
    notes: list[str]


def measure(
    contest: Contest,
    path: Path | None,
    start_s: float | None,
    frames: int,
    rounds: int,
    variant: str | None = None,
) -> Outcome:
    """Have all contestants play `rounds` rounds of `frames` frames. Raises UserError.

    `variant`: of our models. Without the peer's environment, ours are measured alone.
    """
    variant = variant or contest.variant
    known = {found.name for found in shipped().variants()}
    if variant not in known:  # before the long work, a mistake is one line
        raise UserError(f"no model has a variant '{variant}'{nearest(variant, known)}")
    contestants = [c for c in contest.contestants if PEER_PYTHON.exists() or not c.is_peer]
    with tempfile.TemporaryDirectory(prefix="edge-benchmark-") as folder, ExitStack() as stack:
        clips = contest.clips(path, start_s, Path(folder))
        processes = {}
        for number, contestant in enumerate(contestants):
            process = Process(contestant.command(clips, variant), Path(folder, f"{number}.log"))
            stack.callback(process.close)
            process.play(WARM_UP)
            processes[contestant.name] = process
        played = _in_turns(processes, frames, rounds, contest.title)
    rows = [_row(c.name, played[c.name], played.get(c.against)) for c in contestants]
    goals = [
        Goal.of(f"{row.name}, of {contestant.against}", row.ratio, contestant.goal)
        for contestant, row in zip(contestants, rows, strict=True)
        if contestant.goal and row.ratio and not row.seen.get(contestant.without)
    ]
    growth = _growth(rows) if contest.per_person else {}
    clip = clips[0]
    return Outcome(
        contest.title, clip.name, variant, clip.size, rounds, frames, rows, growth, goals,
        contest.notes,
    )  # fmt: skip


def _in_turns(
    processes: dict[str, Process], frames: int, rounds: int, title: str
) -> dict[str, list[Round]]:
    """Return the rounds of each process. Another begins each turn."""
    played: dict[str, list[Round]] = {name: [] for name in processes}
    names = deque(processes)
    for _ in tqdm(range(rounds), desc=title, unit="round", disable=None):
        for name in names:
            played[name].append(processes[name].play(frames))
        names.rotate()
    return played


def _row(name: str, rounds: list[Round], peer: list[Round] | None) -> Row:
    ratios = [own.cpu_s / other.cpu_s for own, other in zip(rounds, peer or rounds, strict=True)]
    parts_ms = [_parts_ms(played) for played in rounds]
    parts = dict.fromkeys(part for ms in parts_ms for part in ms)
    return Row(
        name=name,
        seen=_per_frame(rounds, [played.seen for played in rounds]),
        cpu_ms=Figure.of([1e3 * played.cpu_s / played.frames for played in rounds]),
        ratio=Figure.of(ratios) if peer else None,
        parts_ms={part: Figure.of([ms.get(part, 0.0) for ms in parts_ms]) for part in parts},
        looks=_per_frame(rounds, [played.looks for played in rounds]),
    )


def _per_frame(rounds: list[Round], counts: list[dict[str, int]]) -> dict[str, float]:
    frames = sum(played.frames for played in rounds)
    kinds = dict.fromkeys(kind for count in counts for kind in count)
    return {kind: sum(count.get(kind, 0) for count in counts) / frames for kind in kinds}


def _parts_ms(played: Round) -> dict[str, float]:
    """Return ms per frame of each node's model, of the rest of each node, and of the graph."""
    parts_s = dict(played.parts_s)
    if not parts_s:
        return {}
    rest_s = played.cpu_s - sum(s for part, s in parts_s.items() if not part.endswith(MODEL))
    for part in played.parts_s:
        if part.endswith(MODEL):
            parts_s[part.removesuffix(MODEL)] -= parts_s[part]
    return {part: 1e3 * s / played.frames for part, s in (parts_s | {"graph": rest_s}).items()}


def _growth(rows: list[Row]) -> dict[str, Growth]:
    """Return by which line the medians of rows grow that see one person, two, and so on."""
    people = np.arange(len(rows)) + 1
    parts = dict.fromkeys(part for row in rows for part in row.parts_ms)
    ms = {"all": [row.cpu_ms.median for row in rows]} | {
        part: [row.parts_ms[part].median if part in row.parts_ms else 0.0 for row in rows]
        for part in parts
    }
    lines = {part: np.polyfit(people, values, 1).tolist() for part, values in ms.items()}
    return {part: Growth(nobody, each) for part, (each, nobody) in lines.items()}
