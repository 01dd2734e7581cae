"""`edge daemon`: the service."""

from collections.abc import Callable
from pathlib import Path

import click

from edge.errors import UserError


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    help="Settings; a change is followed at once. Default: config.yaml in this user's folder for "
    "settings, else the one that edge comes with.",
)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="0: any that is free.")
@click.option(
    "--source", metavar="S", help="A camera, clip or address, instead of the settings' one."
)
def daemon(config: Path | None, port: int | None, source: str | None) -> None:
    """Watch and listen for months: a page, an API, rules and Home Assistant.

    On the first camera there is, or the sample clip where there is none. The page's address is
    printed; only this machine is let in unless the settings say otherwise.

    \b
    Examples:
      edge daemon
      edge daemon --config kitchen.yaml --port 8080
      EDGE_TOKEN=… edge daemon --config for-all-in-the-house.yaml
    """
    from edge.daemon.config import default_path, read

    server()(read(config or default_path()).changed(port, source=source), opened=_say)


def server() -> Callable[..., None]:
    """Return `edge.daemon.serve.serve`. Raises UserError where its libraries aren't installed."""
    try:
        from edge.daemon.serve import serve
    except ModuleNotFoundError as error:
        raise UserError(
            f"the page needs {error.name}: pip install 'edge-perception[daemon]'"
        ) from None
    return serve


def _say(address: str) -> None:
    click.echo(f"edge is at {address}  (Ctrl-C ends it)")
