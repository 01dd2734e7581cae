"""A model that is loaded and ready to run."""

import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError
from edge.inference.backend import open_interpreter
from edge.inference.manifest import Manifest, TensorSpec
from edge.inference.registry import ModelFile, find
from edge.inference.tensors import PictureWriter, Tensor, numbers, picture_writer

VIEW_ALIVE = "reference to internal data"
"""What both libraries say, as a RuntimeError, where a view is alive at invoke."""


class Timing:
    """How long the calls of one model took, the warm-up not counted; ms of wall time."""

    def __init__(self) -> None:
        self.count = 0
        self.last_ms = 0.0
        self.total_ms = 0.0

    @property
    def mean_ms(self) -> float:
        return self.total_ms / self.count if self.count else 0.0

    def add(self, ms: float) -> None:
        self.count += 1
        self.last_ms = ms
        self.total_ms += ms


class Model:
    """One interpreter with one model. It belongs to one node: one call at a time.

    `name`: the manifest's, or the path it was given. `variant`: the manifest's name of the file,
    None for a file it doesn't know. `inputs`, `outputs`: what it takes and gives, outputs in the
    manifest's order. `timing`: of `invoke`.
    """

    def __init__(self, file: ModelFile, threads: int = 1, input_range: Any = None) -> None:
        self.name = file.name
        self.variant = file.variant.name if file.variant else None
        self.timing = Timing()
        self._interpreter: Any = open_interpreter(file.file, file.name, threads)
        given = self._interpreter.get_input_details()
        taken = _in_order(self._interpreter.get_output_details(), file)
        self.inputs = _described(given, file.spec.inputs if file.spec else None, self.name)
        self.outputs = _described(taken, file.spec.outputs if file.spec else None, self.name)
        self._input_indices = [details["index"] for details in given]
        self._output_indices = [details["index"] for details in taken]
        self._ranges = [spec.range for spec in file.spec.inputs] if file.spec else [input_range]
        self._writers: dict[int, PictureWriter] = {}
        self._warm_up()

    def input(self, index: int = 0) -> NDArray[Any]:
        """Return a writable view of an input, in the interpreter's own memory.

        It holds the tensor's own codes where that is quantized. It must be gone (`del view`)
        before `invoke`.
        """
        return self._open().tensor(self._input_indices[index])()

    def write_picture(self, picture: NDArray[np.uint8], index: int = 0) -> None:
        """Write an RGB picture (height, width, 3), uint8, into an input of just that size.

        Written in place: scaled to the manifest's range for float models, as codes for uint8
        and int8 ones. Raises ValueError for another shape or type.
        """
        tensor = self.inputs[index]
        if picture.dtype != np.uint8 or (1, *picture.shape) != tensor.shape:
            raise ValueError(
                f"{self.name} takes uint8 pictures of shape {tensor.shape[1:]}, "
                f"not {picture.dtype} of {picture.shape}"
            )
        if index not in self._writers:
            self._writers[index] = self._picture_writer(index)
        self._writers[index](picture, self.input(index)[0])

    def invoke(self) -> list[NDArray[Any]]:
        """Run the model; return copies of its outputs, float32 where they were quantized.

        Raises RuntimeError where a view of a tensor is still alive, and where the model fails.
        """
        interpreter = self._open()
        start = time.perf_counter_ns()
        try:
            interpreter.invoke()
        except RuntimeError as error:
            if VIEW_ALIVE in str(error):
                raise RuntimeError(
                    f"{self.name}: a view of a tensor is alive; del it before invoke()"
                ) from None
            raise
        self.timing.add((time.perf_counter_ns() - start) / 1e6)
        return [
            numbers(interpreter.get_tensor(index), tensor.quantization)
            for index, tensor in zip(self._output_indices, self.outputs, strict=True)
        ]

    def close(self) -> None:
        """Give the interpreter's memory back. Nothing but a second close may follow."""
        self._interpreter = None

    def _open(self) -> Any:
        if self._interpreter is None:
            raise RuntimeError(f"{self.name} is closed")
        return self._interpreter

    def _picture_writer(self, index: int) -> PictureWriter:
        limits = self._ranges[index] if index < len(self._ranges) else None
        if limits is None:
            raise ValueError(
                f"{self.name}: the manifest gives no range for input {index}; "
                "load_model(…, input_range=(low, high)) says what black and white are"
            )
        return picture_writer(self.inputs[index], *limits)

    def _warm_up(self) -> None:
        """Have the library pack weights and touch its memory now, not at the first frame."""
        for index in range(len(self.inputs)):
            self.input(index).fill(0)
        self.invoke()
        self.timing = Timing()


def load_model(
    source: str | os.PathLike[str],
    variant: str | None = None,
    threads: int | None = None,
    *,
    input_range: tuple[float, float] | None = None,
    manifest: Manifest | None = None,
    timed: bool = True,
) -> Model:
    """Return a model ready to run.

    `source`: a name in the manifest, such as "face_near", fetched on demand with a progress bar
    and checked by hash; or the path of a .tflite file; or "bundle.task:member.tflite".
    `variant`: the manifest's name of one of its files. `threads`: how many the library may use.
    What is None of the two is what's fastest here, by timing that is done once on each device;
    not `timed`, it is the first variant accurate enough, and one thread. `input_range`: what
    black and white become in a model that the manifest doesn't know. Raises UserError.
    """
    file = find(os.fspath(source), variant, manifest, threads=threads, timed=timed)
    return Model(file, file.threads, input_range)


def _in_order(details: list[dict[str, Any]], file: ModelFile) -> list[dict[str, Any]]:
    """Return the details of a model's outputs in the manifest's order."""
    if file.variant is None:
        return details
    by_name = {detail["name"]: detail for detail in details}
    missing = [name for name in file.variant.tensors if name not in by_name]
    if missing:
        raise UserError(
            f"{file.name}: no output '{missing[0]}' in it, only {', '.join(by_name)}; "
            "the manifest doesn't fit the file"
        )
    return [by_name[name] for name in file.variant.tensors]


def _described(
    details: list[dict[str, Any]], specs: tuple[TensorSpec, ...] | None, name: str
) -> tuple[Tensor, ...]:
    """Return a model's tensors; UserError where their shapes aren't what the manifest says."""
    if specs is None:
        return tuple(Tensor.of(detail) for detail in details)
    if len(specs) != len(details):
        raise UserError(f"{name}: {len(details)} inputs, the manifest says {len(specs)}")
    tensors = tuple(Tensor.of(d, spec.name) for d, spec in zip(details, specs, strict=True))
    for tensor, spec in zip(tensors, specs, strict=True):
        if tensor.shape != spec.shape:
            raise UserError(
                f"{name}: {tensor.name} has shape {tensor.shape}, the manifest says {spec.shape}"
            )
    return tensors
