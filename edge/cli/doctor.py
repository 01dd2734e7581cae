"""`edge doctor`: what this machine has, what is wrong, and how to mend it."""

import click

from edge.cli.options import json_option, print_json

MARKS = {"ok": "✓", "note": "·", "problem": "✗"}


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Look at cameras, microphones, screen, accelerators, versions, permissions and models.

    Each problem is shown with what mends it. Exit code: 0 if `edge demo` can run here, else 1.
    """
    from edge.cli.checks import all_checks

    found = []
    for check in all_checks():
        found.append(check)
        if not as_json:
            click.echo(f"{MARKS[check.state]} {check.name}: {check.found}")
            if check.fix:
                click.echo(f"    → {check.fix}")
    if as_json:
        print_json(found)
    return 1 if any(check.state == "problem" and check.needed for check in found) else 0
