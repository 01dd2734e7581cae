"""The registry: from a model's name to a file that is what the manifest says."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from edge.errors import UserError
from edge.inference import manifest as manifests
from edge.inference.archives import Unavailable
from edge.inference.fetch import cached_name, file_hash, good, read_member
from edge.inference.fetch import fetch as fetch_file
from edge.inference.manifest import Manifest, ModelSpec, Variant
from edge.paths import cache_dir, resource


class ModelInfo(Struct, frozen=True, kw_only=True):
    """One variant of a model, as `edge models list` shows it.

    `default`: what is taken where no variant is named. `bytes`: the file's size.
    `cached`: the file is on this machine. `verified`: its hash is right; None without a file.
    """

    name: str
    variant: str
    default: bool
    job: str
    licence: str
    bytes: int
    cached: bool
    verified: bool | None
    path: str | None


class ModelFile(NamedTuple):
    """A file to run, and what the manifest says of it: nothing where it isn't in there."""

    name: str
    file: Path | bytes
    spec: ModelSpec | None = None
    variant: Variant | None = None


def list_models(names: Iterable[str] = (), manifest: Manifest | None = None) -> list[ModelInfo]:
    """Return all variants of the named models, or of all, with the state of their files."""
    manifest = manifest or manifests.shipped()
    specs = [manifest.model(name) for name in names] or manifest.models
    return [_info(spec, variant) for spec in specs for variant in spec.variants]


def fetch(names: Iterable[str] = (), manifest: Manifest | None = None) -> list[ModelInfo]:
    """Fetch models by name, all without names: "face_far", or "face_far/dense" for a variant.

    Without a variant the default is meant. What is here already and undamaged is not fetched.
    Raises UserError for an unknown name, and where a file can't be had.
    """
    manifest = manifest or manifests.shipped()
    result = []
    for name in list(names) or [spec.name for spec in manifest.models]:
        model, _, chosen = name.partition("/")
        spec = manifest.model(model)
        variant = spec.variant(chosen or None)
        if not good(_place(variant), variant):
            fetch_file(variant, manifest, _cache())
        result.append(_info(spec, variant))
    return result


def verify(names: Iterable[str] = (), manifest: Manifest | None = None) -> list[ModelInfo]:
    """Return the variants that are on this machine, their hashes checked.

    Raises UserError for the first file whose hash is wrong.
    """
    manifest = manifest or manifests.shipped()
    specs = [manifest.model(name) for name in names] or manifest.models
    for spec in specs:
        for variant in spec.variants:
            if _place(variant).is_file():
                _check(_place(variant), spec, variant)
    return [info for info in list_models(names, manifest) if info.cached]


def find(
    source: str | Path, variant: str | None = None, manifest: Manifest | None = None
) -> ModelFile:
    """Return the file of a model: by its name in the manifest, fetched if need be, or by path.

    A path is a .tflite file or "bundle.task:member.tflite". A file whose hash the manifest knows
    is that model, wherever it lies. Raises UserError.
    """
    manifest = manifest or manifests.shipped()
    if _is_path(str(source)):
        return _by_path(str(source), manifest)
    spec = manifest.model(str(source))
    chosen = spec.variant(variant)
    path = _place(chosen)
    if path.is_file():
        _check(path, spec, chosen)
    else:
        path = fetch_file(chosen, manifest, _cache())
    return ModelFile(spec.name, path, spec, chosen)


def _is_path(source: str) -> bool:
    return "/" in source or Path(source.partition(":")[0]).suffix in (".tflite", ".task")


def _by_path(source: str, manifest: Manifest) -> ModelFile:
    name, _, member = source.partition(":")
    path = Path(name)
    if not path.is_file():
        raise UserError(f"{name}: no such file")
    if path.suffix == ".task" and not member:
        raise UserError(f"{name} holds several models; name one: {name}:MEMBER.tflite")
    try:
        content = read_member(path, member) if member else path.read_bytes()
    except Unavailable as error:
        raise UserError(f"{source}: {error}") from error
    except OSError as error:
        raise UserError(f"{name}: can't be read ({error.strerror})") from error
    found = hashlib.sha256(content).hexdigest()
    for spec in manifest.models:
        for variant in spec.variants:
            if variant.sha256 == found:
                return ModelFile(source, content, spec, variant)
    return ModelFile(source, content)


def _place(variant: Variant) -> Path:
    """Return where a variant's file is, or will be: beside the manifest, or in the cache."""
    shipped = resource("models") / variant.file
    return shipped if shipped.is_file() else _cache() / cached_name(variant)


def _cache() -> Path:
    return cache_dir() / "models"


def _check(path: Path, spec: ModelSpec, variant: Variant) -> None:
    found = file_hash(path)
    if found != variant.sha256:
        raise UserError(
            f"{path}: sha256 is {found}, expected {variant.sha256}; "
            f"replace it with: edge models fetch {spec.name}/{variant.name}"
        )


def _info(spec: ModelSpec, variant: Variant) -> ModelInfo:
    path = _place(variant)
    cached = path.is_file()
    return ModelInfo(
        name=spec.name,
        variant=variant.name,
        default=variant is spec.variants[0],
        job=spec.job,
        licence=spec.licence,
        bytes=variant.bytes,
        cached=cached,
        verified=good(path, variant) if cached else None,
        path=str(path) if cached else None,
    )
