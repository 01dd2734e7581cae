"""What the manifest says of the models, as pictures. Needs matplotlib."""

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.errors import UserError
from edge.inference.report.page import Row


class Settings(NamedTuple):
    """`dpi`: what a page shows without blur, in well under 200 KB. `far`: accuracy further beyond
    its limit than so many times is drawn at the upper edge, so that what passes stays apart.
    """

    dpi: int = 110
    far: float = 2.5


SETTINGS = Settings()
COLOURS = {"int8": "tab:blue", "edgetpu": "tab:orange"}
OTHER = "tab:grey"


class Picture(NamedTuple):
    """`title`: what it shows. `content`: a PNG file's."""

    name: str
    title: str
    content: bytes


def draw(rows: Sequence[Row]) -> list[Picture]:
    """Return the rows as pictures: none of what isn't measured. UserError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError("plots need matplotlib: pip install matplotlib") from None
    pictures = []
    scored = [row for row in rows if row.ms and (row.worst is not None or row.is_parent)]
    if any(row.worst is not None for row in scored):
        figure = Figure(figsize=(10, 6), layout="constrained")
        _accuracy(figure, scored)
        pictures.append(Picture("models-accuracy.png", "Accuracy against time", _png(figure)))
    faster = [row for row in rows if row.speed_up]
    if faster:
        models = list(dict.fromkeys(row.model for row in faster))
        figure = Figure(figsize=(10, 1.2 + 0.34 * len(models)), layout="constrained")
        _speed(figure, models, faster)
        pictures.append(Picture("models-speed.png", "Speed-up over float", _png(figure)))
    return pictures


def _accuracy(figure: Any, rows: Sequence[Row]) -> None:
    """Each model is a number; a line leads from its float parent to each of its variants."""
    axes = figure.subplots()
    models = list(dict.fromkeys(row.model for row in rows if row.worst is not None))
    parents = {row.model: row.ms for row in rows if row.is_parent}
    for row in rows:
        if row.worst is None or row.ms is None:
            continue
        height = min(row.worst, SETTINGS.far)
        colour = COLOURS.get(row.variant, OTHER)
        if parent := parents.get(row.model):
            axes.plot([parent, row.ms], [0, height], color=colour, linewidth=0.5, alpha=0.3)
            axes.plot(parent, 0, "o", color="black", markersize=3, clip_on=False)
        axes.plot(row.ms, height, "o", color=colour, markersize=13, alpha=0.85)
        number = str(models.index(row.model) + 1)
        axes.annotate(
            number, (row.ms, height), color="white", size=7, weight="bold", ha="center", va="center"
        )
    axes.axhline(1, color="black", linestyle="--", linewidth=1)
    axes.axhspan(1, SETTINGS.far, color="tab:red", alpha=0.06)
    axes.set_ylim(0, SETTINGS.far * 1.03)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("ms a call, one thread")
    axes.set_ylabel("worst accuracy figure as a part of its limit (above 1: never chosen)")
    axes.set_title("Accuracy against time: dots on the axis are the float parents")
    for variant in sorted({row.variant for row in rows if row.worst is not None}):
        axes.plot([], [], "o", color=COLOURS.get(variant, OTHER), label=variant)
    axes.legend(loc="upper left", fontsize="small")
    names = [
        axes.plot([], [], linestyle="", label=f"{number}  {model}")[0]
        for number, model in enumerate(models, start=1)
    ]
    figure.legend(handles=names, loc="outside right upper", handlelength=0, fontsize="small")


def _speed(figure: Any, models: Sequence[str], rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    variants = list(dict.fromkeys(row.variant for row in rows))
    thickness = 0.8 / len(variants)
    for place, variant in enumerate(variants):
        mine = [row for row in rows if row.variant == variant]
        heights = [models.index(row.model) + (place + 0.5) * thickness - 0.4 for row in mine]
        values = [row.speed_up or 0.0 for row in mine]
        colour = COLOURS.get(variant, OTHER)
        bars = axes.barh(heights, values, thickness * 0.9, color=colour, label=variant)
        for bar, row in zip(bars, mine, strict=True):
            bar.set_alpha(1 if row.passed else 0.3)
        texts = [f"{row.ms:.2g} ms" + ("" if row.passed else ", fails") for row in mine]
        axes.bar_label(bars, texts, padding=3, fontsize=7)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(range(len(models)), models)
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.margins(x=0.1)
    axes.set_xlabel("times as fast as the float parent, on one thread of the CPU")
    axes.set_title("Speed-up over float; beside each bar, the time of a call")
    axes.legend(fontsize="small")


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, dpi=SETTINGS.dpi)
    return file.getvalue()
