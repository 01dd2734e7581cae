"""`edge reframe`: a clip in another shape, framed as a camera operator would."""

from contextlib import closing
from pathlib import Path

import click


def _shape(_: click.Context, __: click.Parameter, aspect: str) -> str:
    from edge.director.director import ratio

    try:
        ratio(aspect)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return aspect


@click.command()
@click.argument("clip", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--aspect", default="9:16", show_default=True, callback=_shape, help="Width to height."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    help="The video to write. Default: CLIP-9x16.mp4, beside it.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def reframe(clip: str, aspect: str, out: str | None, quiet: bool) -> None:
    """Retarget CLIP to another shape: who speaks is in the picture, else all who are there.

    The crop moves calmly, cuts where the clip does, and keeps its sound.

    \b
    Examples:
      edge reframe talk.mp4
      edge reframe talk.mp4 --aspect 1:1 --out square.mp4
    """
    from edge.cli.prepare import SOUND_RATE, load_graph
    from edge.cli.progress import Progress
    from edge.cli.session import Request, check_files
    from edge.cli.watched import Watched

    path = out or str(Path(clip).with_name(f"{Path(clip).stem}-{aspect.replace(':', 'x')}.mp4"))
    check_files(Request("reframe", source=clip, video=path))
    graph = load_graph("reframe")
    graph.set("director.aspect", aspect)
    graph.add("sound", "microphone", {}, rate=SOUND_RATE, required=False)
    graph.add("framed", "framed", {"frame": "camera", "crop": "director"})
    graph.add("video", "video_writer", {"frame": "framed", "sound": "sound"}, path=path)
    run = graph.run(clip, offline=True)
    watched = Watched(run)
    with closing(Progress(run, not quiet, None)) as bar:
        for item in watched:
            bar.update(item)
    if watched.failure:
        raise watched.failure
    if watched.signal:
        raise SystemExit(128 + watched.signal)
    click.echo(f"wrote {path}")
