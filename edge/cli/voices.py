"""`edge voices`: names for voices, kept on this device."""

import click

from edge.cli.options import Group
from edge.errors import UserError

ENOUGH = 25
"""Looks at a voice, five a second: about six seconds of speech, with moods and vowels in them."""
MOST = 40
QUIET_S = 30
"""Who is asked to speak and says nothing for so long has gone, or the microphone is off."""
GRAPH = {
    "nodes": {
        "microphone": {"uses": "microphone", "with": {"chunk_ms": 32}},
        "activity": {"uses": "voice_activity", "inputs": {"sound": "microphone"}},
        "voices": {
            "uses": "voices",
            "inputs": {"sound": "microphone", "activity": "activity"},
            "with": {"enrolled": False},
        },
    },
    "outputs": ["activity", "voices"],
}


@click.group(cls=Group)
def voices() -> None:
    """Give voices names that results call them by, instead of voice-1.

    What is kept of a voice is a few numbers, in EDGE_CONFIG (default: the user's folder for
    settings) and nowhere else. `remove` deletes them.
    """


@voices.command()
@click.argument("name")
@click.option("--audio", metavar="A", help="A microphone or a file. Default: the usual microphone.")
def add(name: str, audio: str | None) -> None:
    """Learn the voice of NAME, who speaks alone, for about ten seconds.

    \b
    Examples:
      edge voices add anna
      edge voices add anna --audio anna.wav
    """
    from contextlib import closing

    import numpy as np

    from edge.audio.enrolled import check_name, enrol
    from edge.graph import Graph, Result
    from edge.paths import config_dir

    check_name(name)
    config_dir(make=True)  # what can't be kept is said before anybody speaks
    heard: dict[str, list[np.ndarray]] = {}
    if audio is None:
        click.echo(f"{name} is to speak now, alone, until this is done", err=True)
    spoke: int | None = None
    with closing(Graph.parse(GRAPH).run(audio=audio).items()) as items:
        for item in items:
            if not isinstance(item, Result) or item.value is None:
                continue
            if item.name == "activity":
                spoke = item.t if spoke is None or item.value.speech else spoke
                if item.t - spoke > 1e6 * QUIET_S:
                    break
            elif item.value.whole:
                heard.setdefault(item.value.name, []).append(item.value.embedding)
                if len(heard[item.value.name]) == MOST:
                    break
    longest = max(heard.values(), key=len, default=[])
    if len(longest) < ENOUGH:
        raise UserError(f"{len(longest) / 5:.0f} s of one voice were heard, {ENOUGH / 5:.0f} s are "
                        "needed: have one person speak for longer")  # fmt: skip
    enrol(name, np.stack(longest))
    click.echo(f"{name}'s voice is known from now on")


@voices.command("list")
def list_() -> None:
    """List the voices that are known."""
    from edge.audio.enrolled import enrolled

    for name in enrolled():
        click.echo(name)


@voices.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget a voice: delete what is kept of it."""
    from edge.audio.enrolled import forget

    forget(name)
    click.echo(f"{name}'s voice is forgotten")
