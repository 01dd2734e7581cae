"""The linter's verdicts as a person reads them."""

import click

from edge.cli.options import print_table
from edge.inference.lint import CompilerVerdict, Verdict


def show_verdicts(verdicts: list[Verdict]) -> None:
    room = {"yes": "fits", "perhaps": "may not fit", "no": "doesn't fit"}
    rows = [("model", "multiply-adds", "mapped", "parameters", "first that isn't mapped")]
    for verdict in verdicts:
        first = verdict.obstacles[0] if verdict.obstacles else None
        rows.append(
            (
                verdict.name,
                f"{verdict.multiply_adds / 1e6:.1f} M",
                f"{verdict.share:.1%}",
                f"{verdict.parameter_bytes / 1e6:.1f} MB, {room[verdict.on_chip]}",
                f"{first.place} {first.kind}: {first.reason}" if first else "",
            )
        )
    print_table(rows)
    for verdict in verdicts:
        if verdict.undisclosed:
            some = ", ".join(f"{kind} × {n}" for kind, n in verdict.undisclosed.items())
            click.echo(f"{verdict.name}: the compiler may refuse for their sizes: {some}")
        if verdict.compiler:
            click.echo(f"{verdict.name}: {_said(verdict.compiler)}")
    if not any(verdict.compiler for verdict in verdicts):
        click.echo("by Google's list of operators; edgetpu_compiler isn't installed")


def _said(compiler: CompilerVerdict) -> str:
    """Return the compiler's verdict as one line."""
    said = f"edgetpu_compiler {compiler.version}".strip()
    if not compiler.compiled:
        return f"{said} failed: {compiler.message}"
    unmapped = "; ".join(compiler.unmapped) or "everything is mapped"
    streamed = f"; sent at every call: {compiler.streamed}" if compiler.streamed else ""
    return f"{said}: {unmapped}{streamed}"
