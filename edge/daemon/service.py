"""What the server is made of: engine, listeners, rules, broker and settings, put together."""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import msgspec

from edge.actions import Rules
from edge.actions.doing import Doing
from edge.daemon.config import Loaded, needs_restart
from edge.daemon.home import Home
from edge.daemon.hub import Client, Hub
from edge.daemon.notify import notify, watchdog_s
from edge.daemon.supervisor import Supervisor, alive
from edge.daemon.wire import Command, Configure, EngineState, Kind, SetBudget, Watch
from edge.errors import UserError
from edge.graph.spec import Budget
from edge.people.results import FrameResult

log = logging.getLogger(__name__)
RELOAD_S = 1.0
"""Between looks whether the settings have changed."""


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """How the server is doing.

    `serial`: of two states, the larger is the newer; it begins again with the server.
    `config_error`: why the file as it stands now isn't followed. `restart_for`: keys that changed
    and hold from the next start. `dropped`: what clients were too slow for, by kind. `engine_pid`,
    `restarts`: of the engine.
    """

    serial: int
    version: str
    uptime_s: float
    engine_pid: int | None
    restarts: int
    clients: int
    dropped: dict[str, int]
    config: str
    config_error: str = ""
    restart_for: list[str] = []
    rules: int = 0
    actions: dict[str, int] = {}
    broker: dict[str, int] = {}


class State(msgspec.Struct, frozen=True, tag="state"):
    """How all is doing."""

    engine: EngineState
    server: ServerState


