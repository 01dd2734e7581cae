"""The server's program: a socket, TLS, signals, and uvicorn on top."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator

import uvicorn

from edge.daemon.api import make_app
from edge.daemon.config import Loaded, Server
from edge.daemon.connections import BoundedProtocol
from edge.daemon.logs import log_to_stderr
from edge.daemon.security import read_token
from edge.daemon.service import Service
from edge.errors import UserError

log = logging.getLogger(__name__)
BACKLOG = 128
CLOSING_S = 2
"""For clients to go as the server ends."""
MESSAGE = 4096
"""Bytes of a client's message: it says what it wants, no more."""
NICER = 5
"""The server gives way to the engine where the processor is short: results first, then whoever
looks at them."""


class _Uvicorn(uvicorn.Server):
    """Signals are ours: they end the loop, and no process is killed by its own hand."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(loaded: Loaded, opened: Callable[[str], None]) -> None:
    """Serve until a signal ends it. `opened`: is told the page's address once it is there.

    Raises UserError: the port is taken, a certificate can't be read, a token is missing.
    """
    config = loaded.config
    log_to_stderr(config.log.format)
    logging.getLogger("edge").setLevel(config.log.level.upper())
    token = read_token(config.server)
    with _listening(config.server) as listening:
        asyncio.run(_serve(loaded, token, listening, opened))


async def _serve(
    loaded: Loaded, token: str | None, listening: socket.socket, opened: Callable[[str], None]
) -> None:
    settings = loaded.config.server
    service = Service(loaded)
    server = _Uvicorn(_uvicorn_config(service, settings, token))
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, service.reload_soon)
    with contextlib.suppress(OSError):
        os.nice(NICER)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not (server.started or task.done()):
        await asyncio.sleep(0.02)
    if server.started:
        opened(_address(settings, listening))
    await task
    if not server.started:
        raise UserError("the server didn't start: what stands above says why")


def _uvicorn_config(service: Service, settings: Server, token: str | None) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(service, settings, token),
        http=BoundedProtocol,
        ws="websockets-sansio",
        ws_max_size=MESSAGE,
        ws_per_message_deflate=False,  # JPEGs don't get smaller, and lines aren't worth the time
        h11_max_incomplete_event_size=16 * 1024,
        backlog=BACKLOG,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=CLOSING_S,
        access_log=False,
        server_header=False,
        log_config=None,
        lifespan="on",
    )


def _listening(settings: Server) -> socket.socket:
    """Raises UserError where the port can't be had, or the certificate can't be read."""
    if settings.certificate is not None:
        try:
            ssl.create_default_context().load_cert_chain(settings.certificate, settings.key)
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                f"server: {settings.certificate} and {settings.key} are no certificate and key "
                f"({error})"
            ) from None
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UserError(
            f"can't listen on {settings.host}:{settings.port} ({error.strerror}): is it running "
            "already? --port N takes another, 0 any that is free"
        ) from None


def _address(settings: Server, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = settings.names[0] if settings.names else "localhost"
    scheme = "https" if settings.certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
