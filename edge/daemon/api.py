"""What is asked over HTTP and WebSocket. `ENDPOINTS` is all of it; /openapi.json describes it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge.daemon.config import Mute, Server, View
from edge.daemon.metrics import CONTENT_TYPE, Metrics
from edge.daemon.openapi import describe
from edge.daemon.security import COOKIE, Gate, Guard, TooLarge
from edge.daemon.service import Service, State
from edge.daemon.supervisor import alive
from edge.daemon.wire import SetBudget, SetMute, SetView, Watch
from edge.errors import UserError
from edge.graph.spec import Budget

log = logging.getLogger(__name__)
PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
BODY_S = 10.0
"""For the body of a request to arrive."""
JSON = "application/json"


class Login(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class Problem(msgspec.Struct):
    """Why something wasn't done, and what to do."""

    error: str


class Endpoint(NamedTuple):
    """`takes`, `gives`: types of the bodies; `does`: one line for its users."""

    method: str
    path: str
    handle: Callable[[Request], Awaitable[Response]]
    does: str
    takes: type | None = None
    gives: type | None = None


def make_app(service: Service, server: Server, token: str | None) -> Guard:
    """Return the application (ASGI), guarded. `token`: what clients need, None for none."""
    gate = Gate(token) if token is not None else None
    api = _Api(service, gate, server)
    endpoints = api.endpoints()
    description = msgspec.json.encode(describe(endpoints))

    async def openapi(_: Request) -> Response:
        return Response(description, media_type=JSON)

    routes = [Route(e.path, e.handle, methods=[e.method]) for e in endpoints]
    routes += [Route(f"/{name}", _file(name)) for name in ("page.js", "page.css", "icon.svg")]
    routes += [Route("/", _file("index.html")), Route("/openapi.json", openapi)]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = Starlette(
        routes=[*routes, WebSocketRoute("/api/live", api.live)],
        lifespan=lifespan,
        exception_handlers={TooLarge: _too_large, UserError: _user_error},
    )
    return Guard(app, server, gate)


class _Api:
    def __init__(self, service: Service, gate: Gate | None, server: Server) -> None:
        self._service, self._gate, self._server = service, gate, server
        self._metrics = Metrics(service.state)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/api/state", self.state, "How all is doing.", None, State),
            Endpoint("PUT", "/api/budget", self.budget, "Set the budget.", Budget, State),
            Endpoint("PUT", "/api/mute", self.mute, "Close camera, microphone, or open them again.",
                     Mute, State),
            Endpoint("PUT", "/api/view", self.view, "Choose how the picture is shown.", View,
                     State),
            Endpoint("GET", "/api/trace", self.trace, "What nodes worked on in the last second, "
                     "for ui.perfetto.dev; only while a page shows it."),
            Endpoint("GET", "/metrics", self.metrics, "Figures for Prometheus."),
            Endpoint("GET", "/health", self.health, "Whether all live streams advance: 200, 503."),
            Endpoint("POST", "/login", self.login, "Have a browser remember the token.", Login),
        ]  # fmt: skip

    async def state(self, _: Request) -> Response:
        return _json(self._service.state())

    async def budget(self, request: Request) -> Response:
        return _json(await self._service.ask(SetBudget(await _body(request, Budget))))

    async def mute(self, request: Request) -> Response:
        return _json(await self._service.ask(SetMute(await _body(request, Mute))))

    async def view(self, request: Request) -> Response:
        return _json(await self._service.ask(SetView(await _body(request, View))))

    async def trace(self, _: Request) -> Response:
        rows: dict[str, int] = {}
        events: list[dict[str, Any]] = []
        for span in self._service.supervisor.state.trace:
            row = rows.setdefault(span.node, len(rows) + 1)
            events.append(
                {"ph": "X", "name": span.node, "ts": span.begin, "dur": span.duration,
                 "pid": 1, "tid": row, "args": {"t": span.frame}}
            )  # fmt: skip
        return JSONResponse({"displayTimeUnit": "ms", "traceEvents": events})

    async def metrics(self, _: Request) -> Response:
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def health(self, _: Request) -> Response:
        supervisor = self._service.supervisor
        well = supervisor.state.running and alive(supervisor.state, supervisor.silent_s)
        return JSONResponse({"healthy": well}, 200 if well else 503)

    async def login(self, request: Request) -> Response:
        login = await _body(request, Login)
        answer = Response(status_code=204)
        if self._gate is None:
            return answer
        refused = self._gate.refusal(request.client.host if request.client else "?", login.token)
        if refused is not None:
            return _json(Problem(refused[1]), refused[0])
        answer.set_cookie(
            COOKIE, self._gate.session, httponly=True, samesite="strict",
            secure=bool(self._server.certificate),
        )  # fmt: skip
        return answer

    async def live(self, socket: WebSocket) -> None:
        """Lines of the results and states as text, pictures as bytes. What it wants a client says
        in the query, and again, as JSON, whenever that changes."""
        if len(self._service.hub.clients) >= self._server.clients:
            await socket.close(1013, f"{self._server.clients} clients listen already")
            return
        await socket.accept()
        asked = {name: socket.query_params.get(name) == "1" for name in Watch.__struct_fields__}
        async with self._service.listener(Watch(**asked)) as client:
            sending = asyncio.create_task(_send(socket, client))
            try:
                while True:
                    text = await socket.receive_text()
                    client.wants = msgspec.json.decode(text, type=Watch)
                    await self._service.rewatch()
            except msgspec.MsgspecError as error:
                await socket.close(1007, f"{error}"[:100])
            except KeyError:
                await socket.close(1003, "bytes say nothing here")
            except (WebSocketDisconnect, RuntimeError):
                log.debug("a client has gone")
            finally:
                sending.cancel()


async def _send(socket: WebSocket, client: Any) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            for message in await client.next():
                if isinstance(message, str):
                    await socket.send_text(message)
                else:
                    await socket.send_bytes(message)


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = (PAGE / name).read_bytes()

    async def give(_: Request) -> Response:
        return Response(content, media_type=TYPES[Path(name).suffix])

    return give


async def _body(request: Request, kind: type[Any]) -> Any:
    """Return what a request's body says. Raises UserError where it says something else."""
    try:
        data = await asyncio.wait_for(request.body(), BODY_S)
        return msgspec.json.decode(data, type=kind)
    except asyncio.TimeoutError:
        raise UserError(f"the body didn't come within {BODY_S:g} s") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UserError(f"{request.url.path}: {error}") from None


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=JSON)


async def _too_large(request: Request, _: Exception) -> Response:
    log.info("%s: the body is too large", request.url.path)
    return _json(Problem("the body is too large"), 413)


async def _user_error(_: Request, error: Exception) -> Response:
    return _json(Problem(str(error)), 400)
