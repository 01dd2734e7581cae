"""PyTorch's checkpoints from before version 1.6, read without PyTorch and without its risks.

A file is a row of pickles: a magic number, a version, the writer's machine, the checkpoint, the
names of its storages; then, for each of these, the number of values and the values.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
KINDS = {"FloatStorage": np.float32, "DoubleStorage": np.float64, "LongStorage": np.int64}


class _Tensor(NamedTuple):
    """A part of a storage, not yet read: its values follow behind the pickles."""

    storage: str
    dtype: type[Any]
    start: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def tensors(content: bytes, part: str) -> dict[str, NDArray[Any]]:
    """Return the tensors of one part of a checkpoint, such as "model_state", by their names.

    Only tensors and containers can come out: a file that asks for any other Python object
    raises pickle.UnpicklingError, as does one of another format.
    """
    file = io.BytesIO(content)
    magic, *_ = (_Reader(file).load() for _ in range(3))
    if magic != MAGIC:
        raise pickle.UnpicklingError("not a PyTorch checkpoint of the format before 1.6")
    found = _Reader(file).load()[part]
    dtypes = {tensor.storage: tensor.dtype for tensor in found.values()}
    values: dict[str, NDArray[Any]] = {}
    for storage in _Reader(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = np.dtype(dtypes.get(storage, np.float32))
        values[storage] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _cut(values[tensor.storage], tensor) for name, tensor in found.items()}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in KINDS:
            return KINDS[name]
        raise pickle.UnpicklingError(f"a checkpoint may not hold {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        _, dtype, storage, *_ = pid
        return dtype, storage


def _tensor(
    storage: tuple[type[Any], str],
    start: int,
    shape: Sequence[int],
    stride: Sequence[int],
    *_: object,
) -> _Tensor:
    dtype, name = storage
    return _Tensor(name, dtype, start, tuple(shape), tuple(stride))


def _cut(values: NDArray[Any], tensor: _Tensor) -> NDArray[Any]:
    strides = [step * values.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(
        values[tensor.start :], tensor.shape, strides, writeable=False
    )
