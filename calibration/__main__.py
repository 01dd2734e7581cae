"""`python -m calibration`: fetch, lower, quantize, verify; then models/ and its manifest."""

import datetime
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import click
from msgspec import structs
from tqdm import tqdm

from calibration import recipe, verify, workshop
from calibration.accuracy import measure
from calibration.manifest import Entry, write, write_times
from calibration.rebuild import voice_embedding
from calibration.recipe import Recipe
from calibration.samples import Sample, fingerprint, samples
from calibration.workshop import Made
from edge.errors import UserError
from edge.inference.choice import device
from edge.inference.lint import lint, multiply_adds
from edge.inference.manifest import Accuracy, ModelSpec, Variant, shipped

MODELS = Path(__file__).parents[1] / "models"


class Bench(NamedTuple):
    """A model on the bench: its parent, with which all its variants are compared."""

    spec: ModelSpec
    origin: Made
    made: dict[str, Made]
    ms: dict[str, float]
    accuracy: dict[str, tuple[Accuracy, ...]]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[MODEL…]")
@click.option("--dry-run", is_flag=True, help="Make and measure, but write nothing.")
@click.option(
    "--times", is_flag=True, help="Make nothing; measure the times of what is here again."
)
def main(names: tuple[str, ...], dry_run: bool, times: bool) -> None:
    """Make the quantized models, all or those named, from the published ones.

    Needs the recordings in ../shared/data (or EDGE_DATA) and, once, the package registries.
    The same inputs give the same files. models/manifest.yaml then says how accurate and how fast
    each is; of one that isn't accurate enough it says by what, and its file is left out.
    """
    try:
        chosen = [(name, recipe.read(name)) for name in names or recipe.names()]
        if times:
            again = {name: _times(shipped().model(name)) for name, _ in tqdm(chosen, unit="model")}
            write_times(MODELS / "manifest.yaml", again, _measured_on())
            return
        entries = {}
        with tqdm(chosen, unit="model") as bar:
            for name, instructions in bar:
                bar.set_description(name)
                bench = _measured(shipped().model(name), instructions)
                entries[name] = _entry(bench, instructions, None if dry_run else MODELS)
        if not dry_run:
            write(MODELS / "manifest.yaml", entries, _measured_on())
    except UserError as error:
        raise click.ClickException(str(error)) from error


def _times(spec: ModelSpec) -> dict[str, float]:
    """Return the ms of all variants of a model, made and published, beside its parent's."""
    contents = {spec.parent.name: workshop.parent(spec).content}
    for variant in spec.variants:
        if not variant.sources:
            contents[variant.name] = (MODELS / variant.file).read_bytes()
    return verify.times(contents)


def _measured(spec: ModelSpec, instructions: Recipe) -> Bench:
    """Make all variants of a model, and measure them beside its parent."""
    calibration = samples(spec.name, "calibration")
    verification = samples(spec.name, "verification")
    _compare("calibration", spec.name, instructions.calibration, calibration)
    _compare("verification", spec.name, instructions.verification, verification)
    origin = workshop.parent(spec)
    made = workshop.make(spec, instructions, origin, calibration)
    ms = verify.times({"": origin.content, **{name: m.content for name, m in made.items()}})
    expected = verify.outputs(spec, _variant(spec, "parent", origin), origin.content, verification)
    accuracy = {}
    for name, result in made.items():
        if result is not origin:
            variant = _variant(spec, name, result)
            found = verify.outputs(spec, variant, result.content, verification)
            accuracy[name] = tuple(measure(spec.name, expected, found))
    return Bench(spec, origin, made, ms, accuracy)


def _entry(bench: Bench, instructions: Recipe, folder: Path | None) -> Entry:
    """Decide which variants may be used; put their files into the folder."""
    spec = bench.spec
    variants: list[Variant] = []
    blocked: dict[str, str] = dict(instructions.blocked)
    for name, result in bench.made.items():
        variant = _variant(spec, name, result, bench.ms[name], bench.accuracy.get(name, ()))
        same = [other for other in variants if other.sha256 == variant.sha256]
        if same:  # one file may be both, full integer and the fastest
            variant = structs.replace(variant, file=same[0].file)
        reason = _obstacle(variant, result.content, bench.ms[""])
        _tell(spec, variant, bench.ms[""], reason)
        if reason is None:
            variants.append(variant)
        else:
            blocked[name] = reason
        if folder and reason is None:
            (folder / variant.file).write_bytes(result.content)
    for path in folder.glob(f"{spec.name}.*.tflite") if folder else ():
        if path.name not in {variant.file for variant in variants}:
            path.unlink()  # of a recipe that has changed
    if folder and not variants:  # nothing made is better: the model itself, for use without network
        (folder / spec.parent.file).write_bytes(bench.origin.content)
    if spec.name == "voice_embedding":  # a loop, whose body the counter counts once
        count = voice_embedding.MULTIPLY_ADDS
    else:
        count = multiply_adds(bench.origin.content)
    return Entry(tuple(variants), bench.ms[""], count, blocked)


def _obstacle(variant: Variant, content: bytes, parent_ms: float) -> str | None:
    """Return why a variant may not be used, None if it may."""
    if missed := [figure for figure in variant.accuracy if not figure.holds]:
        return "not accurate enough: " + "; ".join(_said(figure) for figure in missed)
    if variant.name == "int8" and variant.ms is not None and variant.ms >= parent_ms:
        return f"not faster than its parent: {variant.ms} ms against {parent_ms}"
    if variant.name == "edgetpu":
        verdict = lint(content, variant.file)
        if not verdict.whole:
            first = verdict.obstacles[0]
            return f"{verdict.share:.0%} would map: {first.kind} {first.tensor}: {first.reason}"
    return None


def _variant(
    spec: ModelSpec,
    name: str,
    result: Made,
    ms: float | None = None,
    accuracy: tuple[Accuracy, ...] = (),
) -> Variant:
    return Variant(
        name=name,
        file=f"{spec.name}.{name}.tflite",
        sha256=hashlib.sha256(result.content).hexdigest(),
        bytes=len(result.content),
        tensors=result.tensors,
        accuracy=accuracy,
        ms=ms,
    )


def _compare(split: str, model: str, recorded: str, found: Iterable[Sample]) -> None:
    """Say so where samples aren't those that the committed files were made with."""
    if (actual := fingerprint(found)) != recorded:
        tqdm.write(
            f"{model}: {split} samples are {actual}, the recipe records {recorded or 'none'}"
        )


def _tell(spec: ModelSpec, variant: Variant, parent_ms: float, reason: str | None) -> None:
    gain = parent_ms / variant.ms if variant.ms else 0
    tqdm.write(
        f"{spec.name}/{variant.name}: {variant.bytes / 1e6:.2f} MB, {variant.ms} ms, "
        f"{gain:.2f} times as fast; {reason or 'passed'}"
    )
    for figure in variant.accuracy:
        tqdm.write(f"    {_said(figure)}")


def _said(figure: Accuracy) -> str:
    limit = f"≤ {figure.at_most}" if figure.at_most is not None else f"≥ {figure.at_least}"
    return f"{figure.metric} {figure.value} (limit {limit})"


def _measured_on() -> str:
    return f"{device()}, {datetime.date.today().isoformat()}"


if __name__ == "__main__":
    main()
