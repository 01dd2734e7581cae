"""Do models give the same on every library and processor, within quantization noise?

    python tests/aarch64/compare.py inputs FOLDER [FILE…]    write what the models are run on
    python tests/aarch64/compare.py table FOLDER NAME…       compare NAME.npz with reference.npz

`scripts/aarch64.sh` runs both, and `outputs.py` in between. FILEs are those in models/ where none
is named.

Libraries round differently: after every layer a code may be one off. How far that moves the outputs
depends on the model, so it is measured: `jitter.npz` is the reference on inputs of which each pixel
or code is at most one off. A quantized model may differ by a few times that; see `Settings`.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edge.errors import UserError
from edge.inference import Tensor, load_model
from edge.inference.manifest import shipped
from edge.paths import resource
from tests.aarch64.outputs import UNIT, is_picture


class Settings(NamedTuple):
    """`trials`: inputs a model is run on. `jitters`: how often each is jittered; an output may be
    one number, and it takes some of them to know how far that moves. `seed`: of all.
    `layers`: how many times as far as by the jitter outputs may be moved: the jitter is one layer's
    rounding, and errors of n layers that matter as much add up to √n times one's.
    `code`: the least that may differ, as a part of an output's largest value: one code of 256.
    `sums`: what a float model may differ by, as a part of that: float32 sums in another order.
    """

    trials: int = 3
    jitters: int = 8
    seed: int = 20
    layers: float = 3.0
    code: float = 1 / 256
    sums: float = 1e-4


SETTINGS = Settings()
EIGHT_BIT = (schema.TensorType.INT8, schema.TensorType.UINT8)
NOTE = 160  # characters of an error that are shown; the libraries repeat themselves
Arrays = dict[str, NDArray[Any]]


def make_inputs(folder: Path, files: list[str]) -> None:
    """Write inputs.npz, and jittered.npz: each several times, each pixel or code at most one off.

    The jittered trials of input t are numbered from t times `jitters`.
    """
    random = np.random.default_rng(SETTINGS.seed)
    inputs: Arrays = {}
    jittered: Arrays = {}
    for file in files:
        model = load_model(file, threads=1, input_range=UNIT)
        for trial in range(SETTINGS.trials):
            for index, tensor in enumerate(model.inputs):
                value = _random(tensor, random)
                inputs[f"{file}|{trial}|{index}"] = value
                for number in range(trial * SETTINGS.jitters, (trial + 1) * SETTINGS.jitters):
                    jittered[f"{file}|{number}|{index}"] = _jittered(value, random)
        model.close()
    np.savez(folder / "inputs.npz", **inputs)  # type: ignore[arg-type]
    np.savez(folder / "jittered.npz", **jittered)  # type: ignore[arg-type]


def _random(tensor: Tensor, random: np.random.Generator) -> NDArray[Any]:
    """Return an input: a picture of coloured patches with grain, or plain noise."""
    if is_picture(tensor.shape):
        _, height, width, _ = tensor.shape
        patches = random.integers(0, 256, (8, 8, 3))
        rows, columns = np.arange(height) * 8 // height, np.arange(width) * 8 // width
        grain = random.normal(0, 10, tensor.shape)
        return np.clip(patches[rows][:, columns][None] + grain, 0, 255).astype(np.uint8)
    if tensor.dtype == np.float32:
        return random.uniform(-1, 1, tensor.shape).astype(np.float32)
    limits = np.iinfo(tensor.dtype)
    return random.integers(limits.min, limits.max + 1, tensor.shape, tensor.dtype)


def _jittered(value: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    off = random.integers(-1, 2, value.shape)
    if value.dtype == np.float32:
        return (value + off * (2 / 255)).astype(np.float32)  # as a code of 8 bit from -1 to 1
    limits = np.iinfo(value.dtype)
    return np.clip(value.astype(np.int64) + off, limits.min, limits.max).astype(value.dtype)


def is_quantized(file: str) -> bool:
    """Whether anything in it has 8 bits: weights alone have what meets them rounded, too."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(Path(file).read_bytes()), 0)
    tensors = (tensor for graph in model.subgraphs for tensor in graph.tensors)
    return any(tensor.type in EIGHT_BIT for tensor in tensors)


