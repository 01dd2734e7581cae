"""What the manifest says of the models, as a page to read."""

import statistics
from collections.abc import Mapping
from typing import NamedTuple

from edge.inference.manifest import Accuracy, Manifest, ModelSpec, Variant


class Settings(NamedTuple):
    """`multiply_adds_a_second`: what one core can do at most in int8: 64 in a cycle (AVX-512
    VNNI: four in each of 16 lanes) at 2.6 GHz.
    """

    multiply_adds_a_second: float = 64 * 2.6e9


SETTINGS = Settings()

Shares = Mapping[tuple[str, str], float]
"""By model and variant: the part of the multiply-adds that an Edge TPU would run, 0 to 1."""


class Row(NamedTuple):
    """What a variant is measured to be; None for what isn't known.

    `is_parent`: the others' accuracy is measured against it. `ms`: of a call. `speed_up`: the
    parent's time over this one's. `floor`: `ms` over the least that the multiply-adds take.
    `worst`: the accuracy figure nearest to its limit or furthest beyond it, as a part of the
    limit: 0 as the parent, 1 just at the limit.
    """

    model: str
    variant: str
    is_parent: bool
    ms: float | None
    speed_up: float | None
    floor: float | None
    worst: float | None
    passed: bool


def rows(manifest: Manifest) -> list[Row]:
    """Return all variants of all models, in the manifest's order."""
    return [_row(spec, variant) for spec in manifest.models for variant in spec.variants]


def _row(spec: ModelSpec, variant: Variant) -> Row:
    parent = next((other for other in spec.variants if not other.accuracy), None)
    least_ms = spec.multiply_adds / SETTINGS.multiply_adds_a_second * 1e3
    return Row(
        model=spec.name,
        variant=variant.name,
        is_parent=variant is parent,
        ms=variant.ms,
        speed_up=_ratio(parent.ms, variant.ms) if parent and variant is not parent else None,
        floor=_ratio(variant.ms, least_ms),
        worst=max(map(part_of_limit, variant.accuracy), default=None),
        passed=variant.passed,
    )


def _ratio(value: float | None, to: float | None) -> float | None:
    return value / to if value and to else None


def part_of_limit(figure: Accuracy) -> float:
    """Return how much of its limit a figure uses up: 1 just at the limit, more beyond it.

    Errors (`at_most`) are best at 0. Agreements (`at_least`) such as a cosine or an IoU are best
    at 1: what lacks of 1 is held against what may lack.
    """
    if figure.at_most is not None:
        used, allowed = figure.value, figure.at_most
    else:
        assert figure.at_least is not None
        used, allowed = 1 - figure.value, 1 - figure.at_least
    if allowed > 0:
        return used / allowed
    return 0.0 if figure.holds else float("inf")


def markdown(manifest: Manifest, shares: Shares, pictures: Mapping[str, str]) -> str:
    """Return the page. `pictures`: the address of each, as seen from the page, by what it shows."""
    measured = rows(manifest)
    blocks = [
        "# Models",
        *_introduction(manifest, measured),
        *(f"![{title}]({address})" for title, address in pictures.items()),
        _table(SUMMARY, _summary(manifest, measured, shares)),
        *(block for spec in manifest.models for block in _model(spec)),
    ]
    return "\n\n".join(blocks) + "\n"


def _introduction(manifest: Manifest, measured: list[Row]) -> list[str]:
    paragraphs = [
        "Written by `edge models report` from `models/manifest.yaml`, whose figures come from the "
        "model workshop (`make models`).",
        f"Measured on: {manifest.measured_on or 'nothing yet'}. Times are medians of a call with "
        "one thread, all variants of a model in turn. Accuracy is that against the float parent, "
        "on samples that no variant was calibrated on. × floor is the time over the least that the "
        "multiply-adds take at 64 int8 ones a cycle and 2.6 GHz, on one core. Edge TPU is the part "
        "of the multiply-adds that one would run, by Google's list of operators (`edge models "
        "lint`); no real one was at hand.",
    ]
    ups = [row.speed_up for row in measured if row.speed_up and row.variant == "int8"]
    if ups:
        paragraphs.append(
            f"An int8 variant is {statistics.median(ups):.2f} times as fast as its float parent, "
            f"in the median of the {len(ups)} models that have one."
        )
    failed = [f"{row.model}/{row.variant}" for row in measured if not row.passed]
    if failed:
        paragraphs.append(f"Never chosen, for their accuracy: {', '.join(failed)}.")
    return paragraphs


SUMMARY = (
    "model", "variant", "ms", "speed-up", "× floor", "worst figure, part of its limit",
    "Edge TPU", "MB",
)  # fmt: skip


def _summary(manifest: Manifest, measured: list[Row], shares: Shares) -> list[tuple[str, ...]]:
    sizes = {(s.name, v.name): v.bytes for s in manifest.models for v in s.variants}
    return [
        (
            f"[{row.model}](#{row.model})",
            row.variant + ("" if row.passed else " (fails)"),
            _text(row.ms, ".2f"),
            _text(row.speed_up, ".2f"),
            _text(row.floor, ".1f"),
            _text(row.worst, ".2f"),
            _text(shares.get((row.model, row.variant)), ".0%"),
            f"{sizes[row.model, row.variant] / 1e6:.2f}",
        )
        for row in measured
    ]


def _model(spec: ModelSpec) -> list[str]:
    inputs = ", ".join(f"{t.name} {_shape(t.shape)}" for t in spec.inputs)
    outputs = ", ".join(f"{t.name} {_shape(t.shape)}" for t in spec.outputs)
    card = f" [Model card]({spec.card})." if spec.card else ""
    blocks = [
        f"## {spec.name}",
        f"For {spec.job}: {inputs} → {outputs}. {spec.multiply_adds / 1e6:.1f} million "
        f"multiply-adds. Licence: {spec.licence}.{card}",
    ]
    figures = [_figure(variant, f) for variant in spec.variants for f in variant.accuracy]
    if figures:
        blocks.append(_table(("variant", "figure", "value", "limit", ""), figures))
    blocks += [f"No {variant} variant: {reason}" for variant, reason in spec.blocked.items()]
    return blocks


def _figure(variant: Variant, figure: Accuracy) -> tuple[str, ...]:
    limit = f"≤ {figure.at_most:g}" if figure.at_most is not None else f"≥ {figure.at_least:g}"
    holds = "" if figure.holds else "fails"
    return (variant.name, figure.metric, f"{figure.value:.4g}", limit, holds)


def _table(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
