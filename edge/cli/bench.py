"""`edge bench`: what edge costs on this machine. The benchmarks themselves live in a checkout."""

import click

from edge.cli.options import Group
from edge.errors import UserError

MISSING = (
    "benchmarks come with a checkout, not with a wheel: git clone the project, and make bench "
    "there installs what they take"
)


class _Elsewhere(Group):
    """The commands of `python -m benchmarks`, loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _found().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _found().get_command(ctx, cmd_name)


def _found() -> click.Group:
    """Return the group of all benchmarks. Raises UserError."""
    try:
        from benchmarks.__main__ import bench as group
    except ModuleNotFoundError as error:
        if error.name in ("benchmarks", "benchmarks.__main__"):
            raise UserError(MISSING) from None
        raise UserError(f"{error.name} is missing, which benchmarks take: make bench installs it"
                        ) from None  # fmt: skip
    return group


@click.group(cls=_Elsewhere)
def bench() -> None:
    """Measure what edge costs here, beside MediaPipe, and whether budgets are kept."""
