"""What the commands' options and their help have in common."""

import os
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from edge.errors import nearest

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: Any) -> None:
    """Print structs, dicts and lists as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows as columns as wide as they need."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def short_path(path: str | os.PathLike[str]) -> str:
    """Return a path as a person would write it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


class Pair(click.ParamType):
    """Two numbers with something between them, such as 9x6."""

    def __init__(self, between: str) -> None:
        self.between = between
        self.name = f"A{between}B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        try:
            first, second = (float(part) for part in value.split(self.between))
        except ValueError:
            self.fail(f"'{value}' isn't two numbers with '{self.between}' between", param, ctx)
        return first, second


class Group(click.Group):
    """A group that keeps its commands in the order given, and knows the nearest of a wrong name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            raise click.UsageError(f"there is no command '{name}'{nearest(name, known)}", ctx)
        return super().resolve_command(ctx, args)


class SectionedOption(click.Option):
    """An option that stands under a heading in the help of its `SectionedCommand`."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help shows its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                heading = getattr(parameter, "section", "Other options")
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