class Service:
    """Everything but HTTP. Runs in one event loop; `start` and `stop` are called in it."""

    def __init__(self, loaded: Loaded) -> None:
        """Raises UserError for a secret that isn't there."""
        self.hub = Hub()
        self.loaded = loaded
        self.supervisor = Supervisor(loaded.config, self._hear)
        self._running = loaded.config
        self._begun = time.monotonic()
        self._config_error = ""
        self._seen = _stamp(loaded)
        self._look = self._closing = False
        self._watch = Watch()
        self._serials = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._doing: Doing | None = None
        self._rules: Rules | None = None
        self._home: Home | None = None
        self._follow(loaded)

    # -- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        jobs = (self.supervisor.run(), self._reload_on_change(), self._reassure())
        self._tasks = [asyncio.create_task(job) for job in jobs]
        for task in self._tasks:
            task.add_done_callback(_say_if_failed)
        notify("READY=1")

    async def stop(self) -> None:
        notify("STOPPING=1")
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._close_outputs)

    def reload_soon(self) -> None:
        """Have the settings followed anew, whether or not they look changed."""
        self._look = True

    async def reload(self) -> None:
        """Follow the settings as they stand in the file; where they are wrong the old ones hold."""
        try:
            loaded = await asyncio.to_thread(self.loaded.again)
            old, self.loaded = self.loaded, loaded
            if loaded.config.home_assistant != old.config.home_assistant or (
                loaded.rules != old.rules
            ):
                await asyncio.to_thread(self._close_outputs)
                try:
                    self._follow(loaded)
                except UserError:
                    self.loaded = old
                    self._follow(old)
                    raise
            await self.supervisor.ask(Configure(loaded.config))
        except UserError as error:
            self._config_error = str(error)
            log.error("the settings aren't followed: %s", error)
        else:
            self._config_error = ""
            log.info("follows %s", loaded.path)
        self.hub.state(self.state_text())

    def _follow(self, loaded: Loaded) -> None:
        """Begin to act by rules, and to tell the broker. Raises UserError for a missing secret."""
        if loaded.rules.rules:
            self._doing = Doing(loaded.rules)
            self._rules = Rules(loaded.rules, self._doing.act)
        if loaded.config.home_assistant is not None:
            self._home = Home(loaded.config.home_assistant)

    def _close_outputs(self) -> None:
        doing, home = self._doing, self._home
        self._doing = self._rules = self._home = None
        for output in (doing, home):
            if output is not None:
                output.close()

    async def _reload_on_change(self) -> None:
        while not self._closing:
            await asyncio.sleep(RELOAD_S)
            seen = _stamp(self.loaded)
            if seen != self._seen or self._look:
                self._seen, self._look = seen, False
                await self.reload()

    async def _reassure(self) -> None:
        """Tell systemd that all is well, while it is."""
        pause = watchdog_s()
        while pause is not None:
            if alive(self.supervisor.state, self.supervisor.silent_s):
                notify("WATCHDOG=1")
            else:
                log.error("a live stream stands still: the watchdog isn't told that all is well")
            await asyncio.sleep(pause)

    # -- what the engine says -------------------------------------------------------------------

    def _hear(self, kind: Kind, data: bytes) -> None:
        if kind is Kind.PICTURE:
            self.hub.picture(data)
        elif kind is Kind.LINE:
            self.hub.line(data)
            self._react(data)
        elif kind is Kind.STATE:
            if self.supervisor.state.blind:
                self._forget()
            if self.hub.clients:
                self.hub.state(self.state_text())

    def _react(self, data: bytes) -> None:
        if self._rules is None and self._home is None:
            return
        line: Any = msgspec.json.decode(data)
        if line["type"] == "frame":
            line = msgspec.convert(line, FrameResult)
        if self._rules is not None:
            self._rules.see(line)
        if self._home is not None:
            self._home.see(line)

    def _forget(self) -> None:
        """Have nothing go by people who were in view when the camera was last on."""
        for follower in (self._rules, self._home):
            if follower is not None:
                follower.forget()

    # -- what clients ask -----------------------------------------------------------------------

    def state(self) -> State:
        counts: dict[str, int] = dict(self._doing.counts) if self._doing else {}
        return State(
            engine=self.supervisor.state,
            server=ServerState(
                serial=next(self._serials),
                version=version("edge-perception"),
                uptime_s=round(time.monotonic() - self._begun, 1),
                engine_pid=self.supervisor.pid,
                restarts=self.supervisor.restarts,
                clients=len(self.hub.clients),
                dropped=dict(self.hub.dropped),
                config=self.loaded.path.name,
                config_error=self._config_error,
                restart_for=needs_restart(self._running, self.loaded.config),
                rules=len(self.loaded.rules.rules),
                actions=counts,
                broker=self._home.counts() if self._home else {},
            ),
        )

    def state_text(self) -> str:
        return msgspec.json.encode(self.state()).decode()

    async def ask(self, command: Command) -> State:
        """Have the engine do something and return how all is then. Raises UserError."""
        await self.supervisor.ask(command)
        if isinstance(command, SetBudget):
            log.info("the budget is %s", _words(command.budget))
        return self.state()

    @contextlib.asynccontextmanager
    async def listener(self, wants: Watch) -> AsyncIterator[Client]:
        """A client that listens for as long as this lasts."""
        client = Client(wants)
        self.hub.clients.add(client)
        client.state(self.state_text())
        try:
            await self.rewatch()
            yield client
        finally:
            self.hub.leave(client)
            await self.rewatch()

    async def rewatch(self) -> None:
        """Have the engine make what somebody wants to have, and no more."""
        if self.hub.wants != self._watch:
            self._watch = self.hub.wants
            with contextlib.suppress(UserError):  # the next engine is told as it starts
                await self.supervisor.ask(self._watch)


def _say_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("a fault of ours: this isn't done any more", exc_info=task.exception())


def _stamp(loaded: Loaded) -> tuple[int, ...]:
    """Return what changes when the settings, or the rules that they name, are written."""
    paths = [loaded.path]
    if loaded.config.rules is not None:
        paths.append(loaded.path.parent / loaded.config.rules)
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            stat = os.stat(path)
            found += [stat.st_mtime_ns, stat.st_size, stat.st_ino]
    return tuple(found)


def _words(budget: Budget) -> str:
    parts = {"ms": budget.latency_ms, "W": budget.power_w}
    return ", ".join(f"{value:g} {unit}" for unit, value in parts.items() if value) or "none"
