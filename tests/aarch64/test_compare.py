"""The comparison itself: what is the same, what is noise, and what it has to find."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from calibration.flatbuffer import Network
from edge.errors import UserError
from tests.aarch64.compare import Arrays, is_quantized, make_inputs, verdict
from tests.aarch64.outputs import run


def model(folder: Path, dtype: type) -> str:
    """A model that adds a constant to a picture, in 8 bit or in float."""
    net = Network()
    shape = (1, 4, 6, 3)
    net.graph.inputs = [net.add_tensor("picture", shape, dtype)]
    net.graph.outputs = [net.add_tensor("sum", shape, dtype)]
    one = net.add_constant("one", np.ones(shape, dtype))
    net.append("ADD", [*net.graph.inputs, one], net.graph.outputs)
    if dtype is np.int8:
        for index, scale in (
            (*net.graph.inputs, 1 / 255),
            (one, 1 / 255),
            (*net.graph.outputs, 0.01),
        ):
            codes = schema.QuantizationParametersT()
            codes.scale, codes.zeroPoint = [scale], [-128 if index == net.graph.inputs[0] else 0]
            net.tensor(index).quantization = codes
    path = folder / f"{dtype.__name__}.tflite"
    path.write_bytes(net.save())
    return str(path)


def outputs(folder: Path, file: str, name: str) -> Arrays:
    with np.load(folder / f"{name}.npz") as stored:
        return run(file, dict(stored))


@pytest.mark.parametrize(
    ("dtype", "noise", "fault"), [(np.int8, 1e-3, 0.05), (np.float32, 1e-6, 1e-3)]
)
def test_noise_holds_and_a_fault_does_not(
    tmp_path: Path, dtype: type, noise: float, fault: float
) -> None:
    file = model(tmp_path, dtype)
    make_inputs(tmp_path, [file])
    reference, jitter = outputs(tmp_path, file, "inputs"), outputs(tmp_path, file, "jittered")
    assert is_quantized(file) == (dtype is np.int8)
    assert verdict(reference, jitter, reference, file) == ("same", True)

    def moved(by: float) -> tuple[str, bool]:
        other = {key: (value + by).astype(np.float32) for key, value in reference.items()}
        return verdict(reference, jitter, other, file)

    assert moved(noise)[1]
    assert not moved(fault)[1]
    assert not moved(float("nan"))[1]


def test_the_jitter_is_one_code_at_most(tmp_path: Path) -> None:
    make_inputs(tmp_path, [model(tmp_path, np.int8)])
    with np.load(tmp_path / "inputs.npz") as plain, np.load(tmp_path / "jittered.npz") as jittered:
        (first, *_), (moved, *_) = plain.values(), jittered.values()
    steps = np.abs(first.astype(int) - moved.astype(int))
    assert (steps.max(), 0 < steps.mean() < 1) == (1, True)


def test_what_cant_be_run_is_told(tmp_path: Path) -> None:
    file = model(tmp_path, np.float32)
    make_inputs(tmp_path, [file])
    reference = outputs(tmp_path, file, "inputs")
    Path(file).write_bytes(b"no model")
    broken = outputs(tmp_path, file, "inputs")
    assert "can't be run" in str(broken[f"{file}|error"])
    assert verdict(reference, reference, broken, file) == ("can't run", False)


def test_files_that_arent_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.tflite: no such file"):
        make_inputs(tmp_path, ["nowhere.tflite"])
