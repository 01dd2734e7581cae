"""Which rules an event calls for."""

import logging
import time
from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from edge.actions.table import Action, Condition, Rule, Table, Words
from edge.people.results import Face, FrameResult, Person

log = logging.getLogger(__name__)
LOOKING = 0.5
"""Attention from which on somebody looks at the device."""
SPEAKING = 0.5
"""Probability from which on somebody is heard."""


class Rules:
    """Follows a table: give it all lines of the results, in their order."""

    def __init__(
        self,
        table: Table,
        act: Callable[[Action, dict[str, Any]], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`act`: what is called for each action, with the event. `now`: seconds."""
        self.table = table
        self._act = act
        self._now = now
        self._people: dict[int, Person] = {}
        self._followed: dict[int, float] = {}
        self.matched = 0

    def see(self, line: FrameResult | dict[str, Any] | Any) -> None:
        """Take in a line: a frame's result for who is there, an event for what to do."""
        if isinstance(line, FrameResult):
            self._people = {person.id: person for person in line.people}
        elif isinstance(line, dict) and line.get("type") == "event":
            for index, rule in enumerate(self.table.rules):
                if self._fits(rule, line) and self._rested(index, rule):
                    self.matched += 1
                    for action in rule.do:
                        self._act(action, line)

    def forget(self) -> None:
        """Nothing is seen any more: nobody is here whom a condition could hold for."""
        self._people = {}

    def _rested(self, index: int, rule: Rule) -> bool:
        now = self._now()
        last = self._followed.get(index)
        if last is not None and now - last < rule.cool_down_s:
            return False
        self._followed[index] = now
        return True

    def _fits(self, rule: Rule, event: dict[str, Any]) -> bool:
        if event["kind"] not in _listed(rule.on):
            return False
        if rule.name is not UNSET and event.get("name") not in _listed(rule.name):
            return False
        if event.get("score", 1.0) < rule.at_least:
            return False
        return rule.when == Condition() or self._holds(rule.when, event)

    def _holds(self, when: Condition, event: dict[str, Any]) -> bool:
        person = self._people.get(event.get("person", 0))
        if when.alone is not UNSET and (len(self._people) <= 1) != when.alone:
            return False
        if when.voice is not UNSET:
            voice = event.get("voice") or (person.voice if person else None)
            if voice not in _listed(when.voice):
                return False
        if person is None:
            asked = (when.looking, when.looking_at, when.speaking, when.nearer_than_m)
            return all(part is UNSET for part in asked)
        if when.looking is not UNSET and _at_least(person.attention, LOOKING) != when.looking:
            return False
        if when.speaking is not UNSET and _at_least(person.speaking, SPEAKING) != when.speaking:
            return False
        return _near(when, person.face) and _looks_at(when, person.face)


def _near(when: Condition, face: Any) -> bool:
    if when.nearer_than_m is UNSET:
        return True
    known = isinstance(face, Face) and isinstance(face.distance_m, float)
    return known and face.distance_m < when.nearer_than_m


def _looks_at(when: Condition, face: Any) -> bool:
    if when.looking_at is UNSET:
        return True
    if not isinstance(face, Face) or not isinstance(face.gaze_point, list):
        return False
    x, y, width, height = when.looking_at
    return x <= face.gaze_point[0] <= x + width and y <= face.gaze_point[1] <= y + height


def _at_least(value: Any, limit: float) -> bool:
    return isinstance(value, float) and value >= limit


def _listed(words: Words | Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words)
