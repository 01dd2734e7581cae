"""Findings as pictures."""

from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.findings import Findings


def draw(findings: Findings, folder: Path) -> list[Path]:
    """Draw all pictures of what was found; return where they are."""
    paths = []
    for picture in findings.pictures:
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
        axes.set_title(findings.title)
        axes.legend(fontsize="small")
        paths.append(folder / f"{picture.name}.png")
        figure.savefig(paths[-1], dpi=120)
    return paths
