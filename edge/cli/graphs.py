"""`edge graph` and `edge nodes`: what graphs are made of, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from edge.cli.options import Group, json_option, print_json, print_table
from edge.errors import UserError

if TYPE_CHECKING:
    from edge.cli.contracts import Contract


@click.group(cls=Group)
def graph() -> None:
    """Check a graph, or draw it."""


@graph.command()
@click.argument("graphs", nargs=-1, required=True, metavar="GRAPH…")
@json_option
def check(graphs: tuple[str, ...], as_json: bool) -> int:
    """Say whether each GRAPH holds: nodes, options, wires and their types.

    Exit code: 0 if all hold, 2 if not; each fault is one line with its place and the nearest
    valid name.

    \b
    Example:
      edge graph check faces my_graph.yaml
    """
    verdicts = [_verdict(name) for name in graphs]
    if as_json:
        print_json(verdicts)
    for verdict in verdicts if not as_json else ():
        if verdict.ok:
            click.echo(f"{verdict.graph}: fine ({' → '.join(verdict.nodes)})")
        else:
            click.echo(f"edge: {verdict.error}", err=True)
    return 0 if all(verdict.ok for verdict in verdicts) else 2


class Verdict(Struct):
    """`nodes`: in the order in which they work. `error`: empty if the graph holds."""

    graph: str
    ok: bool
    nodes: list[str]
    error: str


def _verdict(name: str) -> Verdict:
    from edge.cli.prepare import load_graph

    try:
        return Verdict(name, True, list(load_graph(name).spec.check()), "")
    except UserError as error:
        return Verdict(name, False, [], str(error))


@graph.command()
@click.argument("graph_name", metavar="GRAPH")
@click.option("--format", "form", type=click.Choice(["mermaid"]), default="mermaid")
def show(graph_name: str, form: str) -> None:
    """Draw GRAPH in Mermaid's language, which GitHub and https://mermaid.live turn into a picture.

    A dotted arrow is an input that isn't waited for at the frame's own time.

    \b
    Example:
      edge graph show faces > faces.mmd
    """
    from edge.cli.prepare import load_graph

    click.echo(load_graph(graph_name).mermaid())


@click.command()
@click.argument("name", required=False)
@json_option
def nodes(name: str | None, as_json: bool) -> None:
    """List all nodes, or print the contract of node NAME: inputs, output, settings.

    NAME may also be a node of your own, package.module:Class or file.py:Class.

    \b
    Examples:
      edge nodes
      edge nodes face_detector
    """
    from edge.cli.contracts import contract
    from edge.graph.signature import CATALOG

    if name is not None:
        found = contract(name)
        print_json(found) if as_json else _print_contract(found)
        return
    all_found = [one for known in CATALOG if (one := _loaded(known))]
    if as_json:
        print_json(all_found)
    else:
        print_table([(one.name, one.summary) for one in all_found])


def _loaded(name: str) -> Contract | None:
    """Return a node's contract; say so where what it needs isn't installed."""
    from edge.cli.contracts import contract

    try:
        return contract(name)
    except UserError as error:
        click.echo(f"edge: {error}", err=True)
        return None


def _print_contract(contract: Contract) -> None:
    click.echo(f"{contract.name} ({contract.kind})\n\n{contract.text}\n")
    if contract.inputs:
        click.echo("inputs:")
        print_table(
            [
                ("", w.name, w.takes, "" if w.required else "may be left out")
                for w in contract.inputs
            ]
        )
    click.echo(f"output: {contract.output or 'none'}")
    if contract.settings:
        click.echo("settings:")
    for setting in contract.settings:
        default = "must be given" if setting.default is None else setting.default
        click.echo(f"  {setting.name}: {setting.type} = {default}")
        if setting.explanation:
            click.echo(click.wrap_text(setting.explanation, 96, "      ", "      "))
