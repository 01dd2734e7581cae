"""A model small enough to build in a test, and a delegate that takes it or parts of others."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import pytest

try:
    from ai_edge_litert import schema_py_generated as schema
except ModuleNotFoundError:  # `make test-tflite` puts the file there, without the library
    import schema_py_generated as schema  # type: ignore[import-not-found]

STUB = Path(__file__).parent / "stub_delegate/stub_delegate.c"

TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint16): schema.TensorType.UINT16,
    np.dtype(np.int16): schema.TensorType.INT16,
}


def build(
    dtype: type = np.float32,
    quantization: tuple[float, int] | None = None,
    size: tuple[int, int] = (2, 3),
    custom_op: str | None = None,
    output_scales: list[float] | None = None,
) -> bytes:
    """Return a .tflite that returns its picture, (1, height, width, 3), as a flat row, (1, N).

    Its one operation is RESHAPE, or a custom one. `output_scales`: one for each of the N.
    """
    shape = (1, *size, 3)
    flat = (1, int(np.prod(shape)))
    model, graph, operator = schema.ModelT(), schema.SubGraphT(), schema.OperatorT()
    code, options = schema.OperatorCodeT(), schema.ReshapeOptionsT()
    if custom_op:
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = custom_op
    else:
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
        options.newShape = list(flat)
        operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
        operator.builtinOptions = options
    operator.inputs, operator.outputs = [0], [1]
    graph.tensors = [_tensor("in", shape, dtype, quantization)]
    graph.tensors += [_tensor("out", flat, dtype, quantization)]
    if output_scales:
        per_channel = schema.QuantizationParametersT()
        per_channel.scale, per_channel.zeroPoint = output_scales, [0] * len(output_scales)
        per_channel.quantizedDimension = 1
        graph.tensors[1].quantization = per_channel
    graph.inputs, graph.outputs, graph.operators = [0], [1], [operator]
    model.version, model.buffers = 3, [schema.BufferT()]
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(
    name: str, shape: tuple[int, ...], dtype: type, quantization: tuple[float, int] | None
) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), 0
    tensor.type = TYPES[np.dtype(dtype)]
    if quantization:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = (
            [quantization[0]],
            [quantization[1]],
        )
    return tensor


@pytest.fixture(scope="session")
def tiny() -> Callable[..., bytes]:
    return build


@pytest.fixture(scope="session")
def stub_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stub delegate, compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build the stub delegate with: apt-get install gcc")
    library = tmp_path_factory.mktemp("stub") / "libstub_delegate.so"
    flags = ["-std=c11", "-Wall", "-Wextra", "-O1", "-fPIC", "-shared"]
    subprocess.run([compiler, *flags, str(STUB), "-o", str(library)], check=True)
    return library


class Stub:
    """An accelerator made of the stub delegate: what to name it, what befell it, losing it."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.library = library
        self._report = folder / "report"
        self._gone = folder / "gone"

    def named(self, op: str, **options: object) -> str:
        """Return what `load_model` is given to run the operations `op` on it."""
        given = {"op": op, "report": self._report, "lost_while": self._gone, **options}
        return ",".join([str(self.library), *(f"{key}={value}" for key, value in given.items())])

    @property
    def report(self) -> list[str]:
        return self._report.read_text().splitlines() if self._report.exists() else []

    def unplug(self) -> None:
        self._gone.touch()

    def plug_in(self) -> None:
        self._gone.unlink()


@pytest.fixture
def stub(stub_library: Path, tmp_path: Path) -> Stub:
    return Stub(stub_library, tmp_path)
