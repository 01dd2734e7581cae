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


def open_interpreter(file: Path | bytes, name: str, threads: int) -> Any:
    """Return an interpreter with its tensors allocated, for a .tflite file or its bytes.

    `name` is for the UserError that is raised where this isn't a model the library can run.
    """
    content = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
    try:
        with without_information():
            interpreter = interpreter_class()(**content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: can't be run as a TensorFlow Lite model ({reason})") from error
    return interpreter
