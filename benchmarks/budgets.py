"""Our people graph under its own budget in real time, beside MediaPipe on the same frames; and
how right the newest result is, also by published landmarks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.clip import decode
from benchmarks.figures import Goal
from benchmarks.findings import Cell, Findings, Rows
from benchmarks.live import (
    CLIP_NOTE,
    ERROR_NOTE,
    PEER_NOTE,
    Options,
    cpu_ms,
    error_rows,
    reasons,
    scored,
    task,
    timing,
    truth_of,
)
from benchmarks.realtime import Task
from benchmarks.streaming import KINDS, Things
from benchmarks.trials import TASKS, Length, Ours, Theirs, in_turns, peers, people
from edge.cli.prepare import OFF
from edge.errors import UserError

RATIO = 0.2
"""What is asked for: of MediaPipe's CPU time a frame."""
OFF_PERCENT = 5.0
"""So much of its box may landmarks be off when they come out."""
WARM_UP_S = 2.0


class Golden(NamedTuple):
    """A clip of which a third party has published the landmarks of each frame."""

    clip: str
    landmarks: str
    kind: str
    frames: int
    fps: float


GOLDENS = (
    Golden("hands/asl_hand.25fps.mp4", "hands/asl_hand.full.json", "hands", 325, 25.0),
    Golden("body/pose_squats.mp4", "body/pose_squats.full.json", "body", 65, 5.0),
)


def versus(options: Options, folder: Path) -> Findings:
    """Our people graph under its own budget, MediaPipe's four, Holistic and its newest tasks, in
    turns."""
    clip, length = options.decoded(folder), options.length
    players: list[Ours | Theirs] = [people(silhouette=True), *peers()]
    played = in_turns(players, lambda each: task(clip, each, length), length.rounds, folder,
                      options.report)  # fmt: skip
    rows: Rows = []
    errors: Rows = []
    goals = []
    ours = cpu_ms(played[players[0].name], per_result=False)
    for player in players:
        options.report(f"{player.name}: the truth")
        found = played[player.name]
        scores = scored(truth_of(clip, player, length.total, folder), found, length)
        errors += error_rows(player.name, scores)
        cpu = cpu_ms(found, per_result=isinstance(player, Theirs))
        row: dict[str, Cell] = {"": player.name, "CPU, ms a frame": cpu, "ours of it": ours / cpu}
        rows.append(row | timing(found, length) | {"dropped": reasons(found)})
        if isinstance(player, Theirs) and player.name != TASKS:
            goals.append(Goal.at_most(f"CPU time, of {player.name}", ours / cpu, RATIO))
        elif isinstance(player, Ours):
            goals += [
                Goal.at_most(f"{kind} off at emission, mean", 100 * score.mean, OFF_PERCENT, "%")
                for kind, score in scores["emission"].items()
            ]
    return Findings(
        f"People under their budget: {clip.name}", rows, goals, [CLIP_NOTE, PEER_NOTE, ERROR_NOTE],
        more={"How right": errors},
    )  # fmt: skip


def streaming(options: Options, folder: Path) -> Findings:
    """How right the newest result is, with and without a budget, and MediaPipe's."""
    clip, length = options.decoded(folder), options.length
    length = length._replace(rounds=1)
    players = _all_players()
    played = in_turns(players, lambda each: task(clip, each, length), 1, folder, options.report)
    rows: Rows = []
    for player in players:
        options.report(f"{player.name}: the truth")
        truth = truth_of(clip, player, length.total, folder)
        rows += error_rows(player.name, scored(truth, played[player.name], length))
    more = {}
    for golden in GOLDENS if options.data is not None else ():
        assert options.data is not None
        more[f"By published landmarks: {golden.clip}"] = _by_golden(golden, options, folder)
    notes = [CLIP_NOTE, PEER_NOTE, ERROR_NOTE]
    if more:
        notes.append("Published landmarks are MediaPipe's own of some years ago, given all the "
                     "time; the clips run there and back at their own pace.")  # fmt: skip
    return Findings(f"Streaming accuracy: {clip.name}", rows, [], notes, more=more)


def _all_players() -> list[Ours | Theirs]:
    return [people(), people(OFF), *peers()]


def _by_golden(golden: Golden, options: Options, folder: Path) -> Rows:
    assert options.data is not None
    path = options.data / golden.clip
    if not path.is_file():
        raise UserError(f"{options.data} holds no {golden.clip}: --data is ../shared/data")
    own = folder / golden.kind
    own.mkdir()
    clip = decode(path, 0.0, own, golden.frames)
    warm_up = round(WARM_UP_S * golden.fps)
    length = Length(2 * (clip.frames - 1) - warm_up, rounds=1, warm_up=warm_up)
    truth = golden_truth(golden, options.data, task(clip, people(), length, golden.fps))
    players = _all_players()
    played = in_turns(players, lambda each: task(clip, each, length, golden.fps), 1, own,
                      options.report)  # fmt: skip
    rows: Rows = []
    for player in players:
        rows += error_rows(player.name, scored(truth, played[player.name], length, golden.fps))
    return rows


def golden_truth(golden: Golden, data: Path, played: Task) -> Mapping[int, Things]:
    """Return the published landmarks of each frame that a task plays."""
    published = json.loads((data / golden.landmarks).read_text())
    assert golden.kind in KINDS
    seen = [[[x, y] for x, y, *_ in landmarks] for landmarks in published]
    return {frame: {golden.kind: [seen[position]]} for frame, position in enumerate(played.order())}
