"""How far what a device's profile predicts is from a real run on this machine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clip import SAMPLE
from benchmarks.figures import Goal
from benchmarks.findings import Findings, Rows
from benchmarks.live import Options
from benchmarks.process import Dead
from benchmarks.program import repeated, steady

FRAMES, SHORT_FRAMES = 1536, 100
WARM_UP = 50
WITHIN = {50: 0.10, 95: 0.20}
"""What is asked for: percentile → how far, in parts of what was measured."""
MODELS = ("meshes", "faces", "persons", "bodies", "palms", "hands")
"""Nodes with a model: one thread each, as on the virtual clock."""
NOTE = (
    "edge run people --pace realtime --budget off on a clip repeated at its own rate, models on "
    "one thread each; then --offline with the profile that edge calibrate device has made of this "
    "machine just before, on the sample. Ages are from capture to the result, the first two "
    "seconds apart. Without a budget, so that what is predicted is costs, not plans."
)


def prediction(options: Options, folder: Path) -> Findings:
    """How far ages under the virtual clock, by a profile of this machine, are from real ones."""
    frames = SHORT_FRAMES if options.short else FRAMES
    source = repeated(options.clip or SAMPLE, folder, frames=WARM_UP + frames + 25)
    profile = folder / "here.yaml"
    options.report("prediction: edge calibrate device")
    _edge("calibrate", "device", "--out", str(profile), "--name", "here")
    threads = [word for node in MODELS for word in ("--set", f"{node}.threads=1")]
    arguments = ["people", "--source", str(source), "--pace", "realtime", "--budget", "off"]
    options.report("prediction: a real run")
    real = steady([*arguments, *threads], frames, WARM_UP)
    options.report("prediction: the same on the virtual clock")
    text = _edge("run", *arguments, *threads, "--offline", "--profile", str(profile), "--json",
                 "--quiet", "--max-frames", str(WARM_UP + frames))  # fmt: skip
    lines = [json.loads(line) for line in text.splitlines()]
    predicted = _ages_ms(lines)
    rows: Rows = []
    goals = []
    for percentile, limit in WITHIN.items():
        measured = float(np.percentile(real.ages_ms, percentile))
        expected = float(np.percentile(predicted, percentile))
        rows.append({"": f"p{percentile}", "measured, ms": measured, "predicted, ms": expected,
                     "predicted / measured": expected / measured})  # fmt: skip
        off = abs(expected / measured - 1)
        goals.append(Goal.at_most(f"p{percentile} off by", 100 * off, 100 * limit, "%"))
    rows.append({"": "CPU, ms a frame", "measured, ms": real.cpu_ms,
                 "predicted, ms": lines[-1]["cpu_ms_per_frame"]})  # fmt: skip
    return Findings("A profile's prediction", rows, goals, [NOTE])


def _ages_ms(lines: list[dict[str, Any]]) -> list[float]:
    return [line["age_ms"] for line in lines
            if line["type"] == "frame" and line["frame"] >= WARM_UP]  # fmt: skip


def _edge(*arguments: str) -> str:
    """Return what edge prints. Raises Dead."""
    program = Path(sys.executable).with_name("edge")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Dead(f"edge {arguments[0]}: {done.stderr.strip() or 'no words'}")
    return done.stdout
