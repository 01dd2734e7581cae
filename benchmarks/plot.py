"""Results as pictures: `overhead.png`, and one for each contest."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from benchmarks.contest import Outcome
from benchmarks.figures import Figure
from benchmarks.overhead import GOAL_MEDIAN_US, GOAL_P99_US, Overhead


def plot_outcome(outcome: Outcome, folder: Path) -> Path:
    """Draw CPU time per frame, ours split into its parts."""
    picture = Picture(figsize=(9, 4.5), layout="constrained")
    axes = picture.subplots()
    names = [row.name for row in outcome.rows]
    axes.barh(names, [row.cpu_ms.median for row in outcome.rows], color="lightgrey", label="all")
    left = dict.fromkeys(names, 0.0)
    for part in dict.fromkeys(part for row in outcome.rows for part in row.parts_ms):
        rows = [row for row in outcome.rows if part in row.parts_ms]
        widths = [row.parts_ms[part].median for row in rows]
        axes.barh([r.name for r in rows], widths, left=[left[r.name] for r in rows], label=part)
        for row, width in zip(rows, widths, strict=True):
            left[row.name] += width
    _spread(axes, names, [row.cpu_ms for row in outcome.rows])
    axes.invert_yaxis()
    axes.set_xlabel("CPU ms per frame")
    axes.set_title(f"{outcome.title}: {outcome.clip}, {outcome.size[0]} × {outcome.size[1]}")
    axes.legend(fontsize="small")
    return _save(picture, folder / f"{outcome.title.replace(' ', '_')}.png")


def plot_overhead(overhead: Overhead, folder: Path) -> Path:
    """Draw median and p99 of every scenario beside their goals."""
    picture = Picture(figsize=(9, 4.5), layout="constrained")
    names = [row.name for row in overhead.rows]
    both: list[tuple[str, list[Figure], float]] = [
        ("median", [row.median_us for row in overhead.rows], GOAL_MEDIAN_US),
        ("p99", [row.p99_us for row in overhead.rows], GOAL_P99_US),
    ]
    for axes, (title, figures, goal) in zip(picture.subplots(1, 2, sharey=True), both, strict=True):
        axes.barh(names, [figure.median for figure in figures])
        _spread(axes, names, figures)
        axes.axvline(goal, color="black", linestyle="--")
        axes.set_xlabel("µs for each node and packet")
        axes.set_title(f"{title}; on one core the goal is {goal:.0f} µs")
    picture.axes[0].invert_yaxis()
    return _save(picture, folder / "overhead.png")


def _spread(axes: Axes, names: Sequence[str], figures: Sequence[Figure]) -> None:
    below = [figure.median - figure.low for figure in figures]
    above = [figure.high - figure.median for figure in figures]
    medians = [figure.median for figure in figures]
    axes.errorbar(medians, names, xerr=(below, above), fmt="none", ecolor="black", capsize=2)


def _save(picture: Picture, path: Path) -> Path:
    picture.savefig(path, dpi=120)
    return path
