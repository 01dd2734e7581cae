"""Who may ask what: this machine alone, or who knows the token; and how much of it."""

import hmac
import ipaddress
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.daemon.config import Server
from edge.errors import UserError

log = logging.getLogger(__name__)
COOKIE = "edge_session"
OPEN = ("/", "/login", "/health", "/page.js", "/page.css", "/icon.svg")
"""What needs no token: the page, which shows a login without one, and whether we are alive."""
POLICY = b"default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'"
HEADERS = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)  # fmt: skip


class Limits:
    BODY = 64 * 1024
    """Bytes: the largest thing that may be asked for is a view."""
    TRIES = 5
    """Wrong tokens from one address …"""
    TRIES_S = 60.0
    """… in so many seconds; then it has to wait."""
    ADDRESSES = 1000
    """Whose wrong tokens are remembered."""
    SHORTEST = 16
    """Characters of a token: at five tries a minute and address that isn't guessed."""


def read_token(server: Server) -> str | None:
    """Return the token that clients need, None where none is set. Raises UserError where others
    than this machine could come without one."""
    token = os.environ.get(server.token_variable)
    if not token and not _is_loopback(server.host):
        raise UserError(
            f"server.host {server.host} lets others in: set {server.token_variable} to a token of "
            f"{Limits.SHORTEST} characters or more, or use 127.0.0.1"
        )
    if token and len(token) < Limits.SHORTEST:
        raise UserError(f"{server.token_variable} is shorter than {Limits.SHORTEST} characters")
    return token or None


class Guard:
    """Turns away who may not ask, before anything else sees the request (ASGI)."""

    def __init__(self, app: ASGIApp, server: Server, gate: "Gate | None") -> None:
        """`gate`: knows the token; None where none is needed."""
        self._app = app
        self._gate = gate
        self._names = {"localhost", server.host, *server.names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        refused = self._refusal(scope)
        if refused is not None:
            await _refuse(scope, receive, send, *refused)
            return None
        limited = _limited(receive) if scope["type"] == "http" else receive
        return await self._app(scope, limited, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason where the request is refused."""
        headers = Headers(scope=scope)
        address = scope["client"][0] if scope.get("client") else "?"
        host = headers.get("host", "")
        if not self._is_known(host):
            return 421, "this isn't the host you asked for: add its name to server.names"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "other pages may not ask: CORS is closed"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > Limits.BODY:
            return 413, f"more than {Limits.BODY} bytes aren't taken"
        given = _given(headers)
        if self._gate is None or (given is None and scope["path"] in OPEN):
            return None
        if given is None:
            return 401, "a token is needed: Authorization: Bearer TOKEN"
        refused = self._gate.refusal(address, given)
        return None if refused and scope["path"] in OPEN else refused

    def _is_known(self, host: str) -> bool:
        """Whether a page under this name may be ours: an address, or a name that we go by. A name
        that somebody else had resolved to us isn't (DNS rebinding)."""
        name = urlsplit(f"//{host}").hostname or ""
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True


class Gate:
    """Knows the token, and how often each address got it wrong."""

    def __init__(self, token: str) -> None:
        self.session = hmac.new(token.encode(), b"edge session", sha256).hexdigest()
        """What a browser keeps instead of the token."""
        self._token = token
        self._tries: OrderedDict[str, list[float]] = OrderedDict()

    def refusal(self, address: str, given: str) -> tuple[int, str] | None:
        """Return status and reason where what is given isn't the token, compared in constant time,
        or this address has guessed too often."""
        begin = time.monotonic() - Limits.TRIES_S
        recent = [t for t in self._tries.get(address, ()) if t >= begin]
        if len(recent) >= Limits.TRIES:
            return 429, f"too many wrong tokens: wait {Limits.TRIES_S:g} s"
        same = hmac.compare_digest(given.encode(), self._token.encode())
        if same | hmac.compare_digest(given.encode(), self.session.encode()):
            return None
        log.warning("a wrong token from %s", address)
        self._tries[address] = [*recent, time.monotonic()]
        self._tries.move_to_end(address)
        if len(self._tries) > Limits.ADDRESSES:
            self._tries.popitem(last=False)
        return 403, "that isn't the token"


def _given(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie is not None else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    log.info("%s %s: %d, %s", scope["type"], scope["path"], status, reason)
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    answer = JSONResponse({"error": reason}, status, {"connection": "close"})
    await answer(scope, receive, _with_headers(send))


class TooLarge(Exception):
    """More came than a client had said, or than is taken."""


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > Limits.BODY:
            raise TooLarge
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Iterable[Any] = message.get("headers", ())
            message["headers"] = [*headers, *HEADERS]
        await send(message)

    return sending
