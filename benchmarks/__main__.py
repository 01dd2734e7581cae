"""`python -m benchmarks`: measure this machine."""

import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.clip import SAMPLE, SAMPLE_ONE_FACE_S
from benchmarks.faces import Faces
from benchmarks.faces import measure as measure_faces
from benchmarks.machine import this_machine
from benchmarks.overhead import Overhead
from benchmarks.overhead import measure as measure_overhead
from benchmarks.report import print_faces, print_overhead
from edge.cli.options import print_json
from edge.errors import UserError


@click.command()
@click.argument("what", type=click.Choice(["overhead", "faces", "all"]), default="all")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=Path, metavar="FOLDER", help="Write pictures of it there.")
@click.option("--rounds", type=click.IntRange(min=1), default=8, show_default=True)
@click.option(
    "--packets",
    type=click.IntRange(min=100),
    default=500,
    show_default=True,
    help="overhead: in each round.",
)
@click.option(
    "--frames",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="faces: in each round.",
)
@click.option(
    "--clip", type=Path, metavar="FILE", help="faces: a video of one face. Default: the sample."
)
@click.option("--start", type=click.FloatRange(min=0), metavar="S", help="faces: from S seconds.")
@click.option("--variant", default="float", show_default=True, help="faces: of our models.")
def main(
    what: str,
    as_json: bool,
    plot: Path | None,
    rounds: int,
    packets: int,
    frames: int,
    clip: Path | None,
    start: float | None,
    variant: str,
) -> None:
    """Measure what edge costs on this machine: two minutes, better with nothing else running.

    overhead: what the graph costs for each node that a packet passes.

    faces: CPU time per frame of the faces graph, beside MediaPipe's FaceMesh.
    """
    draw = _plots(plot)
    machine = this_machine()
    overhead = measure_overhead(packets, rounds) if what != "faces" else None
    faces = None
    if what != "overhead":
        beginning = start if start is not None else (0.0 if clip else SAMPLE_ONE_FACE_S)
        faces = measure_faces(clip or SAMPLE, beginning, frames, rounds, variant)
    if as_json:
        found = {"machine": machine, "overhead": overhead, "faces": faces}
        print_json({name: value for name, value in found.items() if value is not None})
    else:
        click.echo(machine.text())
        if overhead:
            print_overhead(overhead)
        if faces:
            print_faces(faces)
    draw(overhead, faces)


def _plots(folder: Path | None) -> Any:
    """Return what draws; find out before the measuring whether it can be done."""
    if folder is None:
        return lambda overhead, faces: None
    try:
        from benchmarks.plot import plot_faces, plot_overhead

        folder.mkdir(parents=True, exist_ok=True)
    except ImportError:
        raise UserError("--plot needs matplotlib: make bench installs it") from None
    except OSError as error:
        raise UserError(f"can't write to {folder}: {error.strerror}") from None

    def draw(overhead: Overhead | None, faces: Faces | None) -> None:
        paths = [plot_overhead(overhead, folder)] if overhead else []
        paths += [plot_faces(faces, folder)] if faces else []
        for path in paths:
            click.echo(f"wrote {path}", err=True)

    return draw


if __name__ == "__main__":
    try:
        main(prog_name="python -m benchmarks")
    except UserError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        sys.exit(2)
