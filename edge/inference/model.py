"""A model that is loaded and ready to run."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError
from edge.inference.accelerator import Accelerator, chosen
from edge.inference.edgetpu import compiled
from edge.inference.failover import Acceleration, Failover, Tell
from edge.inference.manifest import Manifest
from edge.inference.registry import ModelFile, find
from edge.inference.session import Session
from edge.inference.tensors import Tensor

log = logging.getLogger(__name__)
Work = Callable[[str], None]


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
    """A model to call. It belongs to one node: one call at a time, on any thread.

    It runs on the processor, or on an accelerator while that is there; see `Failover`.
    `name`: the manifest's, or the path it was given. `timing`: of `invoke`.
    """

    def __init__(
        self,
        file: ModelFile,
        threads: int = 1,
        input_range: tuple[float, float] | None = None,
        acceleration: Acceleration | None = None,
        work: Work | None = None,
    ) -> None:
        self.name = file.name
        self._work = work
        self.timing = Timing()
        self._session: Session | Failover | None = (
            Failover(file, threads, input_range, acceleration)
            if acceleration
            else Session(file, threads, input_range)
        )

    @property
    def variant(self) -> str | None:
        """The manifest's name of the file that runs now, None for a file it doesn't know."""
        return self._open().variant

    @property
    def device(self) -> str:
        """Where it runs now: "cpu", or the accelerator's name."""
        return self._open().device

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What it takes now: the accelerator's file may want other types, never other shapes."""
        return self._open().inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What it gives, in the manifest's order."""
        return self._open().outputs

    def input(self, index: int = 0) -> NDArray[Any]:
        """Return a writable view of an input, in the interpreter's own memory.

        It holds the tensor's own codes where that is quantized. It must be gone (`del view`)
        before `invoke`.
        """
        return self._open().view(index)

    def write_picture(self, picture: NDArray[np.uint8], index: int = 0) -> None:
        """Write an RGB picture (height, width, 3), uint8, into an input of just that size.

        Written in place: scaled to the manifest's range for float models, as codes for uint8
        and int8 ones. Raises ValueError for another shape or type.
        """
        self._open().write_picture(picture, index)

    def invoke(self) -> list[NDArray[Any]]:
        """Run the model; return copies of its outputs, float32 where they were quantized.

        Raises RuntimeError where a view of a tensor is still alive, and where the model fails on
        the processor.
        """
        start = time.perf_counter_ns()
        outputs = self._open().invoke()
        self.timing.add((time.perf_counter_ns() - start) / 1e6)
        if self._work is not None:
            self._work(f"{self.name}/{self.variant}")
        return outputs

    def close(self) -> None:
        """Give the interpreter's memory back. Nothing but a second close may follow."""
        session, self._session = self._session, None
        if session:
            session.close()

    def _open(self) -> Session | Failover:
        if self._session is None:
            raise RuntimeError(f"{self.name} is closed")
        return self._session


def load_model(
    source: str | os.PathLike[str],
    variant: str | None = None,
    threads: int | None = None,
    *,
    input_range: tuple[float, float] | None = None,
    manifest: Manifest | None = None,
    timed: bool = True,
    accelerator: str | None = None,
    tell: Tell | None = None,
    work: Work | None = None,
) -> Model:
    """Return a model ready to run.

    `source`: a name in the manifest, such as "face_near", fetched on demand with a progress bar
    and checked by hash; or the path of a .tflite file; or "bundle.task:member.tflite".
    `variant`: the manifest's name of one of its files. `threads`: how many the library may use.
    What is None of the two is what's fastest here, by timing that is done once on each device;
    not `timed`, it is the first variant accurate enough, and one thread. `input_range`: what
    black and white become in a model that the manifest doesn't know.
    `accelerator`: "edgetpu", or the path of a delegate's library, see `accelerator.parse`; for
    None EDGE_ACCELERATOR, then the processor. `tell`: gets its `device` events, as a node's
    `context.event`. `work`: is told "MODEL/VARIANT" at each call, as a node's `context.work`.
    Raises UserError.
    """
    file = find(os.fspath(source), variant, manifest, threads=threads, timed=timed)
    found = chosen(accelerator)
    acceleration = _acceleration(found, source, file, manifest, tell) if found else None
    return Model(file, file.threads, input_range, acceleration, work)


def _acceleration(
    accelerator: Accelerator,
    source: str | os.PathLike[str],
    file: ModelFile,
    manifest: Manifest | None,
    tell: Tell | None,
) -> Acceleration | None:
    """Return what a model needs to run on an accelerator; None, said why, where it never can."""
    variant = accelerator.device.variant
    if variant is not None:
        try:
            file = compiled(find(os.fspath(source), variant, manifest, timed=False))
        except UserError as error:
            reason = file.spec.blocked.get(variant) if file.spec else None
            log.warning("%s runs on the processor: %s", file.name, reason or error)
            return None
    return Acceleration(accelerator, file, tell or (lambda *_, **__: None))
