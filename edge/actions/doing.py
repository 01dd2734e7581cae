"""Does what rules say: on a thread of its own, so that nobody who is slow stops anybody."""

import json
import logging
import math
import os
import queue
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

from msgspec import UNSET

from edge.actions.table import Action, Broker, Message, Table
from edge.errors import UserError

log = logging.getLogger(__name__)
WAITING = 100
"""Actions that wait at most; what comes then is dropped, and counted."""
KEY = re.compile(r"\{([a-z_]+)\}")
WEBHOOK_S, COMMAND_S, CLOSING_S = 5.0, 10.0, 3.0
"""How long an address, a program, and all that waits at the end may take."""


class Doing:
    """`counts`: how many actions were "done", "failed", "dropped" for more waited than may, or
    "left" undone at the end."""

    def __init__(self, table: Table) -> None:
        """Raises UserError where the table's broker needs a password that isn't there."""
        self.counts: Counter[str] = Counter()
        self._deadline = math.inf
        self._messages = _Messages(table.broker) if table.sends_messages else None
        self._waiting: queue.Queue[tuple[Action, dict[str, Any]] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="actions", daemon=True)
        self._thread.start()

    def act(self, action: Action, event: dict[str, Any]) -> None:
        """Have it done soon."""
        try:
            self._waiting.put_nowait((action, event))
        except queue.Full:
            self.counts["dropped"] += 1
            log.warning("an action was dropped: %d wait already", WAITING)

    def close(self) -> None:
        """Finish what waits, within `CLOSING_S`, and what is being done then."""
        self._deadline = time.monotonic() + CLOSING_S
        self._waiting.put(None)
        self._thread.join()
        if self.counts["left"]:
            log.warning("%d actions that still waited were left undone", self.counts["left"])
        if self._messages is not None:
            self._messages.close()

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            if time.monotonic() > self._deadline:
                self.counts["left"] += 1
            else:
                self.counts["done" if self._tried(*item) else "failed"] += 1

    def _tried(self, action: Action, event: dict[str, Any]) -> bool:
        try:
            self._do(action, event)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            log.warning("an action failed: %s", error)
            return False
        return True

    def _do(self, action: Action, event: dict[str, Any]) -> None:
        if action.mqtt is not UNSET:
            assert self._messages is not None
            self._messages.send(action.mqtt, event)
        elif action.webhook is not UNSET:
            _post(action.webhook, event)
        elif action.command is not UNSET:
            _run(action.command, event)


class _Messages:
    """A connection to an MQTT broker, which comes back by itself; what is sent meanwhile waits."""

    def __init__(self, broker: Broker) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self._open = 0
        self._changed = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_publish = lambda *_: self._settled()
        self._client.max_queued_messages_set(WAITING)
        if broker.user is not None:
            self._client.username_pw_set(broker.user, _password(broker))
        if broker.tls:
            self._client.tls_set()
        self._client.reconnect_delay_set(1, 30)
        self._client.connect_async(broker.host, broker.port, keepalive=30)
        self._client.loop_start()

    def send(self, message: Message, event: dict[str, Any]) -> None:
        payload = _json(event) if message.payload is None else _filled(message.payload, event)
        with self._changed:
            self._open += 1
        sent = self._client.publish(
            _filled(message.topic, event), payload, qos=1, retain=message.retain
        )
        if sent.rc not in (0, 4):  # 4: not connected yet, but queued
            self._settled()
            raise ValueError(f"the broker takes no more messages ({sent.rc})")

    def close(self) -> None:
        # Asking the last message itself fails where it was queued before there was a connection.
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, CLOSING_S):
                log.warning("the broker wasn't reached: messages were lost")
        self._client.disconnect()
        self._client.loop_stop()

    def _settled(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()


def _password(broker: Broker) -> str | None:
    if broker.password_variable is None:
        return None
    if broker.password_variable not in os.environ:
        raise UserError(f"the broker's password is to be in {broker.password_variable}: set it")
    return os.environ[broker.password_variable]


def _post(address: str, event: dict[str, Any]) -> None:
    request = urllib.request.Request(
        address, _json(event).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_S):
            pass
    except urllib.error.URLError as error:
        raise OSError(f"{address}: {error}") from None


def _run(command: list[str], event: dict[str, Any]) -> None:
    filled = [_filled(part, event) for part in command]
    subprocess.run(
        filled, input=_json(event), text=True, timeout=COMMAND_S, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False)


def _filled(text: str, event: dict[str, Any]) -> str:
    """Return text with the event's keys filled in, {name} and the like; what it hasn't is empty."""
    return KEY.sub(lambda found: str(event.get(found[1], "")), text)
