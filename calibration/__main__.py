"""`python -m calibration`: fetch, lower, quantize, verify; then models/ and its manifest."""

import datetime
import hashlib
from pathlib import Path

import click
from tqdm import tqdm

from calibration import rebuild, recipe, verify
from calibration.accuracy import measure
from calibration.lower import Target
from calibration.manifest import Entry, write
from calibration.recipe import Recipe
from calibration.samples import Sample, fingerprint, samples
from calibration.workshop import Made, make
from edge.errors import UserError
from edge.inference import choice, registry
from edge.inference.lint import lint, multiply_adds
from edge.inference.manifest import ModelSpec, Variant, shipped

MODELS = Path(__file__).parents[1] / "models"
STAGES = 4


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[MODEL…]")
@click.option("--into", default=MODELS, type=click.Path(path_type=Path), help="Default: models/.")
def main(names: tuple[str, ...], into: Path) -> None:
    """Make the quantized models, all or those named, from the published ones.

    Needs the recordings in ../shared/data (or EDGE_DATA) and, once, the package registries.
    The same inputs give the same files. models/manifest.yaml then says how accurate and how fast
    each is; what isn't accurate enough is said there, too, and its file left out.
    """
    try:
        chosen = [(name, recipe.read(name)) for name in names or recipe.names()]
        into.mkdir(parents=True, exist_ok=True)
        entries = {}
        with tqdm(chosen, unit="model") as bar:
            for name, instructions in bar:
                bar.set_description(name)
                entries[name] = _entry(shipped().model(name), instructions, into)
        write(into / "manifest.yaml", entries, _measured_on())
    except UserError as error:
        raise click.ClickException(str(error)) from error


def _entry(spec: ModelSpec, instructions: Recipe, into: Path) -> Entry:
    """Make and measure all variants of a model; keep the files of those that may be used."""
    calibration = samples(spec.name, "calibration")
    verification = samples(spec.name, "verification")
    _warn_of_others(spec.name, instructions, calibration, verification)
    parent = _parent(spec)
    made = _made(spec, instructions, parent, calibration)
    times = verify.times({"float": parent, **{name: m.content for name, m in made.items()}})
    expected = verify.outputs(spec, _variant(spec, "float", _as_parent(spec, parent)), parent, verification)
    variants, blocked = [], dict(instructions.blocked)
    for target, result in made.items():
        variant = _variant(spec, target, result, times[target])
        found = verify.outputs(spec, variant, result.content, verification)
        variant = _variant(spec, target, result, times[target], measure(spec.name, expected, found))
        reason = _obstacle(target, variant, result.content)
        _report(spec.name, variant, times["float"], reason)
        path = into / variant.file
        if reason is None:
            path.write_bytes(result.content)
            variants.append(variant)
        else:
            path.unlink(missing_ok=True)
            blocked[target] = reason
    return Entry(tuple(variants), times["float"], multiply_adds(parent), blocked)
