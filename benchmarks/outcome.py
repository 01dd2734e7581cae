"""What a sitting of benchmarks has come to: as JSON and back, as Markdown, and on a terminal."""

from pathlib import Path

import click
import msgspec

from benchmarks.findings import Findings, table
from benchmarks.machine import Machine
from edge.cli.options import print_table
from edge.errors import UserError

SHORT = "Short runs: enough to see that all works, too little for percentiles."


class Outcome(msgspec.Struct, frozen=True):
    """What was found, by benchmark, and on which machine; `short`: in the time that CI has."""

    machine: Machine
    short: bool
    found: dict[str, Findings]

    def json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"

    def markdown(self) -> str:
        """Return a page: the machine, then a section for each benchmark."""
        head = ["# Measurements", f"{self.machine.text()}\n\n{self.machine.details()}"]
        sections = [findings.markdown() for findings in self.found.values()]
        return "\n\n".join([*head, *([SHORT] if self.short else []), *sections])


def read(path: Path) -> Outcome:
    """Return what `--json` has written. Raises UserError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except OSError as error:
        raise UserError(f"can't read {path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise UserError(f"{path} isn't what edge bench --json writes: {error}") from None


def write(path: Path, text: str) -> None:
    """Write a file, or standard output for "-". Raises UserError."""
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text)
    except OSError as error:
        raise UserError(f"can't write {path}: {error.strerror}") from None


def show(findings: Findings) -> None:
    """Print tables, goals and notes as a person at a terminal reads them."""
    click.echo(f"\n{findings.title}\n")
    print_table(table(findings.rows))
    for title, rows in findings.more.items():
        click.echo(f"\n{title}\n")
        print_table(table(rows))
    click.echo()
    for goal in findings.goals:
        click.echo(f"goal  {goal.text()}")
    for note in findings.notes:
        click.echo(click.wrap_text(note, 100, "      ", "      "))
