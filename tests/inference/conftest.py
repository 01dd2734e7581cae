"""A model small enough to build in a test: it returns its picture, as a flat row."""

from collections.abc import Callable

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int8): schema.TensorType.INT8,
}


def build(
    dtype: type = np.float32,
    quantization: tuple[float, int] | None = None,
    size: tuple[int, int] = (2, 3),
) -> bytes:
    """Return a .tflite whose input is (1, height, width, 3) and whose output is (1, N)."""
    shape = (1, *size, 3)
    flat = (1, int(np.prod(shape)))
    model, graph, operator = schema.ModelT(), schema.SubGraphT(), schema.OperatorT()
    code, options = schema.OperatorCodeT(), schema.ReshapeOptionsT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    options.newShape = list(flat)
    operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    operator.builtinOptions = options
    operator.inputs, operator.outputs = [0], [1]
    graph.tensors = [_tensor("in", shape, dtype, quantization)]
    graph.tensors += [_tensor("out", flat, dtype, quantization)]
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
