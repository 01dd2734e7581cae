"""A daemon of its own program, on loopback, for tests to ask."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

START_S = 40.0
"""For a daemon to run its graph, on a machine that is busy with something else."""


class Daemon:
    """A running daemon. `port`: where it listens; `log`: what it has said, one line each."""

    def __init__(self, process: subprocess.Popen[str], config: Path) -> None:
        self.process, self.config = process, config
        self.log: list[str] = []
        self.port = 0
        self._opened = threading.Event()
        for stream in (process.stdout, process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            self.log.append(line.rstrip())
            if found := re.search(r"edge is at https?://[^ ]*:(\d+)/", line):
                self.port = int(found[1])
                self._opened.set()

    def opened(self) -> None:
        """Wait for its address."""
        if not self._opened.wait(START_S):
            pytest.fail(f"the daemon didn't open: {self.log}")

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and answer, JSON read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            text = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, text, headers or {})
            answer = connection.getresponse()
            data = answer.read()
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.status, json.loads(data) if is_json else data
        finally:
            connection.close()

    def state(self) -> Any:
        status, state = self.ask("GET", "/api/state")
        assert status == 200
        return state

    def until(self, holds: Callable[[Any], Any], seconds: float = START_S) -> Any:
        """Return the first state of which that holds, or fail."""
        end = time.monotonic() + seconds
        while not holds(state := self.state()):
            if time.monotonic() > end:
                pytest.fail(f"that didn't come: {json.dumps(state)[:3000]}; {self.log[-8:]}")
            time.sleep(0.05)
        return state

    def running(self) -> Any:
        """Return the first state in which results come."""
        return self.until(lambda state: state["engine"]["fps"] > 0)

    def listen(self, query: str = "", **more: Any) -> ClientConnection:
        address = f"ws://127.0.0.1:{self.port}/api/live{query}"
        return connect(address, open_timeout=20, max_size=None, **more)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@contextmanager
def started(
    config: Path, *arguments: str, under: Sequence[str] = (), **environment: str
) -> Iterator[Daemon]:
    """A daemon while this lasts. `under`: a program that watches it, and its arguments."""
    command = [
        *under,
        sys.executable,
        "-m",
        "edge",
        "daemon",
        "--config",
        str(config),
        "--port",
        "0",
    ]
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    with process:
        daemon = Daemon(process, config)
        try:
            daemon.opened()
            yield daemon
        finally:
            if process.poll() is None:
                try:
                    daemon.stop()
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise


Starts = Callable[..., Daemon]
FACES = "graph: faces\nbudget: {latency_ms: 100}\n"
"""A graph that starts quickly and leaves the machine to the rest of a test."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    """Starts daemons with a config's text; they are stopped when the test is over."""
    with ExitStack() as stack:

        def begin(text: str = FACES, *arguments: str, **environment: str) -> Daemon:
            config = tmp_path / "config.yaml"
            config.write_text(text)
            return stack.enter_context(started(config, *arguments, **environment))

        yield begin


def shared(folder: Path, text: str) -> Iterator[Daemon]:
    """One running daemon with a config's text, for all tests of a module that leave it as they
    found it."""
    config = folder / "config.yaml"
    config.write_text(text)
    with started(config) as running:
        running.running()
        yield running


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    yield from shared(tmp_path_factory.mktemp("daemon"), FACES)


def lines(client: ClientConnection, count: int) -> list[Any]:
    """Return the next text messages."""
    found: list[Any] = []
    while len(found) < count:
        message = client.recv(timeout=20)
        if isinstance(message, str):
            found.append(json.loads(message))
    return found


def until(client: ClientConnection, holds: Callable[[Any], bool]) -> Any:
    """Return the next line of which that holds; raises ConnectionClosed where none comes."""
    end = time.monotonic() + START_S
    while not holds(line := lines(client, 1)[0]):
        if time.monotonic() > end:
            pytest.fail("no such line came")
    return line
