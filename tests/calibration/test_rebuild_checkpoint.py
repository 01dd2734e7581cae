"""Checkpoints of PyTorch's old format, written here without PyTorch, and read."""

import io
import pickle
import struct
import sys
from collections import OrderedDict
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from calibration.rebuild.checkpoint import MAGIC, tensors


class Storage(NamedTuple):
    name: str
    values: np.ndarray


class Part:
    """Stands for a tensor: it is pickled as a call of PyTorch's function, or of another."""

    def __init__(self, function: Any, storage: Storage, *fields: Any) -> None:
        self.storage = storage
        self.call = (function, (storage, *fields, False, OrderedDict()))

    def __reduce__(self) -> Any:
        return self.call


class Writer(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, Storage):
            return None
        return "storage", sys.modules["torch"].FloatStorage, obj.name, "cpu", obj.values.size, None


@pytest.fixture
def rebuild(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what stands for PyTorch's function: pickles hold only the names of such things."""

    def _rebuild_tensor_v2() -> None: ...

    class FloatStorage: ...

    for module, thing in (("torch", FloatStorage), ("torch._utils", _rebuild_tensor_v2)):
        thing.__module__, thing.__qualname__ = module, thing.__name__
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
        setattr(sys.modules[module], thing.__name__, thing)
    return _rebuild_tensor_v2


def checkpoint(parts: dict[str, Part]) -> bytes:
    storages = {part.storage.name: part.storage for part in parts.values()}
    file = io.BytesIO()
    for what in (MAGIC, 1001, {}, {"model_state": parts}, list(storages)):
        Writer(file, 2).dump(what)
    for storage in storages.values():
        file.write(struct.pack("<q", storage.values.size) + storage.values.tobytes())
    return file.getvalue()


def test_parts_of_one_storage_are_told_apart(rebuild: Any) -> None:
    storage = Storage("7", np.arange(12, dtype=np.float32))
    parts = {
        "whole": Part(rebuild, storage, 0, (12,), (1,)),
        "rows": Part(rebuild, storage, 2, (2, 3), (3, 1)),
        "turned": Part(rebuild, storage, 2, (3, 2), (1, 3)),
        "other": Part(rebuild, Storage("8", np.ones(1, np.float32)), 0, (1,), (1,)),
    }
    found = tensors(checkpoint(parts), "model_state")
    assert found["whole"].tolist() == list(range(12))
    assert found["rows"].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert np.array_equal(found["turned"], found["rows"].T)
    assert found["other"].tolist() == [1]


def test_a_checkpoint_that_wants_another_object_is_refused(rebuild: Any) -> None:
    parts = {"evil": Part(print, Storage("1", np.zeros(1, np.float32)), 0, (1,), (1,))}
    with pytest.raises(pickle.UnpicklingError, match=r"may not hold __builtin__\.print"):
        tensors(checkpoint(parts), "model_state")


@pytest.mark.parametrize("content", [pickle.dumps(1) * 3, b"PK\x03\x04 a newer one", b""])
def test_another_format_is_refused(content: bytes) -> None:
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        tensors(content, "model_state")
