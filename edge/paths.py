"""Where the files that come with edge are, and where it keeps what it fetches."""

import os
from pathlib import Path

import platformdirs

from edge.errors import UserError

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_data"


def resource(name: str) -> Path:
    """Return the path of a file or folder that comes with edge, such as "graphs/faces.yaml".

    A wheel carries graphs/, models/, calibration/profiles/ and the sample inside the package;
    in a checkout they lie beside it. The path is absolute; nothing checks that it exists.
    """
    return (_INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent) / name


def cache_dir() -> Path:
    """Return the folder for what can be fetched again: `EDGE_CACHE`, else the user's cache.

    Made if it isn't there; raises UserError where it can't be.
    """
    given = os.environ.get("EDGE_CACHE")
    folder = Path(given).expanduser() if given else platformdirs.user_cache_path("edge-perception")
    return _made(folder, "EDGE_CACHE")


def config_dir(make: bool = False) -> Path:
    """Return the folder for what belongs to this device and its users: `EDGE_CONFIG`, else the
    user's folder for settings.

    With `make` it is made if it isn't there; raises UserError where it can't be.
    """
    given = os.environ.get("EDGE_CONFIG")
    folder = Path(given).expanduser() if given else platformdirs.user_config_path("edge-perception")
    return _made(folder, "EDGE_CONFIG") if make else folder


def _made(folder: Path, variable: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"can't keep files in {folder} ({error.strerror}): set {variable} to another folder"
        ) from None
    return folder
