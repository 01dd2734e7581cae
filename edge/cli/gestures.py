"""`edge gestures`: still gestures of one's own, taught from photos and kept on this device."""

from pathlib import Path
from typing import Any

import click

from edge.cli.options import Group
from edge.errors import UserError

GRAPH: dict[str, Any] = {
    "nodes": {
        "camera": {"uses": "camera"},
        "palms": {"uses": "hand_detector", "inputs": {"frame": "camera"}, "with": {"max_hands": 4}},
        "hands": {"uses": "hand_landmarks", "inputs": {"frame": "camera", "palms": "palms"}},
    },
    "outputs": ["hands"],
}


@click.group(cls=Group)
def gestures() -> None:
    """Teach still gestures beside thumb_up, open_palm and the others that are known.

    What is kept of a photo is the shape of the hands in it, in EDGE_CONFIG (default: the user's
    folder for settings) and nowhere else. `remove` deletes it.
    """


@gestures.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def train(folder: Path) -> None:
    """Learn the gestures in FOLDER: one folder of photos for each, named as the gesture is to be.

    Five to ten photos of a gesture suffice, of several people and from several sides. A folder
    named "none" shows what isn't meant to be one. What is learned is used from the next run on.

    \b
    Examples:
      edge gestures train photos        photos/call/1.jpg … photos/rock/1.jpg …
      edge run gestures
    """
    from edge.paths import config_dir
    from edge.people.taught_gestures import FEWEST, NONE, check_name, keep

    named = sorted(path for path in folder.iterdir() if path.is_dir())
    if not named:
        raise UserError(f"{folder} has no folders: put each gesture's photos into one of its own")
    for path in named:
        check_name(path.name)
    config_dir(make=True)  # what can't be kept is said before anything is looked at
    learned = {path.name: _hands_in(path) for path in named}
    for name, photos in learned.items():
        found = sum(bool(photo) for photo in photos)
        if found < (1 if name == NONE else FEWEST):
            raise UserError(
                f"{name}: a hand was found in {found} of {len(photos)} photos, {FEWEST} are "
                "needed: bright ones, in which the hand is a quarter of the picture or more"
            )
    for name, photos in learned.items():
        keep(name, photos)
        found = sum(bool(photo) for photo in photos)
        click.echo(f"{name}: learned from {found} of {len(photos)} photos")


@gestures.command("list")
def list_() -> None:
    """List the gestures that were taught, and those that are known anyway."""
    from edge.people.still_gestures import CANNED
    from edge.people.taught_gestures import kept

    for name, photos in kept().items():
        click.echo(f"{name:20} taught from {len(photos)} photos")
    for name in CANNED[1:]:
        click.echo(name)


@gestures.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget the gesture NAME."""
    from edge.people.taught_gestures import forget

    forget(name)
    click.echo(f"{name} is forgotten")


def _hands_in(folder: Path) -> list[list[Any]]:
    """Return of each photo of a folder the descriptors of the hands in it."""
    from tqdm import tqdm

    from edge.graph import Graph
    from edge.people.taught_gestures import descriptor

    photos = []
    results = Graph.parse(GRAPH).run(str(folder))
    for result in tqdm(results, desc=folder.name, unit="photo", leave=False):
        hands = result.value
        photos.append([
            descriptor(hands.landmarks[row], hands.world[row], hands.right[row] > 0.5)
            for row in range(len(hands))
        ])  # fmt: skip
    return photos
