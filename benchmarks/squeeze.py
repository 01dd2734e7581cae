"""One core, a neighbour on it, and frames that come whether or not anyone is ready."""

from pathlib import Path

from benchmarks.contests import FOUR
from benchmarks.figures import Goal
from benchmarks.findings import Cell, Curve, Findings, Picture, Rows
from benchmarks.live import (
    CLIP_NOTE,
    ERROR_NOTE,
    FPS,
    PEER_NOTE,
    Options,
    error_rows,
    frames_of,
    reasons,
    scored,
    task,
    timing,
    truth_of,
)
from benchmarks.realtime import Played
from benchmarks.streaming import mean
from benchmarks.trials import Length, Ours, Theirs, in_turns, peer_is_here, people

CORE = 0
BUDGET_MS = 50.0
BUDGET = f"latency_ms={BUDGET_MS:g}"
P99_MS = 66.0
"""What is asked for: two frames."""
STEP_S = (10.0, 20.0)
"""When the neighbour begins and stops."""
STEP_FRAMES = round(30 * FPS)
ABSORBED_S, CHANGES = 1.0, 2
"""What is asked for: within so long, after so many changes of the plan."""
WATCHED_S = 5.0
"""After a step: what is late then, is so for another reason."""
TEN = 10
"""Results of which one may be late: no single one is taken for a budget missed."""
LAST_S = 60.0
"""The neighbour of a whole run outlasts it."""


def contention(options: Options, folder: Path) -> Findings:
    """One core, half of which a neighbour takes: who is how late, and how right?"""
    clip, length = options.decoded(folder), options.length
    span = (0.0, length.total / FPS + LAST_S)
    players: list[Ours | Theirs] = [people(BUDGET)]
    if peer_is_here():
        players.append(Theirs(FOUR))
    played = in_turns(
        players,
        lambda each: task(clip, each, length)._replace(core=CORE, neighbour=span),
        length.rounds,
        folder,
        options.report,
    )
    rows: Rows = []
    errors: Rows = []
    streamed = {}
    for player in players:
        options.report(f"{player.name}: the truth")
        found = played[player.name]
        scores = scored(truth_of(clip, player, length.total, folder), found, length)
        streamed[player.name] = 100 * mean(scores["streaming"])
        errors += error_rows(player.name, scores)
        row: dict[str, Cell] = {"": player.name, **timing(found, length)}
        row |= {"streaming error, %": streamed[player.name], "dropped": reasons(found)}
        rows.append(row | {"not accounted for": sum(lost(each, length) for each in found)})
    goals = [
        Goal.at_most("p99 age", float(rows[0]["age p99, ms"]), P99_MS, "ms"),
        Goal.at_most("frames not accounted for", float(rows[0]["not accounted for"]), 0, ""),
    ]
    if FOUR in streamed:
        ours = streamed[players[0].name]
        goals.append(Goal.at_most("streaming error, of MediaPipe's", ours / streamed[FOUR], 1.0))
    return Findings(
        f"One core with a neighbour: {clip.name}", rows, goals, [CLIP_NOTE, PEER_NOTE, ERROR_NOTE],
        more={"How right": errors},
    )  # fmt: skip


def step(options: Options, folder: Path) -> Findings:
    """A neighbour begins and stops: how soon is the plan right again, after how many changes?"""
    clip = options.decoded(folder)
    length = Length(STEP_FRAMES, rounds=1 if options.short else 3)
    player = people(BUDGET)
    played = in_turns(
        [player],
        lambda each: task(clip, each, length)._replace(core=CORE, neighbour=STEP_S),
        length.rounds,
        folder,
        options.report,
    )[player.name]
    rows: Rows = []
    for turn, each in enumerate(played, start=1):
        row: dict[str, Cell] = {"": f"round {turn}"}
        for name, at_s in zip(("begins", "stops"), STEP_S, strict=True):
            row[f"late after it {name}, s"] = late_until(each, at_s) - at_s
            after = changes(each, at_s)
            row[f"plan changes after it {name}"] = len(after)
            row[f"the first after it {name}, s"] = after[0][0] - at_s if after else "none"
        rows.append(row)
    goals = []
    for name in ("begins", "stops"):
        worst = max(float(row[f"late after it {name}, s"]) for row in rows)
        most = max(float(row[f"plan changes after it {name}"]) for row in rows)
        goals.append(Goal.at_most(f"absorbed after it {name}", worst, ABSORBED_S, "s"))
        goals.append(Goal.at_most(f"plan changes after it {name}", most, CHANGES, ""))
    told = [f"{turn}: {t:.1f} s {text}" for turn, each in enumerate(played, 1)
            for t, text in each.events]  # fmt: skip
    note = (
        f"A busy neighbour on the same core from {STEP_S[0]:g} to {STEP_S[1]:g} s. Late: until "
        f"when, within {WATCHED_S:g} s, more than one of {TEN} results running was older than "
        f"{BUDGET_MS:g} ms. "
    )
    return Findings(f"A step in load: {clip.name}", rows, goals, [note + CLIP_NOTE, *told],
                    [_ages(played[0])])  # fmt: skip


def lost(played: Played, length: Length) -> int:
    """Return how many frames were captured and neither came out nor are known to be dropped."""
    return abs(length.total - frames_of(played))


def late_until(played: Played, since_s: float) -> float:
    """Return until when results were late, in the seconds from `since_s` on."""
    found = [e for e in played.emissions if since_s <= e.at_s < since_s + WATCHED_S]
    late = [1000 * (e.at_s - e.frame / FPS) > BUDGET_MS for e in found]
    until = since_s
    for i, emission in enumerate(found):
        if sum(late[max(0, i + 1 - TEN) : i + 1]) > 1:
            until = emission.at_s
    return until


def changes(played: Played, since_s: float) -> list[tuple[float, str]]:
    """Return when what was told of the plan in the seconds from `since_s` on."""
    return [(t, text) for t, text in played.events if since_s <= t < since_s + WATCHED_S]


def _ages(played: Played) -> Picture:
    times = [emission.at_s for emission in played.emissions]
    ages = [1000 * (emission.at_s - emission.frame / FPS) for emission in played.emissions]
    begins, stops = STEP_S
    lines = {"neighbour begins": begins, "neighbour stops": stops}
    return Picture(
        "step", "s", "age, ms", [Curve("age", times, ages)], {"budget": BUDGET_MS}, lines
    )
