"""Learns who speaks from `talkers`: writes models/lip_sync.npz and models/voice_mean.npy."""

from functools import partial
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from calibration.conversation.talkers import NAMES, talker_of_all_cameras
from calibration.conversation.train import trained
from calibration.conversation.voice_mean import voice_mean
from edge.audio.voices import MEAN
from edge.paths import resource
from edge.people.lip_sync import FILE, LipSync

SEED = 5


def learned(names: tuple[str, ...]) -> LipSync:
    """Return what these talkers teach, always the same."""

    talkers = [talker_of_all_cameras(name) for name in tqdm(names, "people", leave=False)]
    progress = partial(tqdm, desc="who speaks", leave=False)
    return trained(talkers, np.random.default_rng(SEED), progress)


def write(model: LipSync, path: str) -> None:
    layers: dict[str, Any] = {f"weight_{i}": weights for i, (weights, _) in enumerate(model.layers)}
    layers |= {f"bias_{i}": bias for i, (_, bias) in enumerate(model.layers)}
    ways: dict[str, Any] = {
        name: getattr(model, name) for name in ("lips", "flow", "sound", "weights")
    }
    np.savez(path, **ways, **layers)


@click.command(help=__doc__)
@click.option("--without", multiple=True, metavar="NAME", help="Talkers to leave out.")
@click.option("--out", default=str(resource(FILE)), metavar="FILE", show_default=False)
def main(without: tuple[str, ...], out: str) -> None:
    write(learned(tuple(name for name in NAMES if name not in without)), out)
    if not without:
        np.save(resource(MEAN), voice_mean())


if __name__ == "__main__":
    main()
