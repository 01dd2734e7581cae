"""`edge calibrate`: what only the device itself can tell."""

from pathlib import Path

import click

from edge.cli.options import Group
from edge.paths import config_dir


@click.group(cls=Group)
def calibrate() -> None:
    """Measure this device: what work costs on it, how late its microphone is."""


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

    from edge.budget.device import FILE
    from edge.cli.measure import measured
    from edge.io.part_file import PartFile

    path = out or config_dir(make=True) / FILE
    PartFile(path).discard()  # what can't be written is said before anything is measured
    profile = measured(name, lambda doing: click.echo(doing, err=True), clip)
    if watts_per_core is not None:
        profile = replace(profile, watts_per_core=watts_per_core)
    part = PartFile(path)
    part.file.write(msgspec.yaml.encode(profile, order="deterministic"))
    part.complete()
    click.echo(f"wrote {path}")


@calibrate.command()
@click.option("--source", metavar="S", help="The camera, as for `edge run`. Default: camera 0.")
@click.option("--audio", metavar="A", help="The microphone. Default: the source's, or the usual.")
def sync(source: str | None, audio: str | None) -> None:
    """Measure how much later a microphone's sound arrives than the camera's picture, by somebody
    who speaks: about half a minute.

    Kept for these two devices; whatever compares lips with sound finds it from then on. A file
    is measured, too, but its own clock holds for both: nothing is kept.

    \b
    Examples:
      edge calibrate sync
      edge calibrate sync --source 1 --audio Yeti
    """
    from edge.cli.prepare import load_graph
    from edge.cli.sync import devices, measured_ms, remember

    graph = load_graph("conversation")
    pair = devices(graph, source, audio)
    if pair is not None:
        config_dir(make=True)  # what can't be kept is said before anything is measured
    late_ms = measured_ms(graph, source, audio, lambda doing: click.echo(doing, err=True))
    side = "later" if late_ms >= 0 else "earlier"
    click.echo(f"sound arrives {abs(late_ms)} ms {side} than the picture")
    if pair is not None:
        click.echo(f"kept for {pair} in {remember(pair, late_ms)}")
