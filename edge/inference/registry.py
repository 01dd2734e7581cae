"""The registry: from a model's name to a file that is what the manifest says."""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from edge.errors import UserError
from edge.inference import manifest as manifests
from edge.inference.archives import Unavailable
from edge.inference.choice import choose, recalled, times
from edge.inference.fetch import cached_name, file_hash, good, read_member
from edge.inference.fetch import fetch as fetch_file
from edge.inference.manifest import Manifest, ModelSpec, Variant
from edge.paths import cache_dir, resource


class ModelInfo(Struct, frozen=True, kw_only=True):
    """One variant of a model, as `edge models list` shows it.

    `passed`: it is accurate enough to be chosen. `chosen`: with so many threads it is what runs
    here where no variant is named; None for the others, and for all as long as they would have
    to be timed first. `ms`: of a call on this device, by threads, as far as it was timed; None
    for what can't be run. `bytes`: the file's size. `cached`: the file is on this machine.
    `verified`: its hash is right; None without a file.
    """

    name: str
    variant: str
    passed: bool
    chosen: int | None
    ms: dict[int, float | None]
    job: str
    licence: str
    bytes: int
    cached: bool
    verified: bool | None
    path: str | None


class ModelFile(NamedTuple):
    """A file to run, and what the manifest says of it: nothing where it isn't in there.

    `threads`: how many the library is to use.
    """

    name: str
    file: Path | bytes
    spec: ModelSpec | None = None
    variant: Variant | None = None
    threads: int = 1


def list_models(names: Iterable[str] = (), manifest: Manifest | None = None) -> list[ModelInfo]:
    """Return all variants of the named models, or of all, with the state of their files."""
    manifest = manifest or manifests.shipped()
    specs = [manifest.model(name) for name in names] or manifest.models
    return [info for spec in specs for info in _infos(spec)]


def fetch(names: Iterable[str] = (), manifest: Manifest | None = None) -> list[ModelInfo]:
    """Fetch models by name, all without names: "face_far", or "face_far/dense" for a variant.

    Without a variant the model's parent is meant. What is here and undamaged is not fetched.
    Raises UserError for an unknown name, and where a file can't be had.
    """
    manifest = manifest or manifests.shipped()
    result = []
    for name in list(names) or [spec.name for spec in manifest.models]:
        model, _, chosen = name.partition("/")
        spec = manifest.model(model)
        variant = spec.variant(chosen) if chosen else spec.parent
        if not good(_place(variant), variant):
            fetch_file(variant, manifest, _cache())
        result += [info for info in _infos(spec) if info.variant == variant.name]
    return result


def verify(names: Iterable[str] = (), manifest: Manifest | None = None) -> list[ModelInfo]:
    """Return the variants that are on this machine, their hashes checked.

    Raises UserError for the first file whose hash is wrong.
    """
    manifest = manifest or manifests.shipped()
    specs = [manifest.model(name) for name in names] or manifest.models
    for spec in specs:
        for variant in spec.variants:
            if path := _found(variant):
                _check(path, spec, variant)
    return [info for info in list_models(names, manifest) if info.cached]


def find(
    source: str | Path,
    variant: str | None = None,
    manifest: Manifest | None = None,
    *,
    threads: int | None = None,
    timed: bool = False,
) -> ModelFile:
    """Return the file of a model: by its name in the manifest, fetched if need be, or by path.

    A path is a .tflite file or "bundle.task:member.tflite". A file whose hash the manifest knows
    is that model, wherever it lies. What isn't given of `variant` and `threads` is the first
    variant that passed, and one thread; where it is to be `timed`, what's fastest on this device.
    A path has one variant and, unless given, one thread. Raises UserError.
    """
    manifest = manifest or manifests.shipped()
    if _is_path(str(source)):
        return _by_path(str(source), manifest)._replace(threads=threads or 1)
    spec = manifest.model(str(source))
    candidates = _candidates(spec) if variant is None and timed else [spec.variant(variant)]
    if not timed:
        threads = threads or 1
    path_of = functools.partial(_checked, spec, manifest)
    chosen = choose(spec.name, candidates, threads, path_of)
    return ModelFile(spec.name, path_of(chosen.variant), spec, *chosen)


def _candidates(spec: ModelSpec) -> list[Variant]:
    """Return the variants that may be chosen: those on this machine, else the one to fetch."""
    passed = [variant for variant in spec.variants if variant.passed]
    here = [variant for variant in passed if _found(variant)]
    to_fetch = [variant for variant in passed if variant.sources]
    return here or to_fetch[:1] or passed[:1]


def _checked(spec: ModelSpec, manifest: Manifest, variant: Variant) -> Path:
    """Return a variant's file, its hash right, fetched if it isn't here."""
    path = _found(variant)
    if path is None:
        return fetch_file(variant, manifest, _cache())
    _check(path, spec, variant)
    return path


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


def _found(variant: Variant) -> Path | None:
    """Return where a variant's file is, None where it isn't on this machine."""
    try:
        path = _place(variant)
    except UserError:  # there is no cache and none can be made: nothing is in it
        return None
    return path if path.is_file() else None


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


def _infos(spec: ModelSpec) -> list[ModelInfo]:
    chosen = recalled(_candidates(spec))
    return [
        ModelInfo(
            name=spec.name,
            variant=variant.name,
            passed=variant.passed,
            chosen=chosen.threads if chosen and chosen.variant is variant else None,
            ms=times(variant),
            job=spec.job,
            licence=spec.licence,
            bytes=variant.bytes,
            cached=path is not None,
            verified=good(path, variant) if path else None,
            path=str(path) if path else None,
        )
        for variant in spec.variants
        for path in [_found(variant)]
    ]