def allowed(reference: Arrays, jitter: Arrays, file: str, index: int) -> float:
    """Return the root mean square by which an output may differ."""
    expected = _trials(reference, file, index)
    largest = max(float(np.abs(value).max()) for value in expected)
    if not is_quantized(file):
        return largest * SETTINGS.sums
    repeated = [value for value in expected for _ in range(SETTINGS.jitters)]
    moved = difference(repeated, _trials(jitter, file, index))
    return max(SETTINGS.layers * moved, largest * SETTINGS.code)


def difference(expected: list[NDArray[Any]], found: list[NDArray[Any]]) -> float:
    """Return the root mean square of the difference over all trials; inf where one isn't finite."""
    pairs = zip(expected, found, strict=True)
    squares = np.concatenate([((a - b) ** 2).ravel() for a, b in pairs])
    return float(np.sqrt(squares.mean())) if np.isfinite(squares).all() else float("inf")


def _trials(arrays: Arrays, file: str, index: int) -> list[NDArray[np.float64]]:
    """Return what was stored of an output, in the order of the trials."""
    count = sum(key.startswith(f"{file}|") and key.endswith(f"|{index}") for key in arrays)
    return [arrays[f"{file}|{trial}|{index}"].astype(np.float64) for trial in range(count)]


def verdict(reference: Arrays, jitter: Arrays, other: Arrays, file: str) -> tuple[str, bool]:
    """Return the furthest output's difference as a part of what is allowed, and if that holds."""
    if f"{file}|error" in other:
        return "can't run", False
    count = sum(key.startswith(f"{file}|0|") for key in reference)
    parts = []
    for index in range(count):
        found = difference(_trials(reference, file, index), _trials(other, file, index))
        limit = allowed(reference, jitter, file, index)
        parts.append(found / limit if found else 0.0)
    worst = max(parts)
    return ("same" if worst == 0 else f"{worst:.2f}"), worst <= 1


def table(folder: Path, names: list[str]) -> int:
    """Print what each model is off by in each environment; return how many are off by too much."""
    reference, jitter = _load(folder / "reference.npz"), _load(folder / "jitter.npz")
    others = {name: _load(folder / f"{name}.npz") for name in names}
    files = list(dict.fromkeys(key.split("|")[0] for key in _load(folder / "inputs.npz")))
    print("Root mean square difference from LiteRT on x86-64 as a part of what is allowed\n")
    rows, wrong, notes = [("model", "", *names)], 0, []
    for file in files:
        if f"{file}|error" in reference:
            raise UserError(f"{file}: the reference can't run it: {reference[f'{file}|error']}")
        cells = []
        for name, other in others.items():
            cell, holds = verdict(reference, jitter, other, file)
            cells.append(cell if holds else f"{cell} FAILS")
            wrong += not holds
            if f"{file}|error" in other:
                notes.append(f"{name}: {str(other[f'{file}|error'])[:NOTE]}")
        kind = "quantized" if is_quantized(file) else "float"
        rows.append((Path(file).name, kind, *cells))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
    print("", *notes, f"{wrong} of {len(files) * len(names)} differ by too much", sep="\n")
    return wrong


def _load(path: Path) -> Arrays:
    with np.load(path) as stored:
        return dict(stored)


def _shipped_files() -> list[str]:
    paths = [resource("models") / variant.file for variant in shipped().variants()]
    files = [str(path) for path in paths if path.is_file()]
    if not files:
        raise UserError("no model file in models/ (make models builds them); or name FILES")
    return files


def main() -> None:
    task, folder, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    try:
        if task == "inputs":
            make_inputs(folder, names or _shipped_files())
        elif table(folder, names):
            sys.exit(1)
    except UserError as error:
        sys.exit(f"aarch64: {error}")


if __name__ == "__main__":
    main()
