"""Home Assistant: what it discovers here, and is told.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery has the topics and the keys.
"""

import json
import logging
import threading
from importlib.metadata import version
from typing import Any

from edge.actions.messages import Messages
from edge.daemon.config import HomeAssistant
from edge.people.results import FrameResult, Person

log = logging.getLogger(__name__)
SPEAKING = 0.5
"""Probability from which on somebody is heard."""
NOBODY = "nobody"
GESTURES = (
    *("swipe_left", "swipe_right", "swipe_up", "swipe_down", "zoom_in", "zoom_out"),
    *("tap", "double_tap", "grab", "drag_and_drop", "wave"),
    *("circle_clockwise", "circle_counter_clockwise", "stop"),
)
"""RESULTS.md lists them; Home Assistant wants to know what an event may be."""


class Home:
    """Tells a broker who is here, who speaks, to whom, and what hands say.

    States are retained and sent when they change, or the broker comes back; gestures are events,
    each sent once, in order: while the broker is away they wait, up to the settings' bound.
    """

    def __init__(self, settings: HomeAssistant) -> None:
        """Raises UserError where the broker's password isn't there."""
        self._prefix, self._name = settings.prefix, settings.name
        self._lock = threading.Lock()
        self._states: dict[str, str] = {"addressed": "OFF"}
        self._addressed: set[int] = set()
        self._status = f"edge/{self._name}/status"
        self._messages = Messages(
            settings.broker, settings.kept, (self._status, "offline"), self._introduce
        )
        self._messages.open()

    def see(self, line: FrameResult | dict[str, Any]) -> None:
        """Take in a line of the results."""
        if isinstance(line, FrameResult):
            self._people(line.people)
        elif line["kind"] == "gesture":
            gesture = {"event_type": line["name"], "person": line.get("person", 0)}
            self._send("gesture", json.dumps(gesture), retain=False)
        elif line["kind"] in ("addressed", "addressed_ended"):
            change = set.add if line["kind"] == "addressed" else set.discard
            change(self._addressed, line.get("person", 0))
            self._tell("addressed", "ON" if self._addressed else "OFF")

    def forget(self) -> None:
        """Nothing is seen any more: nobody is said to be here."""
        self._addressed.clear()
        self._tell("addressed", "OFF")
        self._people([])

    def counts(self) -> dict[str, int]:
        """Return how many messages the broker has, and were dropped; and whether it is there."""
        return {**self._messages.counts, "connected": int(self._messages.connected)}

    def close(self) -> None:
        self._send_to(self._status, "offline", retain=True)
        self._messages.close()

    def _people(self, people: list[Person]) -> None:
        here = [p for p in people if p.face or p.body]  # a hand alone is nobody yet
        self._tell("people", str(len(here)))
        self._tell("presence", "ON" if here else "OFF")
        heard = [p for p in people if isinstance(p.speaking, float) and p.speaking >= SPEAKING]
        self._tell("speaking", ", ".join(map(_named, heard)) or NOBODY)
        gone = self._addressed - {p.id for p in people}
        if gone:
            self._addressed -= gone
            self._tell("addressed", "ON" if self._addressed else "OFF")

    def _tell(self, what: str, value: str) -> None:
        with self._lock:
            if self._states.get(what) == value:
                return
            self._states[what] = value
        if self._messages.connected:  # else told as it comes back
            self._send(what, value, retain=True)

    def _introduce(self) -> None:
        """The broker is there: say what can be discovered, and how all is."""
        for what, about in self._entities().items():
            kind = about.pop("kind")
            topic = f"{self._prefix}/{kind}/{self._name}/{what}/config"
            self._send_to(topic, json.dumps(about), retain=True)
        self._send_to(self._status, "online", retain=True)
        with self._lock:
            states = dict(self._states)
        for what, value in states.items():
            self._send(what, value, retain=True)

    def _entities(self) -> dict[str, dict[str, Any]]:
        device = {
            "identifiers": [f"edge_{self._name}"],
            "name": self._name,
            "manufacturer": "edge",
            "sw_version": version("edge-perception"),
        }
        kinds: dict[str, dict[str, Any]] = {
            "presence": {
                "kind": "binary_sensor", "name": "Presence", "device_class": "occupancy",
            },
            "people": {"kind": "sensor", "name": "People", "state_class": "measurement"},
            "speaking": {"kind": "sensor", "name": "Speaking", "icon": "mdi:account-voice"},
            "addressed": {"kind": "binary_sensor", "name": "Addressed", "icon": "mdi:ear-hearing"},
            "gesture": {"kind": "event", "name": "Gesture", "event_types": list(GESTURES)},
        }  # fmt: skip
        common = {"availability_topic": self._status, "device": device}
        return {
            what: {
                **about,
                **common,
                "unique_id": f"edge_{self._name}_{what}",
                "state_topic": f"edge/{self._name}/{what}",
            }
            for what, about in kinds.items()
        }

    def _send(self, what: str, value: str, retain: bool) -> None:
        self._send_to(f"edge/{self._name}/{what}", value, retain)

    def _send_to(self, topic: str, payload: str, retain: bool) -> None:
        try:
            self._messages.send(topic, payload, retain, bounded=not retain)
        except ValueError as error:
            log.debug("%s wasn't sent: %s", topic, error)  # counted there


def _named(person: Person) -> str:
    return person.voice if isinstance(person.voice, str) else f"person {person.id}"
