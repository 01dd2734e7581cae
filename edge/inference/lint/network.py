"""The operators of a .tflite file, as plain data, and what they cost."""

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError

FILE_IDENTIFIER = b"TFL3"  # bytes 4 to 8 of every .tflite file


class Tensor(NamedTuple):
    """`number`: its place in the file. `type`: the schema's name, such as "INT8". `constant`: the
    stored values, None for a tensor that is computed. `fixed`: no size is left open. `scales`: one,
    or one a channel; 0 for plain numbers.
    """

    number: int
    name: str
    shape: tuple[int, ...]
    type: str
    constant: NDArray[Any] | None
    fixed: bool
    scales: int


class Operator(NamedTuple):
    """`kind`: the schema's name, such as "CONV_2D", or a custom operator's own. An input that was
    left out is None. `options`: the schema's object, or None.
    """

    kind: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Any

    @property
    def multiply_adds(self) -> int:
        """Of one call; 0 for an operator that doesn't multiply by weights or matrices."""
        count = COSTS.get(self.kind)
        return count(self) if count else 0

    @property
    def prepares_weights(self) -> bool:
        """Whether it only unpacks constants (float16, sparse): a compiler folds it."""
        return all(tensor is None or tensor.constant is not None for tensor in self.inputs)


class Network(NamedTuple):
    """`operators` in order of execution. `inputs`, `outputs`: numbers of tensors."""

    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def multiply_adds(self) -> int:
        return sum(operator.multiply_adds for operator in self.operators)

    @property
    def parameter_bytes(self) -> int:
        """The size of all constants, as they are stored."""
        constants = {
            tensor.number: tensor.constant.nbytes
            for operator in self.operators
            for tensor in operator.inputs
            if tensor is not None and tensor.constant is not None
        }
        return sum(constants.values())


@contextmanager
def sound(name: str) -> Iterator[None]:
    """Turn what a damaged file makes of the code inside into a UserError that begins with `name`.

    flatbuffers checks nothing: offsets and sizes may point nowhere, and operators may lack their
    inputs, options or dimensions.
    """
    try:
        yield
    except (
        struct.error, IndexError, KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError
    ) as error:  # fmt: skip
        raise UserError(f"{name}: damaged ({type(error).__name__}: {error})") from error


def read_network(content: bytes, name: str) -> Network:
    """Return the network in a .tflite file; UserError, which begins with `name`, without one."""
    schema = _schema()
    if content[4:8] != FILE_IDENTIFIER:
        raise UserError(f"{name}: not a .tflite file")
    with sound(name):
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        return _network(model, schema, content)


def multiply_adds(file: Path | bytes) -> int:
    """Return the multiply-adds of one call of a .tflite file, or of its bytes.

    Of convolutions, matrix products and LSTMs; what is done to each number on its own isn't
    counted, and the body of a loop once. Raises UserError for what isn't a model.
    """
    content, name = (file, "model") if isinstance(file, bytes) else (file.read_bytes(), str(file))
    with sound(name):
        return read_network(content, name).multiply_adds


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError:
        raise UserError(
            "reading a model's operators needs the schema that comes with LiteRT: "
            "pip install ai-edge-litert"
        ) from None
    return schema_py_generated


def _network(model: Any, schema: Any, content: bytes) -> Network:
    types = {code: name for name, code in vars(schema.TensorType).items() if name.isupper()}
    kinds = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    stored = [_stored(buffer, content) for buffer in model.buffers]
    names = [_kind(code, kinds) for code in model.operatorCodes]
    operators: list[Operator] = []
    count = 0
    for graph in model.subgraphs:  # all after the first are conditions and bodies of loops
        tensors = [
            _tensor(number, tensor, types[tensor.type], stored[tensor.buffer])
            for number, tensor in enumerate(graph.tensors, count)
        ]
        count += len(tensors)
        operators += (
            Operator(
                names[operator.opcodeIndex],
                tuple(None if number < 0 else tensors[number] for number in operator.inputs),
                tuple(tensors[number] for number in operator.outputs),
                operator.builtinOptions,
            )
            for operator in graph.operators
        )
    main = model.subgraphs[0]
    return Network(tuple(operators), tuple(map(int, main.inputs)), tuple(map(int, main.outputs)))


def _kind(code: Any, kinds: dict[int, str]) -> str:
    # Old files have only the one, new files may have only the other.
    kind = kinds[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return code.customCode.decode() if kind == "CUSTOM" else kind


# As which the values of a constant can be read; others, such as INT4 and STRING, stay bytes.
NUMBERS = ("FLOAT64", "FLOAT32", "FLOAT16", "INT64", "INT32", "INT16", "INT8", "UINT8", "BOOL")


def _stored(buffer: Any, content: bytes) -> NDArray[np.uint8] | None:
    """Return a buffer's bytes, None for an empty one; large files keep them behind the rest."""
    if buffer.offset > 1:
        return np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
    return None if buffer.data is None or len(buffer.data) == 0 else np.asarray(buffer.data)


def _tensor(number: int, tensor: Any, type_: str, constant: NDArray[Any] | None) -> Tensor:
    shape = tuple(int(size) for size in tensor.shape) if tensor.shape is not None else ()
    if constant is not None and tensor.sparsity is None and type_ in NUMBERS:
        constant = constant.view(np.dtype(type_.lower())).reshape(shape)
    signature = tensor.shapeSignature
    scales = tensor.quantization.scale if tensor.quantization is not None else None
    return Tensor(
        number,
        (tensor.name or b"").decode(errors="replace"),
        shape,
        type_,
        constant,
        signature is None or all(size >= 0 for size in signature),
        0 if scales is None else len(scales),
    )


def _convolution(operator: Operator) -> int:
    """Weights are (outputs, height, width, inputs of the group)."""
    return math.prod(operator.outputs[0].shape) * math.prod(_shape(operator, 1)[1:])


def _depthwise(operator: Operator) -> int:
    """Weights are (1, height, width, channels)."""
    return math.prod(operator.outputs[0].shape) * math.prod(_shape(operator, 1)[1:3])


def _transposed(operator: Operator, inputs: int, weights: int) -> int:
    """Every number of the input is multiplied with (outputs, height, width)."""
    return math.prod(_shape(operator, inputs)) * math.prod(_shape(operator, weights)[:3])


def _fully_connected(operator: Operator) -> int:
    return math.prod(operator.outputs[0].shape) * _shape(operator, 1)[-1]


def _matrix_product(operator: Operator) -> int:
    inner = -2 if operator.options.adjX else -1
    return math.prod(operator.outputs[0].shape) * _shape(operator, 0)[inner]


def _lstm(operator: Operator) -> int:
    """Every step of time multiplies with every matrix: of the gates and of the projection."""
    matrices = (
        math.prod(tensor.shape)
        for tensor in operator.inputs[1:]
        if tensor is not None and tensor.constant is not None and len(tensor.shape) == 2
    )
    return math.prod(_shape(operator, 0)[:2]) * sum(matrices)


def _shape(operator: Operator, index: int) -> tuple[int, ...]:
    tensor = operator.inputs[index]
    if tensor is None:
        raise ValueError(f"{operator.kind} has no input {index}")
    return tensor.shape


COSTS: dict[str, Callable[[Operator], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": lambda operator: _transposed(operator, inputs=2, weights=1),
    "Convolution2DTransposeBias": lambda operator: _transposed(operator, inputs=0, weights=1),
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _matrix_product,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
"""Every operator that multiplies by weights or matrices, and how often it does in one call."""
