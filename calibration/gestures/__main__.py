"""Trains the classifier of motions: `make motions`; writes models/hand_motion.float.tflite."""

import hashlib
import subprocess
import tempfile
from pathlib import Path

import click
import numpy as np
from ruamel.yaml.comments import CommentedMap
from tqdm import tqdm

from calibration.gestures.data import drawn, generated, joined, replays
from calibration.gestures.figures import of_acted, of_clip, of_everyday, of_tracks
from calibration.gestures.network import build
from calibration.gestures.recorded import CLIPS, tracks
from calibration.manifest import opened
from edge.errors import UserError
from edge.inference.lint import lint
from edge.people.moving_gestures import MOVING

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
FILE = "hand_motion.float.tflite"
PYTHON = ROOT / ".venv-training/bin/python"
SEED = 201
BATCH = 11_000
"""Scenes that are made at once: a gigabyte of windows."""


@click.command(help=__doc__)
@click.option("--scenes", default=66_000, show_default=True, help="How many are generated.")
@click.option(
    "--folds",
    is_flag=True,
    help="Write nothing: train four times without one of the clips and a quarter of the tracks, "
    "and tell how what was left out is answered.",
)
@click.option("--figures", is_flag=True, help="Train nothing: how good the model is that is here.")
def main(scenes: int, folds: bool, figures: bool) -> None:
    if figures:
        click.echo(of_acted(MODELS / FILE))
        click.echo(of_everyday(MODELS / FILE))
        return
    if not PYTHON.exists():
        raise click.ClickException(f"{PYTHON} is missing: run `make motions`")
    try:
        made = [generated(SEED + start, min(BATCH, scenes - start))
                for start in tqdm(range(0, scenes, BATCH), "generated")]  # fmt: skip
        windows = joined(*made)
        if not folds:
            _write(_trained(windows, None))
            return
        for left_out, name in enumerate(CLIPS):
            with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
                file.write(_trained(windows, left_out))
                file.flush()
                click.echo(of_clip(Path(file.name), name))
                click.echo(of_tracks(Path(file.name), left_out))
    except UserError as error:
        raise click.ClickException(str(error)) from error


def _trained(windows: tuple[np.ndarray, np.ndarray], left_out: int | None) -> bytes:
    """Return the model that learns from these windows, the clips and the tracks; without a clip
    and a block of the tracks if one is left out."""
    rng = np.random.default_rng(5)
    known = tracks()
    rows = np.arange(len(known.labels))
    names = list(CLIPS)
    if left_out is not None:
        rows = np.flatnonzero(known.inner & (known.blocks != left_out))
        del names[left_out]
    inputs, labels = joined(windows, replays(names, rng), drawn(known, rows, rng))
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "windows.npz"), Path(folder, "layers.npz")
        np.savez(source, windows=inputs, labels=labels, classes=len(MOVING))
        command = [str(PYTHON), "-m", "calibration.gestures.train", str(source), str(out)]
        subprocess.run(command, cwd=ROOT, check=True)
        with np.load(out) as layers:
            count = len(layers.files) // 2
            return build([(layers[f"weights_{i}"], layers[f"bias_{i}"]) for i in range(count)])


def _write(content: bytes) -> None:
    (MODELS / FILE).write_bytes(content)
    with opened(MODELS / "manifest.yaml") as manifest:
        (model,) = (model for model in manifest["models"] if model["name"] == "hand_motion")
        variant: CommentedMap = model["variants"][0]
        variant["sha256"] = hashlib.sha256(content).hexdigest()
        variant["bytes"] = len(content)
        model["multiply_adds"] = lint(content, FILE).multiply_adds


if __name__ == "__main__":
    main()
