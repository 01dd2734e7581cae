"""Mosquitto for tests, and somebody who listens there."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mosquitto(folder: Path, port: int | None = None) -> Iterator[int]:
    """A broker on loopback while it lasts; gives its port."""
    if MOSQUITTO is None:
        pytest.skip("no Mosquitto here: apt-get install mosquitto")
    port = port or free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with subprocess.Popen([MOSQUITTO, "-c", str(settings)]) as process:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        try:
            yield port
        finally:
            process.terminate()


class Heard:
    """What was heard, in order: (topic, payload)."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self._new = threading.Condition()

    def take(self, message: Any) -> None:
        with self._new:
            self.messages.append((message.topic, message.payload.decode()))
            self._new.notify_all()

    def wait(self, count: int, seconds: float = 20.0) -> list[tuple[str, str]]:
        """Return what was heard once it is `count` messages, or fail."""
        with self._new:
            if not self._new.wait_for(lambda: len(self.messages) >= count, seconds):
                pytest.fail(f"{count} messages wanted, heard: {self.messages}")
            return list(self.messages)


@contextmanager
def listening(port: int, topic: str) -> Iterator[Heard]:
    """Somebody subscribed to `topic`, from the first message on."""
    heard, ready = Heard(), threading.Event()
    client = Client(CallbackAPIVersion.VERSION2)

    def subscribe(*_: Any) -> None:
        client.subscribe(topic, qos=1)

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _data, message: heard.take(message)
    client.reconnect_delay_set(1, 1)
    client.connect_async("127.0.0.1", port)
    client.loop_start()
    try:
        if not ready.wait(20.0):
            pytest.fail("the broker didn't take the subscription")
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
