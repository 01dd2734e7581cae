"""A TensorFlow Lite network that can be changed: tensors, constants and operators by index."""

from collections.abc import Iterable, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

CODES: dict[str, int] = {
    name: code for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}
KINDS = {code: name for name, code in CODES.items()}
TYPES: dict[int, type[Any]] = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.UINT8: np.uint8,
    schema.TensorType.INT64: np.int64,
    schema.TensorType.BOOL: np.bool_,
    schema.TensorType.INT16: np.int16,
    schema.TensorType.INT8: np.int8,
}
TYPE_CODES = {np.dtype(dtype): code for code, dtype in TYPES.items()}
FILE_IDENTIFIER = b"TFL3"


class Network:
    """The one subgraph of a .tflite file, held as the objects of its schema.

    `graph.operators` are in order of execution. Tensors are named by their index, which stays
    the same until `tidy`.
    """

    def __init__(self, content: bytes | None = None) -> None:
        if content is None:
            self.model = _empty_model()
        else:
            self.model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
            _take_in(self.model.buffers, content)
        if len(self.model.subgraphs) != 1:
            raise ValueError(f"a network of one graph is expected, not {len(self.model.subgraphs)}")
        self.graph = self.model.subgraphs[0]
        self.graph.inputs = [int(index) for index in self.graph.inputs]
        self.graph.outputs = [int(index) for index in self.graph.outputs]
        for operator in self.operators:
            operator.inputs = [int(index) for index in operator.inputs]
            operator.outputs = [int(index) for index in operator.outputs]

    @property
    def operators(self) -> list[Any]:
        return self.graph.operators

    @operators.setter
    def operators(self, operators: list[Any]) -> None:
        self.graph.operators = operators

    def tensor(self, index: int) -> Any:
        return self.graph.tensors[index]

    def name(self, index: int) -> str:
        return self.tensor(index).name.decode()

    def index(self, name: str) -> int:
        """Return the index of the tensor called `name`; KeyError without one."""
        for index, tensor in enumerate(self.graph.tensors):
            if tensor.name.decode() == name:
                return index
        raise KeyError(name)

    def shape(self, index: int) -> tuple[int, ...]:
        shape = self.tensor(index).shape
        return () if shape is None else tuple(int(size) for size in shape)

    def kind(self, operator: Any) -> str:
        """Return an operator's name in the schema, such as "CONV_2D"; a custom one's own."""
        code = self.model.operatorCodes[operator.opcodeIndex]
        # Old files have only the one, new files may have only the other.
        kind = KINDS[max(code.builtinCode, code.deprecatedBuiltinCode)]
        return code.customCode.decode() if kind == "CUSTOM" else kind

    def of_kind(self, *kinds: str) -> list[Any]:
        return [operator for operator in self.operators if self.kind(operator) in kinds]

    def producer(self, index: int) -> Any | None:
        """Return the operator that makes a tensor, None for inputs and constants."""
        for operator in self.operators:
            if index in operator.outputs:
                return operator
        return None

    def consumers(self, index: int) -> list[Any]:
        return [operator for operator in self.operators if index in operator.inputs]

    def constant(self, index: int) -> NDArray[Any] | None:
        """Return a read-only view of a tensor's stored values, None if it has none."""
        if index < 0:
            return None
        tensor = self.tensor(index)
        data = self.model.buffers[tensor.buffer].data
        if data is None or len(data) == 0:
            return None
        values = np.frombuffer(bytes(data), TYPES[tensor.type])
        return values.reshape(self.shape(index)) if tensor.sparsity is None else values

    def stored(self, index: int) -> NDArray[Any]:
        """Return a tensor's stored values as `constant` does; ValueError where there are none."""
        values = self.constant(index)
        if values is None:
            raise ValueError(f"{self.name(index)} is computed, stored values are expected")
        return values

    def add_tensor(self, name: str, shape: Iterable[int], dtype: Any = np.float32) -> int:
        """Add a tensor that an operator will fill, or that is an input; return its index."""
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = np.array([int(size) for size in shape], np.int32)
        tensor.type = TYPE_CODES[np.dtype(dtype)]
        tensor.buffer = 0  # the schema's own empty one
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def add_constant(self, name: str, values: NDArray[Any]) -> int:
        index = self.add_tensor(name, values.shape, values.dtype)
        self.tensor(index).buffer = len(self.model.buffers)
        buffer = schema.BufferT()
        buffer.data = _bytes(values)
        self.model.buffers.append(buffer)
        return index

    def set_constant(self, index: int, values: NDArray[Any]) -> None:
        """Give a tensor new stored values, which other tensors that shared the old don't see."""
        tensor = self.tensor(index)
        tensor.shape = np.array(values.shape, np.int32)
        tensor.type = TYPE_CODES[values.dtype]
        tensor.sparsity = None
        buffer = schema.BufferT()
        buffer.data = _bytes(values)
        tensor.buffer = len(self.model.buffers)
        self.model.buffers.append(buffer)

    def operator(
        self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any
    ) -> Any:
        """Return a new operator; its place in `operators` is the caller's to choose.

        `options` are the fields of the schema's options for it: CONV_2D takes those of
        Conv2DOptions, such as strideW.
        """
        result = schema.OperatorT()
        result.opcodeIndex = self._code(kind)
        result.inputs, result.outputs = list(inputs), list(outputs)
        record, number = _options_of(kind)
        if record is not None:
            result.builtinOptionsType = number
            result.builtinOptions = record()
            for field, value in options.items():
                if not hasattr(result.builtinOptions, field):
                    raise TypeError(f"{kind} has no option '{field}'")
                setattr(result.builtinOptions, field, value)
        elif options:
            raise TypeError(f"{kind} has no options")
        return result

    def append(
        self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any
    ) -> None:
        self.operators.append(self.operator(kind, inputs, outputs, **options))

    def replace(self, operator: Any, *instead: Any) -> None:
        """Put other operators into an operator's place in the order of execution."""
        place = next(i for i, other in enumerate(self.operators) if other is operator)
        self.operators[place : place + 1] = instead

    def reroute(self, old: int, new: int) -> None:
        """Make all who read the tensor `old` read `new`, the network's outputs included."""
        for operator in self.operators:
            operator.inputs = [new if index == old else index for index in operator.inputs]
        self.graph.outputs = [new if index == old else index for index in self.graph.outputs]

    def tidy(self) -> None:
        """Drop the operators, tensors, constants and codes that no output depends on."""
        needed = set(self.graph.outputs)
        kept = []
        for operator in reversed(self.operators):
            if needed & set(operator.outputs):
                kept.append(operator)
                needed |= set(operator.inputs)
        self.operators = kept[::-1]
        needed |= set(self.graph.inputs)
        needed |= {index for operator in self.operators for index in operator.outputs}
        self._renumber_tensors(sorted(index for index in needed if index >= 0))
        self._renumber_buffers()
        self._renumber_codes()

    def save(self) -> bytes:
        """Return the file's content: the same network always gives the same bytes."""
        self.tidy()
        self.model.metadata, self.model.metadataBuffer = [], []
        return pack(self.model)

    def _code(self, kind: str) -> int:
        for place, known in enumerate(self.model.operatorCodes):
            if max(known.builtinCode, known.deprecatedBuiltinCode) == CODES[kind]:
                return place
        code = schema.OperatorCodeT()
        code.builtinCode = CODES[kind]
        code.deprecatedBuiltinCode = min(CODES[kind], 127)
        code.version = 1
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def _renumber_tensors(self, kept: list[int]) -> None:
        new = {old: place for place, old in enumerate(kept)} | {-1: -1}
        self.graph.tensors = [self.graph.tensors[old] for old in kept]
        self.graph.inputs = [new[old] for old in self.graph.inputs]
        self.graph.outputs = [new[old] for old in self.graph.outputs]
        for operator in self.operators:
            operator.inputs = [new[old] for old in operator.inputs]
            operator.outputs = [new[old] for old in operator.outputs]
            operator.intermediates = None
        for signature in self.model.signatureDefs or []:
            signature.inputs = _entries(signature.inputs, new)
            signature.outputs = _entries(signature.outputs, new)

    def _renumber_buffers(self) -> None:
        kept = sorted({0} | {tensor.buffer for tensor in self.graph.tensors})
        new = {old: place for place, old in enumerate(kept)}
        self.model.buffers = [self.model.buffers[old] for old in kept]
        for tensor in self.graph.tensors:
            tensor.buffer = new[tensor.buffer]

    def _renumber_codes(self) -> None:
        kept = sorted({operator.opcodeIndex for operator in self.operators})
        new = {old: place for place, old in enumerate(kept)}
        self.model.operatorCodes = [self.model.operatorCodes[old] for old in kept]
        for operator in self.operators:
            operator.opcodeIndex = new[operator.opcodeIndex]


