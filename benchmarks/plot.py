"""Findings as pictures: curves, and bars of what takes how much."""

from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.findings import Bars, Findings, Picture


def draw(findings: Findings, folder: Path) -> list[Path]:
    """Draw all pictures of what was found; return where they are."""
    curves = [_curves(each, findings.title, folder) for each in findings.pictures]
    return curves + [_bars(each, findings.title, folder) for each in findings.bars]


def _curves(picture: Picture, title: str, folder: Path) -> Path:
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for curve in picture.curves:
        points = "o" if len(curve.x) < 10 else ""
        axes.plot(curve.x, curve.y, marker=points, linewidth=1, label=curve.name)
    for name, y in picture.limits.items():
        axes.axhline(y, color="black", linestyle="--", linewidth=1, label=name)
    for name, x in picture.moments.items():
        axes.axvline(x, color="grey", linestyle=":")
        axes.annotate(name, (x, 1), xycoords=("data", "axes fraction"), va="top", ha="left")
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(picture.y_label)
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend(fontsize="small")
    path = folder / f"{picture.name}.png"
    figure.savefig(path, dpi=120)
    return path


def _bars(bars: Bars, title: str, folder: Path) -> Path:
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    medians = [whole.median for whole in bars.whole]
    axes.barh(bars.names, medians, color="lightgrey", label="all")
    left = [0.0] * len(bars.names)
    for part, widths in bars.parts.items():
        axes.barh(bars.names, widths, left=left, label=part)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    below = [whole.median - whole.low for whole in bars.whole]
    above = [whole.high - whole.median for whole in bars.whole]
    axes.errorbar(medians, bars.names, xerr=(below, above), fmt="none", ecolor="black", capsize=2)
    for name, limit in bars.limits.items():
        axes.axvline(limit, color="black", linestyle="--", label=f"{name}: {limit:g}")
    axes.invert_yaxis()
    axes.set_xlabel(bars.label)
    axes.set_title(title, fontsize="medium")
    axes.legend(fontsize="small")
    path = folder / f"{bars.name}.png"
    figure.savefig(path, dpi=120)
    return path
