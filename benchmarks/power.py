"""Runs that were asked for so many watts: what they took, and what came of it."""

from pathlib import Path

from benchmarks.figures import Goal
from benchmarks.findings import Cell, Curve, Findings, Picture, Rows
from benchmarks.live import (
    CLIP_NOTE,
    ERROR_NOTE,
    Options,
    error_rows,
    scored,
    task,
    timing,
    watts,
)
from benchmarks.trials import full_rate, in_turns, people
from edge.budget.device import own_profile, watts_per_core

LATENCY = "latency_ms=50"
ASKED_W = (1.0, 1.5, 2.5)
OVERDRAWN, UNUSED = 1.1, 0.9
"""What is asked for: of the watts allowed, no more, and no less where more would help."""


def power(options: Options, folder: Path) -> Findings:
    """Three runs with less and more power, and one with as much as it likes."""
    clip, length = options.decoded(folder), options.length._replace(rounds=1)
    players = {watt: people(f"{LATENCY},power_w={watt:g}") for watt in ASKED_W}
    free = people(LATENCY)
    played = in_turns([*players.values(), free], lambda each: task(clip, each, length), 1, folder,
                      options.report)  # fmt: skip
    options.report("the truth")
    truth = full_rate(clip, length.total, folder)
    most = watts(played[free.name])
    rows: Rows = []
    errors: Rows = []
    goals = []
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for asked, player in [*players.items(), (None, free)]:
        found = played[player.name]
        taken = watts(found)
        row: dict[str, Cell] = {"": player.name, "W": taken}
        if asked is not None:
            row["of what it may"] = taken / asked
            goals.append(Goal.at_most(f"of {asked:g} W", taken / asked, OVERDRAWN))
            if most > asked:
                goals.append(Goal.no_less(f"of {asked:g} W", taken / asked, UNUSED))
        rows.append(row | timing(found, length) | {"plan changes": len(found[0].events)})
        scores = scored(truth, found, length)
        errors += error_rows(player.name, {"streaming": scores["streaming"]})
        for kind, score in scores["streaming"].items():
            x, y = curves.setdefault(kind, ([], []))
            x.append(taken)
            y.append(100 * score.mean)
    picture = Picture("power", "W", "streaming error, % of the box",
                      [Curve(kind, x, y) for kind, (x, y) in curves.items()])  # fmt: skip
    per_core = watts_per_core(own_profile())
    note = (f"W: CPU seconds of the whole process, decoding with it, × {per_core:g} W a core "
            "(energy_source: model). ")  # fmt: skip
    return Findings(f"Power as asked for: {clip.name}", rows, goals, [note + CLIP_NOTE, ERROR_NOTE],
                    [picture], {"How right": errors})  # fmt: skip
