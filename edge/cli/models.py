"""`edge models`: which there are, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.options import Group, json_option, print_json, print_table, short_path
from edge.errors import UserError

if TYPE_CHECKING:
    from edge.inference.manifest import Manifest
    from edge.inference.registry import ModelFile, ModelInfo

names_argument = click.argument("names", nargs=-1, metavar="[NAME…]")


@click.group(cls=Group)
def models() -> None:
    """List models, fetch their files, check their hashes; say what an accelerator would run.

    NAME is a model, such as face_far. A model may have several variants; unless a graph asks for
    one, the fastest on this device is used that is accurate enough. What isn't part of edge is
    fetched once, when first needed, and kept in EDGE_CACHE (default: the user's cache).
    """


@models.command("list")
@names_argument
@json_option
def list_(names: tuple[str, ...], as_json: bool) -> None:
    """List all models, or those named, and which of their variants runs here.

    The time is that of a call on this device, with one thread, and with more where they were tried.
    Models are timed when they are first run, for the variants that are here; timings.json in
    EDGE_CACHE keeps it. Without that file they are timed again.
    """
    from edge.inference.registry import list_models

    _show(list_models(names), as_json)


@models.command()
@names_argument
@json_option
def fetch(names: tuple[str, ...], as_json: bool) -> None:
    """Fetch models, all or those named, and check them against their hashes.

    \b
    Examples:
      edge models fetch
      edge models fetch face_far face_landmarks_478
    """
    from edge.inference.registry import fetch as fetch_models

    _show(fetch_models(names), as_json)


@models.command()
@names_argument
@json_option
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Check the hashes of the files that are here. Exit code 2 if one is wrong."""
    from edge.inference.registry import verify as verify_models

    found = verify_models(names)
    if not found and not as_json:
        click.echo("no model file is here yet: edge models fetch")
        return
    _show(found, as_json)


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME|FILE…]")
@click.option(
    "--target",
    type=click.Choice(["edgetpu"]),
    default="edgetpu",
    show_default=True,
    help="The accelerator.",
)
@json_option
def lint(names: tuple[str, ...], target: str, as_json: bool) -> int:
    """Say how much of a model an Edge TPU would run, and what stands in the way of the rest.

    NAME is a model, or MODEL/VARIANT; its edgetpu variant is meant where it has one. Without names
    all edgetpu variants are looked at. Decided by Google's list of operators; edgetpu_compiler is
    asked too where it is installed. Exit code: 0 if all of every model would run, 2 if not.

    \b
    Examples:
      edge models lint --target edgetpu
      edge models lint palm/int8 my_model.tflite
    """
    from edge.cli.verdicts import show_verdicts
    from edge.inference.lint import compiler
    from edge.inference.lint import lint as lint_file
    from edge.inference.manifest import shipped

    chosen = names or _with_variant(target, shipped())
    found = [_find(name, target, shipped()) for name in chosen]
    verdicts = [
        lint_file(file.file, name, compiler()) for name, file in zip(chosen, found, strict=True)
    ]
    if as_json:
        print_json(verdicts)
    else:
        show_verdicts(verdicts)
    return 0 if all(verdict.whole for verdict in verdicts) else 2


@models.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    help="Where models.md and images/ go; this folder without it.",
)
def report(out: Path) -> None:
    """Write what the models cost and how accurate they are as a page with plots.

    From the manifest's figures; nothing is measured and nothing fetched. The part that an Edge TPU
    would run is given for files that are here. Plots need matplotlib.

    \b
    Example:
      edge models report --out docs
    """
    from edge.inference.lint import lint as lint_file
    from edge.inference.manifest import shipped
    from edge.inference.registry import list_models
    from edge.inference.report import write

    here = [info for info in list_models() if info.path and info.verified]
    shares = {(m.name, m.variant): lint_file(Path(str(m.path)), m.name).share for m in here}
    for path in write(shipped(), shares, out):
        click.echo(short_path(path))


def _with_variant(variant: str, manifest: Manifest) -> tuple[str, ...]:
    names = [
        f"{spec.name}/{variant}"
        for spec in manifest.models
        if variant in [other.name for other in spec.variants]
    ]
    if not names:
        raise UserError(f"no model has an {variant} variant: name a model or a .tflite file")
    return tuple(names)


def _find(name: str, preferred: str, manifest: Manifest) -> ModelFile:
    """Return the file that MODEL, MODEL/VARIANT or a path stands for."""
    from edge.inference.registry import find

    model, _, variant = name.partition("/")
    for spec in manifest.models:
        if spec.name == model:
            has = preferred in [other.name for other in spec.variants]
            return find(model, variant or (preferred if has else None), manifest)
    return find(name, manifest=manifest)


def _show(found: list[ModelInfo], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    state = {None: "not here", True: "here", False: "wrong hash: edge models fetch"}
    print_table(
        [("model", "for", "licence", "MB", "ms", "runs here", "file")]
        + [
            (
                f"{m.name}/{m.variant}",
                m.job,
                m.licence,
                f"{m.bytes / 1e6:.1f}",
                _times(m),
                _why(m),
                short_path(m.path) if m.path and m.verified else state[m.verified],
            )
            for m in found
        ]
    )


def _times(model: ModelInfo) -> str:
    """Return "8.4" for one thread, "8.4, 2: 4.5" where two were tried as well."""
    known = {threads: "-" if ms is None else f"{ms:.3g}" for threads, ms in model.ms.items()}
    return ", ".join(ms if n == 1 else f"{n}: {ms}" for n, ms in sorted(known.items()))


def _why(model: ModelInfo) -> str:
    """Return with how many threads a variant runs where none is named, or why it doesn't."""
    if model.chosen:
        return f"yes, threads: {model.chosen}"
    if not model.passed:
        return "no, not accurate enough"
    if model.ms and None in model.ms.values():
        return "no, not on this library"
    return "no, not faster" if model.ms and model.cached else ""
