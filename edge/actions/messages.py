"""A connection to an MQTT broker, for rules and for Home Assistant."""

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable

from edge.actions.table import Broker
from edge.errors import UserError

log = logging.getLogger(__name__)
CLOSING_S = 3.0
"""How long all that waits at the end may take."""
RECONNECT_S = 1, 5
"""Between attempts to reach a broker, at first and at most: it is on this network."""
NOT_CONNECTED = 4
"""MQTT_ERR_NO_CONN of paho: it is queued all the same."""


class Messages:
    """Sends in order; while the broker is away, which is tried again, at most `kept` wait.

    `counts`: messages "sent" (the broker has them) and "dropped" (more waited than may).
    """

    def __init__(
        self,
        broker: Broker,
        kept: int,
        will: tuple[str, str] | None = None,
        on_connect: Callable[[], None] | None = None,
    ) -> None:
        """`will`: topic and payload that the broker publishes, retained, if we vanish.
        `on_connect`: called each time the broker has been reached, on a thread of its own.

        Raises UserError where the broker's password isn't there.
        """
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.counts: Counter[str] = Counter()
        self.connected = False
        self._open = 0
        self._changed = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_publish = lambda *_: self._settled("sent")
        self._client.on_connect = lambda *_: self._reached(on_connect)
        self._client.on_disconnect = lambda *_: self._lost()
        self._kept = kept
        if will is not None:
            self._client.will_set(*will, qos=1, retain=True)
        if broker.user is not None:
            self._client.username_pw_set(broker.user, _password(broker))
        if broker.tls:
            self._client.tls_set()
        self._client.reconnect_delay_set(*RECONNECT_S)
        self._client.connect_async(broker.host, broker.port, keepalive=30)

    def open(self) -> None:
        """Begin to reach for the broker: from now on `on_connect` may be called."""
        self._client.loop_start()

    def send(self, topic: str, payload: str, retain: bool = False, *, bounded: bool = True) -> None:
        """Have the broker get it. `bounded`: not if so many wait already, counted as dropped.

        Raises ValueError where it isn't sent.
        """
        with self._changed:
            is_full = bounded and self._open >= self._kept
            self._open += 1
        if is_full:
            self._settled("dropped")
            raise ValueError(f"{self._kept} messages wait for the broker already")
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        if sent.rc not in (0, NOT_CONNECTED):
            self._settled("dropped")
            raise ValueError(f"the broker takes no more messages ({sent.rc})")

    def close(self) -> None:
        # Asking the last message itself fails where it was queued before there was a connection.
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, CLOSING_S):
                log.warning("the broker wasn't reached: messages were lost")
        self._client.disconnect()
        self._client.loop_stop()

    def _settled(self, how: str) -> None:
        with self._changed:
            self._open -= 1
            self.counts[how] += 1
            self._changed.notify_all()

    def _reached(self, on_connect: Callable[[], None] | None) -> None:
        self.connected = True
        if on_connect is not None:
            on_connect()

    def _lost(self) -> None:
        self.connected = False


def _password(broker: Broker) -> str | None:
    if broker.password_variable is None:
        return None
    if broker.password_variable not in os.environ:
        raise UserError(f"the broker's password is to be in {broker.password_variable}: set it")
    return os.environ[broker.password_variable]
