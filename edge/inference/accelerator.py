"""Accelerators: named by the user, shared by the models on them, lost and tried again."""

import contextlib
import functools
import logging
import math
import os
import threading
import time
from typing import NamedTuple, Protocol

from edge.errors import UserError, nearest
from edge.inference.delegates import Delegate, Lost

log = logging.getLogger(__name__)

EDGE_TPU = "edgetpu"
EDGE_TPU_LIBRARY = "libedgetpu.so.1"
NONE = "none"
VARIABLE = "EDGE_ACCELERATOR"
"""The environment variable that names the accelerator of models whose node names none."""


class Limits:
    RETRY_S = 0.5
    """Before the first new attempt: a USB device takes about as long to show up again."""
    RETRY_MAX_S = 2.0
    """Between attempts, doubled up to this: a device that returns has to be in use again within
    3 s, as a camera has. One that finds no device costs next to nothing."""
    STEADY_S = 30.0
    """A device that was lost again sooner is not trusted: the delays go on growing."""
    CLOSE_S = 0.5
    """What closing the last model waits for an attempt under way."""


class Device(NamedTuple):
    """An accelerator as the user names it.

    `library`: the delegate's shared library. `options`: handed to it. `variant`: the variant of
    a model that it takes; None: whichever the processor would run.
    """

    name: str
    library: str
    options: tuple[tuple[str, str], ...] = ()
    variant: str | None = None


def parse(text: str) -> Device | None:
    """Read "edgetpu" or the path of a delegate's library, each with ",KEY=VALUE…" for options.

    "edgetpu,device=usb:0" is the first Edge TPU on USB; "none" is no accelerator, None.
    Raises UserError.
    """
    name, *given = text.split(",")
    options = []
    for option in given:
        key, equals, value = option.partition("=")
        if not (key and equals):
            raise UserError(f"accelerator {text}: '{option}' should be KEY=VALUE")
        options.append((key, value))
    if name == NONE and not options:
        return None
    if name == EDGE_TPU:
        return Device(name, EDGE_TPU_LIBRARY, tuple(options), variant=EDGE_TPU)
    if "/" in name or ".so" in name or name.endswith(".dylib"):
        return Device(os.path.basename(name), name, tuple(options))
    hint = nearest(name, [EDGE_TPU, NONE])
    raise UserError(f"unknown accelerator '{name}'{hint}, or give the path of a delegate's library")


def chosen(text: str | None) -> "Accelerator | None":
    """Return the accelerator that `text` names, EDGE_ACCELERATOR where that is None."""
    device = parse(os.environ.get(VARIABLE) or NONE if text is None else text)
    return _shared(device) if device else None


class Tenant(Protocol):
    """A model that runs on an accelerator while that is there."""

    @property
    def waits(self) -> bool:
        """Whether it doesn't run there now, and wants to."""

    def let_go(self) -> None:
        """Give up what it holds of the accelerator, and run without. Raises UserError where it
        can't."""

    def reopen(self) -> None:
        """Get ready to run there again. Raises Lost."""


class Delays:
    """How long to wait before each attempt, s: ever longer, until the device was steady again."""

    def __init__(self) -> None:
        self._next_s = Limits.RETRY_S
        self._back_at = -math.inf

    def lost(self, now: float) -> None:
        if now - self._back_at > Limits.STEADY_S:
            self._next_s = Limits.RETRY_S

    def back(self, now: float) -> None:
        self._back_at = now

    def next(self) -> float:
        delay, self._next_s = self._next_s, min(2 * self._next_s, Limits.RETRY_MAX_S)
        return delay


class Accelerator:
    """One accelerator in this process. Its models share its fate: while any of them holds on to a
    lost device, its driver may not open it anew.

    A lost one is tried again on a thread of its own, with growing delays, until all its models
    run there again or none is left.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.name = device.name
        self._lock = threading.Lock()
        self._tenants: list[Tenant] = []
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._delays = Delays()

    def delegate(self) -> Delegate:
        """Open the device for one more interpreter. Raises Lost."""
        return Delegate(self.device.library, dict(self.device.options))

    def add(self, tenant: Tenant) -> None:
        with self._lock:
            self._tenants.append(tenant)

    def remove(self, tenant: Tenant) -> None:
        """Forget a model that is being closed; without any, nothing is tried any more."""
        with self._lock:
            if tenant not in self._tenants:
                return
            self._tenants.remove(tenant)
            thread = None if self._tenants else self._thread
            if thread:
                self._closed.set()
                self._thread = None
        if thread:
            thread.join(Limits.CLOSE_S)

    def lost(self, reason: str) -> None:
        """Take note that a model, which `waits` now, found it lost; try it again later."""
        with self._lock:
            if self._thread or not self._tenants:
                return
            log.warning("%s: %s; models run without it, it is tried again", self.name, reason)
            self._delays.lost(time.monotonic())
            self._closed = threading.Event()
            self._thread = threading.Thread(
                target=self._bring_back, args=[self._closed], name=f"retry {self.name}", daemon=True
            )
            self._thread.start()

    def _bring_back(self, closed: threading.Event) -> None:
        for tenant in self._all():
            with contextlib.suppress(UserError):  # no processor runs it: its own calls say so
                tenant.let_go()
        while not closed.wait(self._delays.next()):
            self._attempt()
            with self._lock:
                if closed.is_set():
                    return
                if not any(tenant.waits for tenant in self._tenants):
                    self._thread = None
                    self._delays.back(time.monotonic())
                    log.warning("%s: is back", self.name)
                    return

    def _attempt(self) -> None:
        try:
            for tenant in self._all():
                if tenant.waits:
                    tenant.reopen()
        except (Lost, UserError) as lost:
            log.debug("%s: %s", self.name, lost)

    def _all(self) -> list[Tenant]:
        with self._lock:
            return list(self._tenants)


@functools.cache
def _shared(device: Device) -> Accelerator:
    return Accelerator(device)
