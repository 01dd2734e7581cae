"""What a variant loses and gains: its outputs and its time beside its parent's."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.accuracy import Outputs
from calibration.accuracy.voices import in_turn
from calibration.samples import Sample
from edge.inference.choice import time_calls
from edge.inference.manifest import ModelSpec, Variant
from edge.inference.model import Model
from edge.inference.registry import ModelFile

TIMINGS = 8
"""Each is a median of interleaved calls; their median forgets the moments when others worked."""


def outputs(
    spec: ModelSpec, variant: Variant, content: bytes, samples: Iterable[Sample]
) -> Outputs:
    """Return a variant's outputs for every sample, in the manifest's order, as nodes get them."""
    model = Model(ModelFile(spec.name, content, spec, variant), threads=1)

    def run(sample: Iterable[NDArray[Any]]) -> list[NDArray[Any]]:
        for index, value in enumerate(sample):
            if value.dtype == np.uint8:
                model.write_picture(value, index)
            else:
                model.input(index)[...] = value
        return model.invoke()

    try:
        if spec.name == "voice_activity":
            return in_turn(run, samples)
        return [run(sample) for sample in samples]
    finally:
        model.close()


def times(contents: dict[str, bytes]) -> dict[str, float]:
    """Return the median ms of a call of each file with one thread, all measured in turn."""
    with TemporaryDirectory() as folder:
        files: list[tuple[Path, int]] = []
        for name, content in contents.items():
            path = Path(folder) / f"{name}.tflite"
            path.write_bytes(content)
            files.append((path, 1))
        rounds: Sequence[list[float | None]] = [time_calls(files) for _ in range(TIMINGS)]
    return {
        name: round(statistics.median(figure for figure in figures if figure is not None), 3)
        for name, figures in zip(contents, zip(*rounds, strict=True), strict=True)
    }
