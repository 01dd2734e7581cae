"""One interpreter with one model file in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError
from edge.inference.backend import open_interpreter
from edge.inference.delegates import Delegate
from edge.inference.manifest import TensorSpec
from edge.inference.registry import ModelFile
from edge.inference.tensors import (
    PictureWriter,
    Tensor,
    convert,
    numbers,
    picture_writer,
)

VIEW_ALIVE = "reference to internal data"
"""What both libraries say, as a RuntimeError, where a view is alive at invoke."""


class ViewAlive(RuntimeError):
    """A view of a tensor is still there, so the interpreter may not run."""


class Session:
    """A model file, opened to run: on the processor, or on a delegate's accelerator.

    `inputs`, `outputs`: what it takes and gives, outputs in the manifest's order.
    """

    device = "cpu"

    def __init__(
        self,
        file: ModelFile,
        threads: int = 1,
        input_range: tuple[float, float] | None = None,
        delegate: Delegate | None = None,
    ) -> None:
        """Open and warm up. Raises UserError for a file that can't be run; Lost, RuntimeError
        where the delegate fails."""
        self.name = file.name
        self.variant = file.variant.name if file.variant else None
        self._interpreter: Any = open_interpreter(file.file, file.name, threads, delegate)
        given = self._interpreter.get_input_details()
        taken = _in_order(self._interpreter.get_output_details(), file)
        self.inputs = _described(given, file.spec.inputs if file.spec else None, self.name)
        self.outputs = _described(taken, file.spec.outputs if file.spec else None, self.name)
        self._input_indices = [details["index"] for details in given]
        self._output_indices = [details["index"] for details in taken]
        self._ranges = [spec.range for spec in file.spec.inputs] if file.spec else [input_range]
        self._writers: dict[int, PictureWriter] = {}
        self._warm_up()

    def view(self, index: int) -> NDArray[Any]:
        """Return a writable view of an input, in the interpreter's own memory."""
        return self._interpreter.tensor(self._input_indices[index])()

    def write_picture(self, picture: NDArray[np.uint8], index: int) -> None:
        """Write an RGB picture into an input; see `Model.write_picture`."""
        tensor = self.inputs[index]
        if picture.dtype != np.uint8 or (1, *picture.shape) != tensor.shape:
            raise ValueError(
                f"{self.name} takes uint8 pictures of shape {tensor.shape[1:]}, "
                f"not {picture.dtype} of {picture.shape}"
            )
        if index not in self._writers:
            self._writers[index] = self._picture_writer(index)
        self._writers[index](picture, self.view(index)[0])

    def take_inputs(self, other: "Session") -> None:
        """Take over what was written into another session of the same model.

        A call leaves its inputs as they were, so this also works after one that failed.
        """
        for index, (source, target) in enumerate(zip(other.inputs, self.inputs, strict=True)):
            self.view(index)[...] = convert(other.view(index), source, target)

    def invoke(self) -> list[NDArray[Any]]:
        """Run; return copies of the outputs, float32 where they were quantized.

        Raises ViewAlive, and RuntimeError where the model or its delegate fails.
        """
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            if VIEW_ALIVE in str(error):
                raise ViewAlive(
                    f"{self.name}: a view of a tensor is alive; del it before invoke()"
                ) from None
            raise
        return [
            numbers(self._interpreter.get_tensor(index), tensor.quantization)
            for index, tensor in zip(self._output_indices, self.outputs, strict=True)
        ]

    def close(self) -> None:
        """Nothing is left to do once nobody holds it: the interpreter goes with it."""

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
            self.view(index).fill(0)
        self.invoke()


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
    """Return a model's inputs or outputs.

    UserError where their shapes aren't what the manifest says, or one has a scale per channel.
    """
    for detail in details:
        if len(detail["quantization_parameters"]["scales"]) > 1:
            raise UserError(
                f"{name}: '{detail['name']}' is quantized per channel, as only weights may be"
            )
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
