"""What benchmarks in real time have in common: what is asked of them, and figures from runs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.clip import LONG, Clip, decode
from benchmarks.findings import Cell, Rows
from benchmarks.realtime import Played, Task
from benchmarks.streaming import Score, Things, accuracy
from benchmarks.trials import FULL, SHORT, Length, Ours, Report, Theirs, ages_ms, full_rate
from benchmarks.trials import peer_full_rate as its_full_rate
from edge.budget.device import own_profile, watts_per_core

FPS = 30.0
PEER_NOTE = (
    "MediaPipe has the newest frame at hand whenever it is free; its CPU time is per frame that it "
    "has worked on, ours per frame of the camera, worked on or not. Its truth is what it says "
    "itself at full rate; ours is what our float models say, looking at every frame."
)
CLIP_NOTE = (
    "Frames lie decoded in memory, are played there and back at 30 a second and copied just before "
    "they are used; that copy isn't counted, nor is what the first two seconds take."
)
ERROR_NOTE = (
    "Errors: mean distance of a thing's landmarks in % of the longer side of its box; what isn't "
    "there counts as 100 %. capture: against the frame that a result is about; emission: against "
    "the newest frame when it comes out; streaming: of each frame, the newest result by then (Li, "
    "Wang and Ramanan, ECCV 2020)."
)


class Options(NamedTuple):
    """What is asked of a benchmark. `clip`: a video, by default the sample, from `start_s` on.

    `data`: a folder with the goldens, for `streaming`.
    """

    clip: Path | None
    start_s: float | None
    short: bool
    report: Report
    data: Path | None = None

    @property
    def length(self) -> Length:
        return SHORT if self.short else FULL

    def decoded(self, folder: Path) -> Clip:
        return decode(self.clip, self.start_s, folder, LONG)


def task(clip: Clip, player: Ours | Theirs, length: Length, fps: float = FPS) -> Task:
    frames = clip.bgr if isinstance(player, Ours) else clip.rgb
    return Task(str(frames), length.total, length.warm_up, fps)


def truth_of(clip: Clip, player: Ours | Theirs, count: int, folder: Path) -> dict[int, Things]:
    """Return what a player is compared with: what its own side says of each frame, given time."""
    if isinstance(player, Theirs):
        return its_full_rate(clip, count, folder, player.name)
    return full_rate(clip, count, folder)


def scored(
    truth: Mapping[int, Things], played: Iterable[Played], length: Length, fps: float = FPS
) -> dict[str, dict[str, Score]]:
    """Return scores by moment and kind, over all rounds."""
    return accuracy(truth, [each.emissions for each in played], fps, length.warm_up)


def error_rows(name: str, found: Mapping[str, Mapping[str, Score]]) -> Rows:
    """Return a table of scores."""
    rows: Rows = []
    for moment, kinds in found.items():
        for kind, score in kinds.items():
            row: dict[str, Cell] = {"": name, "at": moment, "of": kind, "there": score.things}
            for what in ("mean", "median", "p90"):
                row[f"{what} error, %"] = 100 * float(getattr(score, what))
            rows.append(row | {"within 5 %, %": 100 * score.close, "missed, %": 100 * score.missed})
    return rows


def cpu_ms(played: Iterable[Played], per_result: bool) -> float:
    """Return CPU ms per frame of the camera, or per frame that was worked on."""
    spent = frames = 0.0
    for each in played:
        spent += each.cpu_s
        worked_on = len(each.emissions) / frames_of(each) if per_result else 1.0
        frames += each.frames * worked_on
    return 1000 * spent / frames


def frames_of(played: Played) -> int:
    """Return how many frames are accounted for, as a result or as dropped for a reason."""
    return len(played.emissions) + sum(played.dropped.values())


def watts(played: Iterable[Played]) -> float:
    """Return the mean power, decoding with it, by what a busy core takes."""
    played = list(played)
    spent = sum(each.all_s for each in played)
    return watts_per_core(own_profile()) * spent / sum(each.measured_s for each in played)


def timing(played: list[Played], length: Length, fps: float = FPS) -> dict[str, Cell]:
    ages = np.concatenate([ages_ms(each, fps, length.warm_up) for each in played])
    found = {f"age p{p}, ms": float(np.percentile(ages, p)) for p in (50, 95, 99)}
    rate = len(ages) / (len(played) * length.frames) * fps
    return {**found, "results a second": rate}


def reasons(played: Iterable[Played]) -> str:
    """Return why frames were dropped, in words."""
    found = sum((Counter(each.dropped) for each in played), Counter[str]())
    return ", ".join(f"{n} {reason}" for reason, n in found.items()) or "none"
