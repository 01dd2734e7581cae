"""`edge calibrate`: what only the device itself can tell."""

import math
from pathlib import Path

import click

from edge.cli.options import Group, Pair
from edge.errors import UserError
from edge.paths import config_dir


@click.group(cls=Group)
def calibrate() -> None:
    """Measure this device: what work costs on it, how late its microphone is, what its camera sees,
    and where your eyes look."""


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
    profile = measured(name, _say, clip)
    if watts_per_core is not None:
        profile = replace(profile, watts_per_core=watts_per_core)
    _write(path, msgspec.yaml.encode(profile, order="deterministic"))
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
    late_ms = measured_ms(graph, source, audio, _say)
    side = "later" if late_ms >= 0 else "earlier"
    click.echo(f"sound arrives {abs(late_ms)} ms {side} than the picture")
    if pair is not None:
        click.echo(f"kept for {pair} in {remember(pair, late_ms)}")


@calibrate.command()
@click.option("--source", metavar="S", help="As for `edge run`. Default: camera 0.")
@click.option(
    "--board",
    type=Pair("x"),
    default="9x6",
    show_default=True,
    help="Inner corners along its long and its short side.",
)
@click.option(
    "--square-mm",
    type=click.FloatRange(min=0, min_open=True),
    default=25.0,
    show_default=True,
    metavar="MM",
    help="How long a square's side is.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A YAML file for it; without, it becomes this device's own.",
)
def camera(
    source: str | None, board: tuple[float, float], square_mm: float, out: Path | None
) -> None:
    """Measure what a camera sees, with a chessboard that is held into its view: flat, wholly in
    view, near and far, tilted to all sides. A video or a folder of photos of it will do, too.

    Head pose, gaze and distances are measured by it from then on.

    \b
    Examples:
      edge calibrate camera
      edge calibrate camera --board 7x5 --square-mm 30
    """
    from edge.cli.camera import is_live, measured
    from edge.io.intrinsics import FILE, encoded

    path = out or config_dir(make=True) / FILE
    columns, rows = (round(side) for side in board)
    if min(columns, rows) < 3:
        raise UserError(f"--board {columns}x{rows}: 3 inner corners a side are the least")
    live = is_live(source)
    found = measured(source, live, (columns, rows), square_mm, _say)
    view = math.degrees(2 * math.atan(max(found.size) / 2 / found.focal))
    _write(path, encoded(found))
    click.echo(
        f"sees {view:.1f}° along the longer side (focal length {found.focal:.0f} pixels), corners "
        f"are off by {found.error:.2f} pixels; wrote {path}"
    )


@calibrate.command()
@click.option("--source", metavar="S", help="As for `edge run`. Default: camera 0.")
@click.option(
    "--display-mm",
    type=Pair("x"),
    default="340x190",
    show_default=True,
    help="The screen's width and height.",
)
@click.option(
    "--camera-mm",
    type=Pair(","),
    default="170,-8",
    show_default=True,
    help="Where the camera is, from the screen's top left corner to the right and down.",
)
def gaze(
    source: str | None, display_mm: tuple[float, float], camera_mm: tuple[float, float]
) -> None:
    """Measure what your eyes are off, at the corners and the middle of the screen.

    It asks for one point after the other and is used for live cameras from then on; delete the file
    to forget it. Of a clip, in which somebody looks at top left, top right, bottom right, bottom
    left and the middle, each for as long, it is told but not kept.

    \b
    Example:
      edge calibrate gaze --display-mm 520x290 --camera-mm 260,-12
    """
    import msgspec

    from edge.cli.camera import is_live
    from edge.cli.gaze_points import measured
    from edge.people.gaze import Display
    from edge.people.gaze_correction import FILE

    live = is_live(source)
    path = config_dir(make=True) / FILE if live else None
    display = Display(size=display_mm, camera=camera_mm)
    found, before = measured(source, live, display, _wait, _say)
    click.echo(f"your gaze was off by {before:.1f}°, and is by {found.error:.1f}° now")
    if path is not None:
        _write(path, msgspec.yaml.encode(found, order="deterministic"))
        click.echo(f"wrote {path}")


def _say(doing: str) -> None:
    click.echo(doing, err=True)


def _wait(prompt: str) -> None:
    click.prompt(prompt, default="", show_default=False, prompt_suffix=" ", err=True)


def _write(path: Path, content: bytes) -> None:
    from edge.io.part_file import PartFile

    part = PartFile(path)
    part.file.write(content)
    part.complete()
