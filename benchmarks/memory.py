"""How much memory `edge run` takes, and whether it grows."""

from pathlib import Path

from benchmarks.clip import SAMPLE
from benchmarks.figures import Figure, Goal
from benchmarks.findings import Cell, Findings, Rows
from benchmarks.live import Options
from benchmarks.program import Program

GOAL_MB = 300.0
"""What is asked for: of the people graph."""
CASES = {
    "people": ["people"],
    "people, realtime": ["people", "--pace", "realtime"],
    "people, one person": ["people", "--max-people", "1"],
    "faces": ["faces"],
}
SHORT_FRAMES = 60
ROUNDS = 3
NOTE = (
    "The most resident memory of the process at any time (VmHWM), MB of 1 000 000 bytes: Python, "
    "libraries, models and decoded pictures, and of files mapped what has been touched."
)


def memory(options: Options, folder: Path) -> Findings:
    """Peak resident memory of edge run on a clip, from start to end."""
    source = ["--source", str(options.clip or SAMPLE)]
    short = ["--max-frames", str(SHORT_FRAMES)] if options.short else []
    rounds = 1 if options.short else ROUNDS
    rows: Rows = []
    goals = []
    for name, arguments in CASES.items():
        options.report(f"memory: {name}")
        peaks = [peak_mb([*arguments, *source, *short]) for _ in range(rounds)]
        row: dict[str, Cell] = {"": name, "peak, MB": Figure.of(peaks), "most, MB": max(peaks)}
        rows.append(row)
        if name.startswith("people"):
            goals.append(Goal.at_most(f"{name}, peak", max(peaks), GOAL_MB, "MB"))
    return Findings("Memory", rows, goals, [NOTE])


def peak_mb(arguments: list[str]) -> float:
    program = Program(*arguments)
    try:
        for _ in program.lines():
            pass
    finally:
        program.close()
    return program.peak_mb
