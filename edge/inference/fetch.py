"""The cache of model files: fetched once, checked by hash, never half-written."""

import contextlib
import fcntl
import hashlib
import io
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from edge.errors import UserError
from edge.inference.archives import Unavailable, download
from edge.inference.manifest import Archive, Manifest, Variant

BROKEN_ZIP = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)
"""What zipfile raises for a missing member, a damaged archive, an encrypted one."""


def cached_name(variant: Variant) -> str:
    """Return a file's name in the cache, which holds the files of all versions of the manifest."""
    stem, suffix = os.path.splitext(variant.file)
    return f"{stem}-{variant.sha256[:8]}{suffix}"


def file_hash(path: Path) -> str:
    """Return the sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def good(path: Path, variant: Variant) -> bool:
    """Return whether a file is there and is the variant's, by its hash."""
    return path.is_file() and file_hash(path) == variant.sha256


def fetch(variant: Variant, manifest: Manifest, folder: Path) -> Path:
    """Return the path of a variant's file in the cache, fetching it if it isn't there yet.

    A damaged file is replaced. Whatever else the manifest wants from the same archive is taken
    at once; the archive is not kept. Other processes wait for this one and find its files.
    Raises UserError where every source fails or the folder can't be written.
    """
    path = folder / cached_name(variant)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder):
            if not good(path, variant):
                _from_sources(variant, manifest, folder)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"can't store models in {folder} ({reason}); EDGE_CACHE=FOLDER chooses another place"
        ) from error
    return path


def _from_sources(variant: Variant, manifest: Manifest, folder: Path) -> None:
    reasons = []
    for source in variant.sources:
        archive = manifest.archive(source.archive)
        reason = _take_all(archive, manifest, folder)
        if reason is None:
            return
        reasons.append(f"{archive.name}: {reason}")
    raise UserError(
        f"can't fetch {variant.file}; connect to the internet or install what is missing, then "
        f"try again ({'; '.join(reasons) or 'the manifest names no source'})"
    )


def _take_all(archive: Archive, manifest: Manifest, folder: Path) -> str | None:
    """Download an archive and keep all files that the manifest wants from it.

    Returns None, or the reason why the archive can't be had.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as name:
        try:
            path = download(archive, Path(name))
            found = file_hash(path)
            if found != archive.sha256:
                return f"sha256 is {found}, expected {archive.sha256}"
            for variant in manifest.variants():
                for source in variant.sources:
                    if source.archive == archive.name:
                        _keep(path, source.member, variant, folder)
        except Unavailable as reason:
            return str(reason)
    return None


def _keep(archive: Path, member: str | None, variant: Variant, folder: Path) -> None:
    """Put a variant's file from an archive into the cache, if it is what the manifest says."""
    path = folder / cached_name(variant)
    if good(path, variant):
        return
    content = read_member(archive, member) if member else archive.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != variant.sha256:
        raise Unavailable(f"sha256 of {variant.file} in it is {found}, expected {variant.sha256}")
    part = archive.with_name("part")
    part.write_bytes(content)
    os.replace(part, path)


def read_member(archive: Path, member: str) -> bytes:
    """Return a file from a zip or tar archive; "a.task:b.tflite" is b.tflite in the zip a.task.

    Raises Unavailable where there is no such archive or member.
    """
    outer, *inner = member.split(":")
    content = (
        _from_tar(archive, outer) if tarfile.is_tarfile(archive) else _from_zip(archive, outer)
    )
    for name in inner:
        content = _from_zip(io.BytesIO(content), name)
    return content


def _from_zip(archive: Path | io.BytesIO, name: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as file:
            return file.read(name)
    except BROKEN_ZIP as error:
        raise Unavailable(f"no {name} in it ({error})") from error


def _from_tar(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as file:
        try:
            content = file.extractfile(name)
        except KeyError as error:
            raise Unavailable(f"no {name} in it") from error
        if content is None:
            raise Unavailable(f"{name} is no file")
        return content.read()


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keep other threads and processes that want this folder to themselves waiting."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