def pack(model: Any) -> bytes:
    """Return the file's content for a model of any number of graphs, as it is."""
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


def _entries(entries: list[Any], new: dict[int, int]) -> list[Any]:
    """Return a signature's entries with the tensors' new numbers, without what was dropped."""
    kept = [entry for entry in entries if int(entry.tensorIndex) in new]
    for entry in kept:
        entry.tensorIndex = new[int(entry.tensorIndex)]
    return kept


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)


def _take_in(buffers: list[Any], content: bytes) -> None:
    """Make the constants that a file holds behind its flatbuffer part of the objects."""
    for buffer in buffers:
        if buffer.offset > 1:
            end = buffer.offset + buffer.size
            buffer.data = np.frombuffer(content[buffer.offset : end], np.uint8)
        buffer.offset = buffer.size = 0


def _empty_model() -> Any:
    model = schema.ModelT()
    model.version = 3
    model.description = b"edge"
    graph = schema.SubGraphT()
    graph.name = b"main"
    graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
    model.subgraphs, model.operatorCodes, model.signatureDefs = [graph], [], []
    model.metadata, model.metadataBuffer = [], []
    model.buffers = [schema.BufferT()]
    return model


SHARED_OPTIONS = {
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "CONV_2D": "Conv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "LSTM": "LSTMOptions",
}
"""Where an operator's options don't bear its own name in the schema."""


def _options_of(kind: str) -> tuple[Any, int]:
    """Return the class of an operator's options and its number; (None, 0) where it has none."""
    name = SHARED_OPTIONS.get(kind) or "".join(part.title() for part in kind.split("_")) + "Options"
    number = getattr(schema.BuiltinOptions, name, 0)
    return (getattr(schema, f"{name}T"), number) if number else (None, 0)
