"""What a variant loses and gains: its outputs and its time beside its float parent's."""

import statistics
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from calibration.accuracy import Outputs
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
    """Return a variant's outputs for every sample, in the manifest's order, as the runtime gives
    them: pictures are written as nodes write them."""
    model = Model(ModelFile(spec.name, content, spec, variant), threads=1)
    try:
        return [_run(model, sample) for sample in samples]
    finally:
        model.close()


def times(contents: dict[str, bytes]) -> dict[str, float]:
    """Return the median ms of a call of each file with one thread, all measured in turn."""
    with TemporaryDirectory() as folder:
        files = []
        for name, content in contents.items():
            files.append((Path(folder) / f"{name}.tflite", 1))
            files[-1][0].write_bytes(content)
        rounds = [time_calls(files) for _ in range(TIMINGS)]
    return {
        name: round(statistics.median(figure for figure in figures if figure is not None), 3)
        for name, figures in zip(contents, zip(*rounds, strict=True), strict=True)
    }


def _run(model: Model, sample: Sample) -> list[np.ndarray]:
    for index, value in enumerate(sample):
        if value.dtype == np.uint8:
            model.write_picture(value, index)
        else:
            model.input(index)[...] = value
    return model.invoke()
