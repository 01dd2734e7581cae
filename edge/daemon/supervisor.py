"""Keeps an engine running: starts it, listens to it, and starts another when it dies or stands."""

import asyncio
import contextlib
import itertools
import logging
import socket
import sys
import time
from collections.abc import Callable

import msgspec

from edge.daemon.config import Config
from edge.daemon.wire import (
    HEAD,
    MOST,
    Command,
    Configure,
    EngineState,
    Kind,
    Reply,
    Request,
    SetBudget,
    SetMute,
    SetView,
    Watch,
    encoded,
)
from edge.errors import UserError

log = logging.getLogger(__name__)


class Settings:
    SILENT_S = 10.0
    """An engine that has said nothing for so long stands still, and is killed; it tells its state
    twice a second, but loading models on a slow board may hold it for seconds."""
    RETRY_S = 0.1
    """Before a dead engine's successor is started; doubled each time up to …"""
    RETRY_MAX_S = 10.0
    """… this, where they die one after the other before their graph has run: a fault that stays
    isn't to eat the device."""
    REPLY_S = 15.0
    """For a command: muting may wait for a driver, and a graph for its models."""
    STOP_S = 3.0
    """For an engine to close its devices before it is killed."""


class Supervisor:
    """The engine, as the server sees it.

    `state`: what it last said of itself. `restarts`: how often it had to be started again. What
    was asked for by hand (budget, mute, view) is asked again of each successor.
    """

    def __init__(self, config: Config, hear: Callable[[Kind, bytes], None]) -> None:
        """`hear`: is called with each line, picture and state."""
        self.state = EngineState(running=False, error="the engine is starting")
        self.restarts = 0
        self._heard_at = time.monotonic()
        self._config, self._hear = config, hear
        self._asked: dict[type, Command] = {}
        self._watch = Watch()
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._closing = self._has_run = False

    @property
    def silent_s(self) -> float:
        """How long nothing was heard of it, s."""
        return time.monotonic() - self._heard_at

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Keep an engine running until cancelled; it is stopped then."""
        delay = Settings.RETRY_S
        try:
            while not self._closing:
                self._has_run = False
                await self._live_once()
                if self._closing:
                    return
                delay = Settings.RETRY_S if self._has_run else delay
                self.restarts += 1
                self.state = EngineState(running=False, error="the engine died; it begins again")
                self._hear(Kind.STATE, msgspec.json.encode(self.state))
                await asyncio.sleep(delay)
                delay = min(2 * delay, Settings.RETRY_MAX_S)
        finally:
            await self._stop()

    async def ask(self, command: Command) -> None:
        """Have the engine do something. Raises UserError where it can't, or doesn't answer."""
        if isinstance(command, Configure):
            old, self._config = self._config, command.config
            for field, kind in (("budget", SetBudget), ("mute", SetMute), ("view", SetView)):
                if getattr(old, field) != getattr(command.config, field):
                    self._asked.pop(kind, None)
        elif isinstance(command, Watch):
            self._watch = command
        else:
            self._asked[type(command)] = command
        if self._writer is None:
            if isinstance(command, SetMute):  # its successor won't open what is muted
                return
            raise UserError("the engine isn't running: ask again in a moment")
        try:
            await self._ask(command)
        except UserError:
            if isinstance(command, SetView):
                self._asked[SetView] = SetView(self.state.view)
            raise

    async def _ask(self, command: Command) -> None:
        number = next(self._numbers)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        assert self._writer is not None
        self._writer.write(encoded(Kind.COMMAND, Request(number, command)))
        try:
            answer = await asyncio.wait_for(reply, Settings.REPLY_S)
        except asyncio.TimeoutError:
            raise UserError("the engine doesn't answer") from None
        finally:
            self._replies.pop(number, None)
        if answer.error is not None:
            raise UserError(answer.error)

    async def _live_once(self) -> None:
        """Start an engine and listen to it until it is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "edge.daemon.engine",
                str(theirs.fileno()), self._config.log.format,
                pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._heard_at = time.monotonic()
        for command in (Configure(self._config_as_asked()), self._watch):
            self._writer.write(encoded(Kind.COMMAND, Request(0, command)))
        watch = asyncio.create_task(self._hang_up_on_silence(self._writer))
        try:
            await self._listen(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("the engine hung up")
        except (msgspec.MsgspecError, ValueError) as error:
            log.error("the engine says what can't be read (%s): it is killed", error)
        finally:
            watch.cancel()
            self._writer.close()
            self._writer = None
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_result(Reply(0, "the engine died over it"))
        if not self._closing:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            log.error("the engine ended with %s; it is started again", await self._process.wait())

    def _config_as_asked(self) -> Config:
        """Return the settings with what was asked for by hand since."""
        config = self._config
        for command in self._asked.values():
            if isinstance(command, SetBudget):
                config = msgspec.structs.replace(config, budget=command.budget)
            elif isinstance(command, SetMute):
                config = msgspec.structs.replace(config, mute=command.mute)
            elif isinstance(command, SetView):
                config = msgspec.structs.replace(config, view=command.view)
        return config

    async def _hang_up_on_silence(self, writer: asyncio.StreamWriter) -> None:
        # No asyncio.wait_for around each read: before Python 3.12, one that ends just as we are
        # cancelled swallows that, and we would listen for ever.
        while (left := Settings.SILENT_S - self.silent_s) > 0:
            await asyncio.sleep(left)
        log.error("the engine has said nothing for %g s: it is killed", Settings.SILENT_S)
        writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            number, length = HEAD.unpack(await reader.readexactly(HEAD.size))
            if length > MOST:
                raise ValueError(f"a message of {length} bytes")
            data = await reader.readexactly(length)
            self._heard_at = time.monotonic()
            self._take(Kind(number), data)

    def _take(self, kind: Kind, data: bytes) -> None:
        if kind is Kind.REPLY:
            reply = msgspec.json.decode(data, type=Reply)
            waiting = self._replies.get(reply.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(reply)
            elif reply.error:
                log.warning("%s", reply.error)
            return
        if kind is Kind.STATE:
            self.state = msgspec.json.decode(data, type=EngineState)
            self._has_run |= self.state.running
        self._hear(kind, data)

    async def _stop(self) -> None:
        self._closing = True
        if self._writer is not None:
            self._writer.close()  # that ends it
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            await asyncio.wait_for(process.wait(), Settings.STOP_S)
        except asyncio.TimeoutError:
            log.warning("the engine doesn't end; it is killed")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def alive(state: EngineState, silent_s: float) -> bool:
    """Whether all is as it should be: the engine speaks, and every live stream advances."""
    stuck = any(stream.state == "stuck" for stream in state.streams.values())
    return silent_s < Settings.SILENT_S and not stuck
