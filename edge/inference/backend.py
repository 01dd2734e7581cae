"""The library that runs the models: LiteRT, or tflite-runtime where LiteRT isn't installed."""

import functools
import importlib
import importlib.util
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


def open_interpreter(file: Path | bytes, name: str, threads: int) -> Any:
    """Return an interpreter with its tensors allocated, for a .tflite file or its bytes.

    `name` is for the UserError that is raised where this isn't a model the library can run.
    """
    content = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
    try:
        interpreter = interpreter_class()(**content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: can't be run as a TensorFlow Lite model ({reason})") from error
    return interpreter
