"""Does what rules say: on a thread of its own, so that nobody who is slow stops anybody."""

import json
import logging
import math
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

from edge.actions.messages import Messages
from edge.actions.table import Action, Table

log = logging.getLogger(__name__)
WAITING = 100
"""Actions that wait at most; what comes then is dropped, and counted."""
KEY = re.compile(r"\{([a-z_]+)\}")
WEBHOOK_S, COMMAND_S = 5.0, 10.0
"""How long an address and a program may take."""
CLOSING_S = 3.0
"""How long all that waits at the end may take."""


class Doing:
    """`counts`: how many actions were "done", "failed", "dropped" for more waited than may, or
    "left" undone at the end."""

    def __init__(self, table: Table) -> None:
        """Raises UserError where the table's broker needs a password that isn't there."""
        self.counts: Counter[str] = Counter()
        self._deadline = math.inf
        self._messages = Messages(table.broker, WAITING) if table.sends_messages else None
        if self._messages is not None:
            self._messages.open()
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
            message = action.mqtt
            payload = _json(event) if message.payload is None else _filled(message.payload, event)
            self._messages.send(_filled(message.topic, event), payload, message.retain)
        elif action.webhook is not UNSET:
            _post(action.webhook, event)
        elif action.command is not UNSET:
            _run(action.command, event)


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
