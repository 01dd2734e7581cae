"""`edge run`: a graph on a source."""

import functools
import sys
from typing import Any

import click

from edge.cli.options import SectionedCommand, SectionedOption, print_json

EXAMPLES = """
\b
Examples:
  People in a clip, with their landmarks, as JSON lines:
    edge run faces --source clip.mp4 --out results.jsonl --landmarks
  The same clip with what was found drawn in, its sound kept:
    edge run faces --source clip.mp4 --video annotated.mp4
  Camera 1 in a window, until q or Ctrl-C:
    edge run faces --source 1 --window
  A photo, printed as JSON:
    edge run faces --source photo.jpg --json
  Keep what a camera saw, and play it back as it happened:
    edge run faces --source 0 --record monday.mcap
    edge run faces --source monday.mcap --pace realtime
  The same bytes every time, for comparing versions:
    edge run faces --source clip.mp4 --offline --out a.jsonl
  For one person at a desk, which costs less:
    edge run people --source 0 --max-people 1 --window
  Another setting (edge nodes lists them):
    edge run faces --source clip.mp4 --set faces.model=near
"""


def option(section: str, *names: str, text: str, **more: Any) -> Any:
    return click.option(*names, cls=SectionedOption, section=section, help=text, **more)


come = functools.partial(option, "What comes in")
out = functools.partial(option, "What goes out")
how = functools.partial(option, "How it runs")
see = functools.partial(option, "What you see")


@click.command(cls=SectionedCommand, epilog=EXAMPLES)
@click.argument("graph")
@come(
    "--source",
    metavar="S",
    text="Camera index, /dev/video*, video, image, folder of images, recording (.mcap), RTSP or "
    "HTTP address. Default: what the graph says.",
)
@come(
    "--audio",
    metavar="A",
    text="Sound from elsewhere: a microphone's index or name, or a file. Default: the source's.",
)
@come("--mirrored", is_flag=True, text="The picture is a selfie view: left is right.")
@come("--rotate", type=click.Choice(["0", "90", "180", "270"]), text="Turn the picture clockwise.")
@come(
    "--fps",
    type=click.FloatRange(min=0, min_open=True),
    metavar="F",
    text="Frames a second: asked of a camera; makes a sequence of a folder of images.",
)
@come("--max-frames", type=click.IntRange(min=1), metavar="N", text="Stop after N source frames.")
@out(
    "--out",
    metavar="FILE",
    text="Results as JSON lines (docs/results.md). Default: standard output, unless that is a "
    "terminal.",
)
@out("--landmarks", is_flag=True, text="Write every landmark, not just boxes and states.")
@out("--masks", is_flag=True, text="Write silhouettes.")
@out(
    "--predict",
    is_flag=True,
    text="In real time write where people should be as the result comes out, not where they were "
    "as the frame was captured.",
)
@out("--video", metavar="FILE", text="Video (.mp4, .mov, .mkv) with what was found drawn in.")
@out("--window", is_flag=True, text="Show that in a window; q closes it.")
@out(
    "--rules",
    metavar="FILE",
    text="Do what a table of rules (docs/meaning.md) says when something happens: MQTT messages, "
    "webhooks, commands.",
)
@out("--record", metavar="FILE", text="Record picture, sound and results (.mcap) to play back.")
@out("--trace", metavar="FILE", text="Write what ran when; https://ui.perfetto.dev opens it.")
@how(
    "--pace",
    type=click.Choice(["realtime", "fast"]),
    text="realtime: as a camera would deliver, late frames dropped. fast: every frame. Default: "
    "fast for files, realtime for devices.",
)
@how("--offline", is_flag=True, text="On a virtual clock, one thread: same input, same bytes.")
@how(
    "--profile",
    metavar="P",
    text="With --offline: the device whose speed is simulated, by name or YAML file.",
)
@how(
    "--budget",
    metavar="B",
    text="What to keep to at real-time pace, instead of what the graph says: latency_ms=50, "
    "power_w=2, or both with a comma between. off: work as well as can be, however late.",
)
@how(
    "--accelerator",
    metavar="A",
    text="Where models run: edgetpu, or the path of a delegate's library, each with ,KEY=VALUE for "
    "its options; none: the processor. Default: EDGE_ACCELERATOR.",
)
@how(
    "--max-people",
    type=click.IntRange(min=1),
    metavar="N",
    text="Follow at most N people: so many faces and bodies, and two hands each. Default: what the "
    "graph says.",
)
@how(
    "--set",
    "settings",
    multiple=True,
    metavar="NODE.KEY=VALUE",
    text="Change a setting of the graph; may be given often.",
)
@see(
    "--json",
    "as_json",
    is_flag=True,
    text="Print JSON: the results, also to a terminal, or with --out the summary.",
)
@see("--quiet", is_flag=True, text="No progress bar and no table at the end.")
def run(graph: str, as_json: bool, quiet: bool, **given: Any) -> int:
    """Run GRAPH, a YAML file or the name of one that comes with edge, such as faces.

    Ctrl-C ends it in order: all files are closed, the summary is written.

    Exit code: 0 done, 1 every frame failed, 2 something that you can mend, 130 Ctrl-C.
    """
    from edge.cli.prepare import Request
    from edge.cli.session import perform
    from edge.cli.summary import print_account

    request = Request(graph, **given)
    lines_to_stdout = request.out is None and (as_json or not sys.stdout.isatty())
    screen_is_taken = lines_to_stdout and sys.stdout.isatty()
    progress = sys.stderr.isatty() and not (quiet or screen_is_taken)
    account = perform(request, lines_to_stdout=lines_to_stdout, progress=progress)
    if as_json and not lines_to_stdout:
        print_json(account.summary)
    elif not (quiet or lines_to_stdout):
        print_account(account)
    return account.code
