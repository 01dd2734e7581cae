"""Findings of contests and of the graph's own cost."""

from collections.abc import Iterable, Mapping

from benchmarks.contest import Outcome, Row
from benchmarks.findings import Bars, Cell, Findings, Rows
from benchmarks.overhead import GOAL_MEDIAN_US, GOAL_P99_US, Overhead

NO_PEER = "MediaPipe isn't here (make bench installs it where it exists): no ratios."


def of_overhead(overhead: Overhead) -> Findings:
    rows: Rows = []
    for row in overhead.rows:
        cells = {
            "median, µs": row.median_us,
            "p99, µs": row.p99_us,
            "CPU, µs": row.cpu_us,
            "waking a worker, µs": row.worker_us,
            "waking the reader, µs": row.reader_us,
        }
        known = {name: figure for name, figure in cells.items() if figure is not None}
        rows.append({"": row.name, **known})
    rows.append({"": "a bare threading.Condition", "waking a worker, µs": overhead.bare_us})
    names = [row.name for row in overhead.rows]
    bars = [
        Bars(f"overhead_{name}", f"{name}, µs for each node and packet", names, whole,
             limits={"goal on one core": goal})
        for name, whole, goal in (
            ("median", [row.median_us for row in overhead.rows], GOAL_MEDIAN_US),
            ("p99", [row.p99_us for row in overhead.rows], GOAL_P99_US),
        )
    ]  # fmt: skip
    title = (
        "The graph's own cost: for each node and packet; "
        f"{overhead.rounds} rounds of {overhead.packets} packets"
    )
    return Findings(title, rows, overhead.goals, overhead.notes, bars=bars)


def of_contest(outcome: Outcome) -> Findings:
    width, height = outcome.size
    title = (
        f"{outcome.title.capitalize()}: {outcome.clip}, {width} × {height}, {outcome.variant} "
        f"models, {outcome.rounds} rounds of {outcome.frames} frames"
    )
    rows: Rows = []
    for row in outcome.rows:
        cells: dict[str, Cell] = {"": row.name, "CPU, ms a frame": row.cpu_ms}
        rows.append(cells | ({"ratio": row.ratio} if row.ratio else {}) | dict(row.seen))
    ours = [row for row in outcome.rows if row.parts_ms]
    more = {"Where the graph's CPU time goes, ms a frame": _parts(ours)}
    if outcome.growth:
        more["By how much that grows, ms a frame"] = [
            {"": part, "nobody": line.nobody_ms, "each person": line.each_ms}
            for part, line in sorted(outcome.growth.items())
        ]
    alone = not any(row.ratio for row in outcome.rows) and not outcome.growth
    notes = outcome.notes + ([NO_PEER] if alone else [])
    return Findings(title, rows, outcome.goals, notes, more=more, bars=[_bars(outcome)])


def _parts(ours: list[Row]) -> Rows:
    rows: Rows = []
    for part in sorted(_all(row.parts_ms for row in ours)):
        cells = {row.name: row.parts_ms[part] for row in ours if part in row.parts_ms}
        rows.append({"": part, **cells})
    for node in sorted(_all(row.looks for row in ours)):
        looks = {row.name: row.looks.get(node, 0.0) for row in ours}
        if any(looks.values()):
            rows.append({"": f"{node} looks, a frame", **looks})
    return rows


def _bars(outcome: Outcome) -> Bars:
    rows = outcome.rows
    parts = {
        part: [row.parts_ms[part].median if part in row.parts_ms else 0.0 for row in rows]
        for part in _all(row.parts_ms for row in rows)
    }
    return Bars(
        outcome.title.replace(" ", "_"),
        "CPU ms a frame",
        [row.name for row in rows],
        [row.cpu_ms for row in rows],
        parts,
    )


def _all(found: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the keys of all, each once."""
    return list(dict.fromkeys(key for each in found for key in each))
