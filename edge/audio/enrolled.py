"""Voices that were given a name, kept on this device and nowhere else."""

import re

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError, nearest
from edge.io.part_file import PartFile
from edge.paths import config_dir

FOLDER = "voices"
SIZE = 256
"""Numbers in an embedding of the voice encoder."""
NAME = re.compile(r"(?!voice-|offscreen-)\w[\w .'-]*")
"""What a voice may be called: a file's name, and not what edge itself calls voices."""


def enrolled() -> dict[str, NDArray[np.float32]]:
    """Return the stretches (n, 256) of each voice by name. Raises UserError for a damaged file."""
    found = {}
    for path in sorted((config_dir() / FOLDER).glob("*.npy")):
        try:
            stretches: NDArray[np.float32] | None = np.load(path)
        except (OSError, EOFError, ValueError):
            stretches = None
        if stretches is None or (stretches.dtype, stretches.shape[1:]) != (np.float32, (SIZE,)):
            raise UserError(f"{path} holds no voice: `edge voices add {path.stem}` anew, or "
                            f"`edge voices remove {path.stem}`")  # fmt: skip
        found[path.stem] = stretches
    return found


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UserError(f"'{name}' can't be a voice's name: use letters and digits, such as anna")


def enrol(name: str, stretches: NDArray[np.float32]) -> None:
    """Keep a voice, in place of what was kept by that name. Raises UserError."""
    check_name(name)
    folder = config_dir(make=True) / FOLDER
    folder.mkdir(exist_ok=True)
    part = PartFile(folder / f"{name}.npy")
    np.save(part.file, stretches)
    part.complete()


def forget(name: str) -> None:
    """Raises UserError where there is no such voice."""
    known = {path.stem: path for path in (config_dir() / FOLDER).glob("*.npy")}
    if name not in known:
        raise UserError(f"there is no voice '{name}'{nearest(name, known)}")
    known[name].unlink()
