"""`edge models`: which there are, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge.cli.options import Group, json_option, print_json, print_table, short_path

if TYPE_CHECKING:
    from edge.inference.registry import ModelInfo

names_argument = click.argument("names", nargs=-1, metavar="[NAME…]")


@click.group(cls=Group)
def models() -> None:
    """List models, fetch their files, check their hashes.

    NAME is a model, such as face_far. A model may have several variants; the first is used unless
    a graph asks for another. Files are fetched once, when first needed, and kept in EDGE_CACHE
    (default: the user's cache).
    """


@models.command("list")
@names_argument
@json_option
def list_(names: tuple[str, ...], as_json: bool) -> None:
    """List all models, or those named, with their licences and sizes."""
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


def _show(found: list[ModelInfo], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    state = {None: "not here", True: "here", False: "wrong hash: edge models fetch"}
    print_table(
        [("model", "for", "licence", "MB", "file")]
        + [
            (
                f"{m.name}/{m.variant}",
                m.job,
                m.licence,
                f"{m.bytes / 1e6:.1f}",
                short_path(m.path) if m.path and m.verified else state[m.verified],
            )
            for m in found
        ]
    )
