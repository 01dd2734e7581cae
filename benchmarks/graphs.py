"""The shipped graphs in real time, as `edge run` runs them."""

from pathlib import Path

import numpy as np

from benchmarks.clip import SAMPLE
from benchmarks.findings import Cell, Findings, Rows
from benchmarks.live import Options
from benchmarks.program import Steady, repeated, steady
from edge.paths import resource

FRAMES, SHORT_FRAMES = 1536, 75
"""More than 1024, and a minute of 25 frames a second: what a 99th percentile needs."""
WARM_UP = 50
SPARE = 50
"""So that no run comes to the clip's end."""
NOTE = (
    "edge run GRAPH --source CLIP --pace realtime --json, each under its own budget, on a clip "
    "repeated at its own rate. CPU: all threads, per frame of the source, decoding and writing "
    "results with it. age: from capture to the result, the first two seconds apart. late: older "
    "than the graph promises, of all. peak: the most resident memory."
)


def graphs(options: Options, folder: Path) -> Findings:
    """CPU time, ages and memory of the shipped graphs in real time, each under its own budget."""
    clip = options.clip or SAMPLE
    frames = SHORT_FRAMES if options.short else FRAMES
    source = repeated(clip, folder, frames=WARM_UP + frames + SPARE)
    rows: Rows = []
    for path in sorted(Path(resource("graphs")).glob("*.yaml")):
        options.report(f"graphs: {path.stem}")
        arguments = [path.stem, "--source", str(source), "--pace", "realtime"]
        rows.append(_row(path.stem, steady(arguments, frames, WARM_UP)))
    return Findings(f"Shipped graphs in real time: {clip.name}", rows, [], [NOTE])


def _row(name: str, found: Steady) -> dict[str, Cell]:
    p50, p95, p99 = (float(p) for p in np.percentile(found.ages_ms, (50, 95, 99)))
    dropped = found.summary["dropped_by"]
    return {
        "": name,
        "CPU, ms a frame": found.cpu_ms,
        "age p50, ms": p50,
        "age p95, ms": p95,
        "age p99, ms": p99,
        "late": found.summary.get("late", 0),
        "dropped": ", ".join(f"{n} {reason}" for reason, n in dropped.items()) or "none",
        "peak, MB": found.peak_mb,
    }
