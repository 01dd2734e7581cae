"""How long a call of each model takes, by variant and threads."""

import os
from pathlib import Path

from benchmarks.findings import Cell, Findings, Rows
from benchmarks.live import Options
from edge.inference.choice import SETTINGS, time_calls
from edge.inference.manifest import shipped
from edge.inference.registry import ModelInfo, list_models

SHORT_MODELS = ("face_near", "iris")
NOTES = [
    "The median time of a call, its input all zeros; all variants of a model and all numbers of "
    f"threads in turns, {SETTINGS.budget_s:g} s together (at least {SETTINGS.least_rounds} calls "
    f"each), after {SETTINGS.warm_up} calls that don't count. Alone a model has the caches to "
    "itself: in a graph each call takes about a fifth longer.",
    "Edge TPU variants are run on the processor here, which needs a moment longer for them; "
    "no time: the library can't run the file.",
]
MISSING = "{} files aren't here, and left out: edge models fetch"


def models(options: Options, folder: Path) -> Findings:
    """How long a call of each model takes, by variant and threads."""
    threads = [n for n in SETTINGS.threads if n <= (os.cpu_count() or 1)]
    rows: Rows = []
    missing = 0
    for spec in shipped().models:
        if options.short and spec.name not in SHORT_MODELS:
            continue
        options.report(f"models: {spec.name}")
        here = [info for info in list_models([spec.name]) if info.path is not None]
        missing += len(spec.variants) - len(here)
        rows += _rows(here, threads)
    notes = [*NOTES, *([MISSING.format(missing)] if missing else [])]
    return Findings("Models, one call", rows, [], notes)


def _rows(here: list[ModelInfo], threads: list[int]) -> Rows:
    calls = [(Path(info.path), n) for info in here if info.path is not None for n in threads]
    times = iter(time_calls(calls))
    rows: Rows = []
    for info in here:
        row: dict[str, Cell] = {"": info.name, "variant": info.variant}
        for n in threads:
            ms = next(times)
            if ms is not None:
                row[f"{n} thread{'s' * (n > 1)}, ms"] = ms
        rows.append(row)
    return rows
