"""Reading from what may vanish and come back: cameras, microphones, network streams."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from edge.errors import UserError
from edge.graph.node import Context

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
log = logging.getLogger(__name__)


class Limits:
    FIRST_S = 10.0
    """For the first value after opening: a cold USB camera takes seconds to set its exposure."""
    BACK_S = 5.0
    """As FIRST_S, for a device that has delivered before: then it is worth another try."""
    RETRY_S = 0.5
    """Before the first new attempt; doubled for each further one."""
    RETRY_MAX_S = 1.0
    """Between attempts: a device that returns has to be in use again within 3 s."""
    CLOSE_S = 0.5
    """What closing waits for the device to be given back."""
    STUCK = 4
    """Attempts that may hang in a driver at once; each holds a thread, so no more are begun."""


class Lost(Exception):
    """The device delivers no more; the message goes on from its label, as in "is gone".

    `grace_s`: how long it may take to deliver again before it counts as lost. Above 0 where
    what was seen may be innocent.
    """

    def __init__(self, reason: str, grace_s: float = 0.0) -> None:
        super().__init__(reason)
        self.grace_s = grace_s


class Capture(Protocol[T_co]):
    """A device that has been opened."""

    def read(self) -> T_co:
        """Block until the next value. Raises Lost where none will come."""

    def close(self) -> None: ...


class Device(Protocol[T_co]):
    """What can be opened, and opened again."""

    label: str
    """How messages name it."""
    silent_s: float
    """Without a value for this long it counts as lost."""

    @property
    def advice(self) -> str:
        """What the user can do when it doesn't open."""

    def connect(self) -> Capture[T_co]:
        """Raises Lost where it can't be opened."""


class LiveReader(Generic[T]):
    """The values of a device, for as long as somebody reads; a lost device is opened again.

    Emits the event `device` with state "lost" and "back". Reading happens on a helper thread,
    since opening or reading a broken device may block for good.
    """

    def __init__(self, device: Device[T], context: Context) -> None:
        """Open the device and wait for its first value. Raises UserError where none comes."""
        self._device = device
        self._context = context
        self._closed = threading.Event()
        self._pump = _Pump(device)
        self._stuck: list[_Pump[T]] = []
        try:
            self._pump.wait(Limits.FIRST_S)
        except Lost as lost:
            self._pump.stop()
            raise UserError(f"{device.label} {lost}; {device.advice}") from lost

    def values(self) -> Iterator[T]:
        """Yield what is delivered from now on: what came while all else opened is old by now."""
        self._pump.begin()
        while not self._closed.is_set():
            try:
                yield self._pump.take(self._device.silent_s)
            except Lost as lost:  # noqa: PERF203
                if not self._closed.is_set():
                    self._reopen(lost)

    def close(self) -> None:
        """End `values`, from any thread, at once."""
        self._closed.set()
        self._pump.stop()
        self._pump.join(Limits.CLOSE_S)

    def _reopen(self, lost: Lost) -> None:
        """Return once there is a value again, or on close."""
        self._set_aside()
        if lost.grace_s and self._attempt(lost.grace_s):
            return
        self._tell("lost", str(lost))
        delay = Limits.RETRY_S
        while not self._closed.is_set():
            if self._attempt(Limits.BACK_S):
                self._tell("back", "delivers again")
                return
            self._closed.wait(delay)
            delay = min(2 * delay, Limits.RETRY_MAX_S)

    def _attempt(self, seconds: float) -> bool:
        """Open the device once more; true if it delivers within so many seconds."""
        self._stuck = [pump for pump in self._stuck if pump.is_alive()]
        if len(self._stuck) >= Limits.STUCK:
            return False
        self._pump = _Pump(self._device)
        self._pump.begin()
        if self._closed.is_set():
            self._pump.stop()
        try:
            self._pump.wait(seconds)
        except Lost as lost:
            log.debug("%s %s", self._device.label, lost)
            self._set_aside()
            return False
        return True

    def _set_aside(self) -> None:
        self._pump.stop()
        self._stuck.append(self._pump)

    def _tell(self, state: str, reason: str) -> None:
        reason = f"{self._device.label} {reason}"
        self._context.event("device", name=self._context.name, state=state, reason=reason)


class _Pump(threading.Thread, Generic[T]):
    """Opens a device and reads it until told to stop or until it is lost."""

    def __init__(self, device: Device[T]) -> None:
        super().__init__(name=f"read {device.label}", daemon=True)
        self._device = device
        self._values: queue.Queue[T | Lost] = queue.Queue(maxsize=2)
        self._first: T | Lost | None = None
        self._stop_asked = threading.Event()
        self._begun = threading.Event()
        self.start()

    def wait(self, seconds: float) -> None:
        """Wait for the first value, which `take` will return. Raises Lost as `take` does."""
        self._first = self.take(seconds)

    def begin(self) -> None:
        """Have values kept that come from now on; up to here only the first one was waited for."""
        self._first = None
        self._begun.set()

    def take(self, seconds: float) -> T:
        if self._first is not None:
            value, self._first = self._first, None
        else:
            try:
                value = self._values.get(timeout=seconds)
            except queue.Empty:
                value = Lost(f"has delivered nothing for {seconds:g} s")
        if isinstance(value, Lost):
            raise value
        return value

    def stop(self) -> None:
        self._stop_asked.set()
        with contextlib.suppress(queue.Full):  # then the reader has something to wake up with
            self._values.put_nowait(Lost("was closed"))

    def run(self) -> None:
        try:
            capture = self._device.connect()
            try:
                self._hand_over(capture.read())
                while not self._stop_asked.is_set():
                    value = capture.read()
                    if self._begun.is_set():
                        self._hand_over(value)
            finally:
                capture.close()
        except Lost as lost:
            self._hand_over(lost)
        except Exception as error:
            log.warning("%s failed", self._device.label, exc_info=True)
            self._hand_over(Lost(f"failed: {error}"))

    def _hand_over(self, value: T | Lost) -> None:
        """Wait for room: what the reader is too slow for stays with the driver, which drops it."""
        while not self._stop_asked.is_set():
            with contextlib.suppress(queue.Full):
                return self._values.put(value, timeout=0.2)
