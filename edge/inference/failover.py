"""A model on an accelerator that may be lost: the processor takes over, and hands back."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.inference.accelerator import Accelerator
from edge.inference.backend import one_line
from edge.inference.delegates import Lost, Unsuited
from edge.inference.registry import ModelFile
from edge.inference.session import Session, ViewAlive
from edge.inference.tensors import Tensor

log = logging.getLogger(__name__)

Tell = Callable[..., None]
"""`tell("device", name=…, state="lost" or "back", reason=…)`: a node's `context.event`."""


class Acceleration(NamedTuple):
    """Where a model is to run while that is there, from which file, and who is told."""

    accelerator: Accelerator
    file: ModelFile
    tell: Tell


class Failover:
    """A `Session` that is on an accelerator while that is there, else on the processor.

    The call that finds the accelerator lost is answered by the processor, as are all that follow;
    once the accelerator is back, the next call uses it. Calls tell of both, on their own thread.
    A model of which the accelerator takes nothing stays on the processor, whatever becomes of that.
    The accelerator's thread enters by `let_go` and `reopen`.
    """

    def __init__(
        self,
        file: ModelFile,
        threads: int,
        input_range: tuple[float, float] | None,
        acceleration: Acceleration,
    ) -> None:
        """`file`: the processor's. Raises UserError for a file that can't be run."""
        self._accelerator, accelerated, self._tell = acceleration
        self._name = file.name
        self._open_spare = partial(Session, file, threads, input_range)
        self._open_accelerated = partial(Session, accelerated, threads, input_range)
        self._lock = threading.Lock()
        self._spare: Session | None = None
        """On the processor: opened when first needed, within the time of a few calls, then kept."""
        self._ready: Session | None = None
        """On the accelerator that has come back: for the next call."""
        self._written = False
        """Something was written for a call that is still to come."""
        self._news: list[tuple[str, str]] = []
        try:
            self._session = self._on_accelerator()
        except Unsuited as unsuited:
            self._session = self._on_processor()
            log.warning("%s %s: that runs on the processor", self._accelerator.name, unsuited)
            return
        except Lost as lost:
            self._session = self._on_processor()
            self._accelerator.add(self)
            self._note_loss(str(lost))
            self._tell_news()
        else:
            self._accelerator.add(self)

    @property
    def variant(self) -> str | None:
        return self._session.variant

    @property
    def device(self) -> str:
        return self._session.device if self._session is self._spare else self._accelerator.name

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return self._session.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self._session.outputs

    def view(self, index: int) -> NDArray[Any]:
        with self._lock:
            self._written = True
            return self._session.view(index)

    def write_picture(self, picture: NDArray[np.uint8], index: int) -> None:
        with self._lock:
            self._written = True
            self._session.write_picture(picture, index)

    def invoke(self) -> list[NDArray[Any]]:
        """As `Session.invoke`; a failing accelerator costs time, never the call."""
        with self._lock:
            self._return()
            try:
                outputs = self._session.invoke()
            except ViewAlive:
                raise
            except RuntimeError as error:
                if self._session is self._spare:
                    raise
                self._leave(f"failed ({one_line(error)})")
                outputs = self._session.invoke()
            self._written = False
        self._tell_news()
        return outputs

    def close(self) -> None:
        self._accelerator.remove(self)

    @property
    def waits(self) -> bool:
        return self._session is self._spare and self._ready is None

    def let_go(self) -> None:
        # A call that is under way or being prepared isn't disturbed: it will find out by itself.
        # Nor is it waited for: it may hang in the driver.
        if self._lock.acquire(blocking=False):
            try:
                self._ready = None
                if not (self.waits or self._written):
                    self._leave("was lost")
            finally:
                self._lock.release()

    def reopen(self) -> None:
        ready = self._on_accelerator()
        with self._lock:
            self._ready = ready

    def _on_processor(self) -> Session:
        if self._spare is None:
            self._spare = self._open_spare()
        return self._spare

    def _on_accelerator(self) -> Session:
        delegate = self._accelerator.delegate()
        try:
            return self._open_accelerated(delegate=delegate)
        except RuntimeError as error:
            raise Lost(f"failed ({one_line(error)})") from error

    def _leave(self, reason: str) -> None:
        """Go on on the processor, with what has been written for the next call."""
        left, self._session = self._session, self._on_processor()
        self._session.take_inputs(left)
        self._note_loss(reason)

    def _return(self) -> None:
        if self._ready:
            self._ready.take_inputs(self._session)
            self._session, self._ready = self._ready, None
            self._news.append(("back", f"{self._name} runs on it again"))

    def _note_loss(self, reason: str) -> None:
        self._news.append(("lost", f"{reason}; {self._name} runs on the processor"))
        self._accelerator.lost(reason)

    def _tell_news(self) -> None:
        while self._news:
            state, reason = self._news.pop(0)
            self._tell("device", name=self._accelerator.name, state=state, reason=reason)
