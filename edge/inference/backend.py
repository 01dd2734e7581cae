"""The library that runs the models: LiteRT, or tflite-runtime where LiteRT isn't installed."""

import functools
import importlib
import importlib.util
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.errors import UserError
from edge.inference.delegates import Delegate, Lost, Unsuited

LIBRARIES = ("ai_edge_litert", "tflite_runtime")
"""In order of preference. Their `Interpreter`s have the same interface, XNNPACK on by default."""


@functools.cache
def interpreter_class() -> Any:
    """Return the `Interpreter` of the first library that is installed; UserError without any."""
    for library in LIBRARIES:
        if importlib.util.find_spec(library):
            return importlib.import_module(f"{library}.interpreter").Interpreter
    raise UserError("no library to run models is installed; run: pip install ai-edge-litert")


_redirecting = threading.Lock()


@contextmanager
def without_information() -> Iterator[None]:
    """Keep the library's lines that begin with INFO from standard error; it has no switch."""
    sys.stderr.flush()
    with _redirecting, tempfile.TemporaryFile() as said:
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            os.write(2, b"".join(line for line in said if not line.startswith(b"INFO:")))


def open_interpreter(
    file: Path | bytes, name: str, threads: int, delegate: Delegate | None = None
) -> Any:
    """Return an interpreter with its tensors allocated, for a .tflite file or its bytes.

    `name` is for the UserError that is raised where this isn't a model the library can run.
    Raises Lost where it is the delegate that fails, Unsuited where it takes no operation at all.
    """
    content = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
    delegates = [delegate] if delegate else None
    try:
        with without_information():
            interpreter = interpreter_class()(
                **content, num_threads=threads, experimental_delegates=delegates
            )
            if delegate and not _is_delegated(interpreter):
                raise Unsuited(f"takes none of the operations of {name}")
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = one_line(error)
        if delegate:
            raise Lost(f"can't take {name} ({reason})") from error
        raise UserError(f"{name}: can't be run as a TensorFlow Lite model ({reason})") from error
    return interpreter


def one_line(error: Exception) -> str:
    """Return what the library said, which may be several lines."""
    return " ".join(str(error).split())


def _is_delegated(interpreter: Any) -> bool:
    """Return whether a delegate has taken any operation, before the library's own takes the rest.

    Neither library says so publicly.
    """
    return any(op["op_name"] == "DELEGATE" for op in interpreter._get_ops_details())
