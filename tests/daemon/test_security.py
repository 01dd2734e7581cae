"""Who is let in, and how much may be asked: over real sockets."""

import contextlib
import http.client
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from edge.daemon import connections, security
from edge.daemon.config import Server
from edge.daemon.security import Gate, read_token
from edge.errors import UserError
from tests.daemon.conftest import FACES, Daemon, Starts, started

TOKEN = "a token of enough characters"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that asks for a token, on all addresses."""
    config = tmp_path_factory.mktemp("locked") / "config.yaml"
    config.write_text(FACES + "server: {host: 0.0.0.0, names: [kitchen.local]}\n")
    with started(config, EDGE_TOKEN=TOKEN) as daemon:
        yield daemon


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_loopback_is_the_default_and_others_need_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGE_TOKEN", raising=False)
    assert Server().host == "127.0.0.1"
    assert read_token(Server()) is None
    with pytest.raises(UserError, match="lets others in: set EDGE_TOKEN"):
        read_token(Server(host="0.0.0.0"))
    monkeypatch.setenv("EDGE_TOKEN", "short")
    with pytest.raises(UserError, match="shorter than 16"):
        read_token(Server(host="::"))
    monkeypatch.setenv("EDGE_TOKEN", TOKEN)
    assert read_token(Server(host="::")) == TOKEN


@pytest.mark.parametrize("path", ["/api/state", "/metrics", "/openapi.json", "/api/trace", "/x"])
def test_without_the_token_nothing_is_told(locked: Daemon, path: str) -> None:
    status, answer = locked.ask("GET", path)
    assert status == 401
    assert "token" in answer["error"]
    assert locked.ask("GET", path, headers=bearer(TOKEN))[0] in (200, 404)


def test_without_the_token_nobody_listens(locked: Daemon) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        locked.listen()
    with locked.listen(additional_headers=bearer(TOKEN)) as client:
        assert client.recv(timeout=20)


def test_the_page_and_whether_it_lives_are_open(locked: Daemon) -> None:
    assert locked.ask("GET", "/")[0] == 200
    assert locked.ask("GET", "/page.js")[0] == 200
    assert locked.ask("GET", "/health")[0] in (200, 503)


def test_a_browser_gets_a_cookie_that_isnt_the_token(locked: Daemon) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", locked.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", "/login", f'{{"token": "{TOKEN}"}}')
        answer = connection.getresponse()
        answer.read()
        cookie = answer.headers["set-cookie"]
    assert answer.status == 204
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    assert locked.ask("GET", "/api/state", headers={"Cookie": cookie.split(";")[0]})[0] == 200


def test_guessing_is_slowed_down_for_who_guesses_alone() -> None:
    gate = Gate(TOKEN)
    for guess in range(security.Limits.TRIES):
        assert gate.refusal("1.2.3.4", f"guess {guess}") == (403, "that isn't the token")
    assert gate.refusal("1.2.3.4", TOKEN)[0] == 429  # type: ignore[index]
    assert gate.refusal("5.6.7.8", TOKEN) is None
    assert gate.refusal("5.6.7.8", gate.session) is None
    for address in range(3 * security.Limits.ADDRESSES):
        gate.refusal(f"10.0.{address >> 8}.{address & 255}", "guess")
    assert len(gate._tries) <= security.Limits.ADDRESSES


def test_guesses_over_the_network_end_in_429(start: Starts) -> None:
    daemon = start(FACES, EDGE_TOKEN=TOKEN)
    statuses = [daemon.ask("GET", "/api/state", headers=bearer("wrong"))[0] for _ in range(8)]
    assert statuses == [403] * 5 + [429] * 3
    assert any("a wrong token from 127.0.0.1" in line for line in daemon.log)
    assert not any("wrong token" not in line and TOKEN in line for line in daemon.log)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),  # a name that somebody had resolved to us
        ({"Host": "localhost:1"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_pages_may_not_ask(daemon: Daemon, headers: dict[str, str], status: int) -> None:
    assert daemon.ask("GET", "/api/state", headers=headers)[0] == status


def test_a_name_of_the_device_is_known(locked: Daemon) -> None:
    host = {**bearer(TOKEN), "Host": "kitchen.local"}
    assert locked.ask("GET", "/api/state", headers=host)[0] == 200


def test_no_answer_lets_other_pages_read_it(daemon: Daemon) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("OPTIONS", "/api/mute", headers={"Access-Control-Request-Method": "PUT"})
        answer = connection.getresponse()
        answer.read()
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    with pytest.raises(InvalidStatus, match="403"):
        daemon.listen(origin="http://evil.example")


@pytest.mark.parametrize(
    "path",
    ["/../config.yaml", "/%2e%2e/config.yaml", "/page.js/../../config.py", "//etc/passwd",
     "/page.js%00", "/..%2f..%2fetc%2fpasswd"],
)  # fmt: skip
def test_there_is_nothing_beside_what_there_is(daemon: Daemon, path: str) -> None:
    assert daemon.ask("GET", path)[0] == 404


def test_large_bodies_are_refused(daemon: Daemon) -> None:
    status, answer = daemon.ask("PUT", "/api/view", b" " * 100_000)
    assert status == 413
    assert "bytes" in answer["error"]


def raw(daemon: Daemon, data: bytes) -> bytes:
    """Send bytes as they are; return what comes until the end, or nothing does."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as client:
        client.sendall(data)
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while part := client.recv(65536):
                received += part
        return received


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, where there is none
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"PUT /api/view HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 400_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\0" * 1000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(daemon: Daemon, data: bytes) -> None:
    answer = raw(daemon, data)
    assert answer == b"" or answer.split()[1] in (b"400", b"413", b"421")
    assert daemon.ask("GET", "/health")[0] == 200


