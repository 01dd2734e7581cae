"""Run models on stored inputs and store what they give, with the library of this environment.

    python tests/aarch64/outputs.py FOLDER NAME INPUTS

reads FOLDER/INPUTS.npz and writes FOLDER/NAME.npz. An entry is called "FILE|TRIAL|INDEX". What a
model can't do is stored as "FILE|error".
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError
from edge.inference import Model, load_model

UNIT = (0.0, 1.0)
"""What black and white are to a float model that the manifest doesn't know."""


def is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[3] == 3


def run(file: str, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return what a model gives for all its trials, or why it can't be run."""
    try:
        model = load_model(file, threads=1, input_range=UNIT)
        found: dict[str, NDArray[Any]] = {}
        for trial in sorted({key.split("|")[1] for key in inputs if key.startswith(f"{file}|")}):
            outputs = _call(
                model, [inputs[f"{file}|{trial}|{i}"] for i in range(len(model.inputs))]
            )
            found |= {f"{file}|{trial}|{i}": value for i, value in enumerate(outputs)}
        model.close()
    except (UserError, RuntimeError) as error:
        return {f"{file}|error": np.array(str(error))}
    return found


def _call(model: Model, values: list[NDArray[Any]]) -> list[NDArray[Any]]:
    for index, (value, tensor) in enumerate(zip(values, model.inputs, strict=True)):
        if is_picture(tensor.shape):
            model.write_picture(value[0], index)
        else:
            model.input(index)[...] = value
    return model.invoke()


def main() -> None:
    folder, name, given = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with np.load(folder / f"{given}.npz") as stored:
        inputs = dict(stored)
    outputs: dict[str, NDArray[Any]] = {}
    files = list(dict.fromkeys(key.split("|")[0] for key in inputs))
    for number, file in enumerate(files, start=1):
        start = time.monotonic()
        outputs |= run(file, inputs)
        took = time.monotonic() - start
        print(f"{name} {number}/{len(files)} {Path(file).name} {took:.1f} s", file=sys.stderr)
    np.savez(folder / f"{name}.npz", **outputs)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
