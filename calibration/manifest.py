"""Writes what the workshop has made into `models/manifest.yaml`, whose comments stay."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from edge.inference.manifest import Variant


class Entry(msgspec.Struct, frozen=True):
    """What is known of a model once it is made: `parent_ms` is beside the variants' own `ms`."""

    variants: tuple[Variant, ...]
    parent_ms: float
    multiply_adds: int
    blocked: dict[str, str]


def write(path: Path, entries: dict[str, Entry], measured_on: str) -> None:
    """Replace the made variants of the models in `entries`; other models stay as they are.

    What is faster than its parent stands before it: the first is what runs on the virtual clock.
    """
    with opened(path) as manifest:
        for model in manifest["models"]:
            if entry := entries.get(model["name"]):
                _enter(model, entry)
        manifest["measured_on"] = measured_on


def write_times(path: Path, times: dict[str, dict[str, float]], measured_on: str) -> None:
    """Replace the times of variants, by model and variant; all else stays as it is."""
    with opened(path) as manifest:
        for model in manifest["models"]:
            for variant in model["variants"]:
                if ms := times.get(model["name"], {}).get(variant["name"]):
                    variant["ms"] = ms
        manifest["measured_on"] = measured_on


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Yield the manifest to change; it is written if nothing went wrong."""
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 10_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    manifest = yaml.load(path.read_text(encoding="utf-8"))
    yield manifest
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        yaml.dump(manifest, file)
    part.replace(path)


def _enter(model: Any, entry: Entry) -> None:
    # What has sources is written by hand, all else is made here.
    published = [variant for variant in model["variants"] if variant.get("sources")]
    if published:
        published[0]["ms"] = entry.parent_ms
    quick = [plain(v) for v in entry.variants if v.ms is not None and v.ms < entry.parent_ms]
    slow = [plain(v) for v in entry.variants if v.ms is None or v.ms >= entry.parent_ms]
    model["variants"] = [*quick, *published, *slow]
    model["multiply_adds"] = entry.multiply_adds
    model.pop("blocked", None)
    if entry.blocked:
        model["blocked"] = dict(entry.blocked)


def plain(variant: Variant) -> CommentedMap:
    """Return a variant as YAML has it: without defaults, tensors and figures a line each."""
    entry = CommentedMap(_given(msgspec.to_builtins(variant)))
    entry["tensors"] = _in_a_line(CommentedSeq(variant.tensors))
    if variant.accuracy:
        figures = (_given(msgspec.to_builtins(figure)) for figure in variant.accuracy)
        entry["accuracy"] = [_in_a_line(CommentedMap(figure)) for figure in figures]
    return entry


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, [], ())}


def _in_a_line(node: Any) -> Any:
    node.fa.set_flow_style()
    return node