def test_a_chunked_body_without_end_is_refused(daemon: Daemon) -> None:
    head = b"PUT /api/view HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(daemon, head + (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 8)
    assert b" 413 " in answer.split(b"\r\n")[0] + b" "


def test_who_holds_connections_is_cut_off(daemon: Daemon) -> None:
    """Slow loris: a request that never ends; and more connections than there may be."""
    count = connections.Limits.CONNECTIONS + 100
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
            client.settimeout(0.0)
            with contextlib.suppress(OSError):
                client.send(b"GET / HTTP/1.1\r\n")
            held.append(client)
        begun = time.monotonic()

        def is_open(client: socket.socket) -> bool:
            try:
                return client.recv(1) != b""
            except BlockingIOError:
                return True
            except OSError:
                return False

        time.sleep(1.0)
        assert sum(map(is_open, held)) <= connections.Limits.CONNECTIONS
        while any(map(is_open, held)):
            assert time.monotonic() - begun < connections.Limits.HEAD_S + 8
            time.sleep(0.5)
    assert daemon.ask("GET", "/health")[0] == 200
    assert any("one is refused" in line for line in daemon.log)
    assert any("for a request: closed" in line for line in daemon.log)


def test_more_listeners_than_there_may_be_are_sent_away(start: Starts) -> None:
    daemon = start(FACES + "server: {clients: 3}\n")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(daemon.listen()).recv(timeout=20)
        with pytest.raises(InvalidStatus, match="403"):
            daemon.listen()
    daemon.until(lambda s: s["server"]["clients"] == 0)
    with daemon.listen() as client:
        assert client.recv(timeout=20)


def test_with_a_certificate_it_is_https(start: Starts, tmp_path: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    daemon = start(f"{FACES}server: {{certificate: {certificate}, key: {key}}}\n")
    context = ssl.create_default_context(cafile=str(certificate))
    connection = http.client.HTTPSConnection("localhost", daemon.port, timeout=20, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
    address = f"wss://localhost:{daemon.port}/api/live"
    with connect(address, ssl=context, open_timeout=20) as client:
        assert client.recv(timeout=20)


def test_a_certificate_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no certificate")
    config = tmp_path / "config.yaml"
    config.write_text(f"server: {{certificate: {tmp_path}/a.pem, key: {tmp_path}/a.pem}}\n")
    assert "are no certificate and key" in failing(config)


def test_a_port_that_is_taken_is_said_to_be(daemon: Daemon, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("")
    assert "is it running already?" in failing(config, "--port", str(daemon.port))


def failing(config: Path, *arguments: str) -> Any:
    import sys

    command = [sys.executable, "-m", "edge", "daemon", "--config", str(config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    return line
