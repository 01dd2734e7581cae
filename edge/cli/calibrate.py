"""`edge calibrate`: what only the device itself can tell."""

from pathlib import Path

import click

from edge.cli.options import Group
from edge.errors import UserError


@click.group(cls=Group)
def calibrate() -> None:
    """Measure this device, so that edge knows what its work costs here."""


@calibrate.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A YAML file for it; without, it becomes this device's own.",
)
@click.option("--name", default="own", show_default=True, help="Of the profile.")
@click.option(
    "--clip",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="People in view, for half a minute or so; the sample without.",
)
@click.option(
    "--watts-per-core",
    type=click.FloatRange(min=0, min_open=True),
    metavar="W",
    help="What a busy core takes, where you have measured it; else of the nearest known device.",
)
def device(out: Path | None, name: str, clip: Path | None, watts_per_core: float | None) -> None:
    """Measure models, nodes, memory and how much all that scatters: half a minute, while
    nothing else runs.

    The governor knows from it what a core takes, and what looks cost before it has seen any;
    `edge run --profile FILE --offline --pace realtime` runs a graph as it would run there.

    \b
    Examples:
      edge calibrate device
      edge calibrate device --out kitchen.yaml --name kitchen --watts-per-core 1.4
    """
    import msgspec
    from msgspec.structs import replace

    from edge.budget.device import own_path
    from edge.cli.measure import measured
    from edge.io.part_file import PartFile

    path = out or own_path()
    if out is None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"can't make the folder {path.parent}: {error.strerror}; EDGE_CONFIG "
                            "names another") from None  # fmt: skip
    PartFile(path).discard()  # what can't be written is said before anything is measured
    profile = measured(name, lambda doing: click.echo(doing, err=True), clip)
    if watts_per_core is not None:
        profile = replace(profile, watts_per_core=watts_per_core)
    part = PartFile(path)
    part.file.write(msgspec.yaml.encode(profile, order="deterministic"))
    part.complete()
    click.echo(f"wrote {path}")
