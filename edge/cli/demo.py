"""`edge demo`: people in a camera's picture, or in the sample clip."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.daemon import server
from edge.cli.keys import HELP
from edge.errors import UserError
from edge.paths import resource

if TYPE_CHECKING:
    from edge.cli.session import Account

GRAPH = "people"
SAMPLE = "samples/astronaut.mp4"
CAMERA_FRAMES = 300
"""Without a window nobody sees when to stop: ten seconds of a usual camera."""


@click.command()
@click.option(
    "--window/--no-window",
    default=None,
    help="A window, or files, instead of the page. Default: the page if there is a screen, else "
    "files.",
)
@click.option("--serve", is_flag=True, help="The page, also where there is no screen.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Of the page; 0: any.")
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path),
    default="edge-demo",
    show_default=True,
    metavar="D",
    help="Where video, results and summary go if there is no screen.",
)
@click.option(
    "--max-people",
    type=click.IntRange(min=1),
    metavar="N",
    help="Follow at most N people. Fewer cost less.",
)
def demo(
    window: bool | None, serve: bool, port: int | None, out_dir: Path, max_people: int | None
) -> int:
    """Show the people in view of the first camera, or in a sample clip where there is none.

    A page opens, as `edge daemon` has it: the picture, who is there, where they look, what their
    hands say, who speaks; with a key for each feature, background blur among them. Its settings are
    config.yaml.

    Without a screen, or with --no-window, the annotated video, the results and the summary are
    written to a folder; from a camera then, the first 10 seconds.
    """
    from edge.cli.summary import print_account

    if serve or (window is None and _has_screen()):
        _serve(port, max_people, show=_has_screen())
        return 0
    if window is None:
        click.echo("There is no screen: files are written. With --serve there is a page instead.")
    show = bool(window)
    perform = functools.partial(_perform, show, out_dir, max_people)
    account = _from_camera(perform, show) or _from_sample(perform)
    print_account(account)
    if not show:
        _write_summary(account, out_dir)
        click.echo(f"Written to {out_dir}: {', '.join(sorted(p.name for p in out_dir.iterdir()))}")
    return account.code


def _has_screen() -> bool:
    """Whether there is somewhere for a browser to open."""
    from edge.io.window import answers

    if sys.platform == "darwin" or "WAYLAND_DISPLAY" in os.environ:
        return True
    return answers(os.environ.get("DISPLAY", ""))


def _serve(port: int | None, max_people: int | None, show: bool) -> None:
    from edge.daemon.config import Log, default_path, read

    def opened(address: str) -> None:
        click.echo(f"edge is at {address}  (Ctrl-C ends it)")
        with contextlib.suppress(webbrowser.Error):
            if show:
                webbrowser.open(address)

    quiet = Log(level="warning")
    server()(read(default_path()).changed(port, max_people=max_people, log=quiet), opened)


def _from_camera(perform: Callable[..., Account], show: bool) -> Account | None:
    """Return None where there is no camera, or none that delivers; then it says why."""
    from edge.io.camera_list import cameras

    found = cameras()
    if not found:
        click.echo("There is no camera here.")
        return None
    camera = found[0]
    if not camera.permitted:
        click.echo(f"There is a camera, {camera.path}, but you may not open it: see edge doctor.")
        return None
    click.echo(f"Looking through {camera.card} ({camera.path}).")
    try:
        return perform(str(camera.path), None if show else CAMERA_FRAMES)
    except UserError as error:
        click.echo(f"That didn't work: {error}.")
        return None


def _from_sample(perform: Callable[..., Account]) -> Account:
    click.echo(
        "Playing the sample clip: NASA's portrait of an astronaut, moved and turned by a program, "
        "with a synthetic voice."
    )
    return perform(str(resource(SAMPLE)))


def _perform(
    show: bool, out_dir: Path, max_people: int | None, source: str, max_frames: int | None = None
) -> Account:
    from edge.cli.prepare import Request
    from edge.cli.session import perform

    click.echo("Loading models; the first run fetches them.")
    if show:
        click.echo(f"Keys: {HELP}.")
    request = Request(GRAPH, source, max_people=max_people)
    if show:
        request = replace(request, window=True, pace="realtime")
    else:
        _make_folder(out_dir)
        results, video = str(out_dir / "results.jsonl"), str(out_dir / "video.mp4")
        request = replace(request, out=results, video=video, max_frames=max_frames)
    return perform(request, lines_to_stdout=False, progress=sys.stderr.isatty())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"can't make the folder {folder} ({error.strerror}): name another with --out-dir"
        ) from None


def _write_summary(account: Account, out_dir: Path) -> None:
    import msgspec

    from edge.io.part_file import PartFile

    target = PartFile(out_dir / "summary.json")
    target.file.write(msgspec.json.format(msgspec.json.encode(account.summary), indent=2) + b"\n")
    target.complete()
