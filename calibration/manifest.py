"""Writes what the workshop has made into `models/manifest.yaml`, whose comments stay."""

from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML

from edge.inference.manifest import Variant

MADE = ("int8", "edgetpu")
"""The variants that the workshop owns; all else in the file is written by hand."""


class Entry(msgspec.Struct, frozen=True):
    """What is known of a model once it is made: `float_ms` of its parent, beside the others'."""

    variants: tuple[Variant, ...]
    float_ms: float | None
    multiply_adds: int
    blocked: dict[str, str]


def write(path: Path, entries: dict[str, Entry], measured_on: str) -> None:
    """Replace the made variants of the models in `entries`; other models stay as they are.

    A made variant that passed and is faster than its parent stands before it: the first is what
    runs on the virtual clock.
    """
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 10_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    manifest = yaml.load(path.read_text(encoding="utf-8"))
    for model in manifest["models"]:
        if entry := entries.get(model["name"]):
            _enter(model, entry)
    manifest["measured_on"] = measured_on
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        yaml.dump(manifest, file)
    part.replace(path)


def _enter(model: Any, entry: Entry) -> None:
    variants = model["variants"]
    for place in reversed(range(len(variants))):
        if variants[place]["name"] in MADE:
            del variants[place]
    if entry.float_ms is not None and variants:
        variants[0]["ms"] = entry.float_ms
    for variant in reversed(entry.variants):
        better = variant.passed and (entry.float_ms is None or variant.ms < entry.float_ms)
        plain = msgspec.to_builtins(variant)
        plain = {key: value for key, value in plain.items() if value not in (None, [], ())}
        variants.insert(0 if better and variant.name == "int8" else len(variants), plain)
    model["multiply_adds"] = entry.multiply_adds
    model.pop("blocked", None)
    if entry.blocked:
        model["blocked"] = dict(entry.blocked)
