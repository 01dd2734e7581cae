"""The engine's end of the wire: it never waits for the server."""

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable

import msgspec

from edge.daemon.wire import HEAD, MOST, Kind, Reply, Request, encoded, packed
from edge.errors import UserError

log = logging.getLogger(__name__)
LINES = 300
"""Lines that wait for the server: ten seconds of a camera. Then the oldest are lost, counted."""


class Link:
    """Sends on a thread of its own, and has commands handled on another.

    Of pictures and states only the newest waits. `lost`: lines that couldn't wait.
    """

    def __init__(self, connection: socket.socket, handle: Callable[[Request], None]) -> None:
        """`handle`: is called with each request; a UserError that it raises is the reply."""
        self.lost = 0
        self.closed = threading.Event()
        """Set once the server is gone."""
        self._connection = connection
        self._handle = handle
        self._lines: deque[bytes] = deque()
        self._newest: dict[Kind, bytes] = {}
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for work, name in ((self._send, "link-send"), (self._receive, "link-receive"))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def line(self, data: bytes) -> None:
        """Send a line of the results, in order."""
        self._queue(packed(Kind.LINE, data))

    def newest(self, kind: Kind, *parts: bytes) -> None:
        """Send something whose predecessor is then old."""
        with self._changed:
            self._newest[kind] = packed(kind, *parts)
            self._changed.notify()

    def close(self) -> None:
        """End both threads; what waits is lost."""
        self.closed.set()
        with self._changed:
            self._changed.notify_all()
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the server had hung up")
        for thread in self._threads:
            thread.join(1)
        self._connection.close()

    def _queue(self, message: bytes) -> None:
        with self._changed:
            self._lines.append(message)
            if len(self._lines) > LINES:
                self._lines.popleft()
                self.lost += 1
            self._changed.notify()

    def _send(self) -> None:
        try:
            while (waiting := self._waiting()) is not None:
                self._connection.sendall(waiting)
        except OSError as error:
            log.debug("the server doesn't listen any more: %s", error)
        self.closed.set()

    def _waiting(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._newest or self.closed.is_set())
            if self.closed.is_set():
                return None
            # A reply finds the state that it has made already said.
            parts = [*self._newest.values(), *self._lines]
            self._lines.clear()
            self._newest.clear()
        return b"".join(parts)

    def _receive(self) -> None:
        try:
            while not self.closed.is_set():
                _, length = HEAD.unpack(self._read(HEAD.size))
                self._answer(msgspec.json.decode(self._read(length), type=Request))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.debug("the server is gone: %s", error)
        self.closed.set()
        with self._changed:
            self._changed.notify_all()

    def _answer(self, request: Request) -> None:
        error = None
        try:
            self._handle(request)
        except UserError as wrong:
            error = str(wrong)
        except Exception as wrong:  # a fault of ours isn't to cut the wire
            log.exception("a command failed")
            error = f"that failed: {wrong!r}"
        self._queue(encoded(Kind.REPLY, Reply(request.number, error)))

    def _read(self, length: int) -> bytes:
        if length > MOST:
            raise EOFError("not one of our messages")
        parts = bytearray()
        while len(parts) < length:
            part = self._connection.recv(length - len(parts))
            if not part:
                raise EOFError("hung up")
            parts += part
        return bytes(parts)
