"""Connections that ask for too much: too many at once, or too slow."""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)


class Limits:
    CONNECTIONS = 300
    """At once; each takes a file and some memory."""
    HEAD_S = 10.0
    """For a whole request to arrive: who takes longer only wants to hold a connection
    (slow loris)."""


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP, with ends to patience."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > Limits.CONNECTIONS:
            log.warning("more than %d connections: one is refused", Limits.CONNECTIONS)
            transport.abort()
            return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        handed_on = self.transport.get_protocol() is not self
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if handed_on or (is_answering and not self.cycle.more_body):
            self._relax()
        elif self._deadline is None:
            self._expect()

    def _expect(self) -> None:
        self._deadline = self.loop.call_later(Limits.HEAD_S, self._too_slow)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            log.info("a connection took over %g s for a request: closed", Limits.HEAD_S)
            self.transport.abort()
