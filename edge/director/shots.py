"""Whom a shot shows, and how: the crop that an operator would aim for, frame by frame.

Rules of the trade (Zettl, "Television Production Handbook"): room above heads, more room where
somebody looks than behind them, eyes on the upper third; wider for several.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

Box = tuple[float, float, float, float]
"""x, y, width, height, pixels."""


class ShotSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a good crop is, in parts of faces and of the crop."""

    headroom: float = 0.6
    """Above a face's box, in its heights: hair takes half of that."""
    shoulders: float = 1.9
    """Below it, in its heights, where no body was seen: head and shoulders."""
    aside: float = 0.8
    """To either side, in its widths: room for shoulders."""
    looking: float = 0.12
    """Of the crop's width: so much farther from the edge that somebody looks to, at most."""
    looking_deg: float = 30.0
    """From there on the head is turned to the side altogether."""
    spare: float = 0.25
    """A head that is nearer to the crop's edge than so many of its heights is about to leave it."""
    largest_face: float = 0.32
    """Of the crop's height: nearer is too near, and shows every tremble."""
    smallest_crop: float = 0.5
    """Of the picture's height: blown up by more than two a picture shows pixels, not people."""
    speaks: float = 0.5
    """From this probability on somebody is who is heard."""
    stays_s: float = 2.0
    """Who was heard is kept in the shot for so long: people pause."""
    joins_s: float = 1.0
    """Who came only now may be passing through: with others in view they are in no shot before."""
    leaves_s: float = 1.0
    """And who isn't seen for so long, where they were: never zoom on a face that is lost."""
    joins_room: float = 0.8
    """Of the largest crop's width: heads that are so near to each other get a shot together …"""
    keeps_room: float = 0.92
    """… and keep it up to here: those at the limit would trade places all the time."""
    lead_s: float = 0.7
    """Who walks is framed where they will be then: an operator leads, and doesn't trail."""
    memory_s: float = 0.5
    """How long the past counts in how fast somebody walks: heads bob with each step."""
    keeps_up: float = 0.6
    """Of the operator's speed: who walks faster gets a wider shot, in which that is slower."""


class Subject(NamedTuple):
    """Somebody in view: `face` and `whole` as in the results, None for what wasn't seen; `yaw`,
    degrees to their own left, and `speaking`, where known."""

    id: int
    whole: Box
    face: Box | None = None
    yaw: float | None = None
    speaking: float | None = None


class Shot(NamedTuple):
    """`crop`: what to show, of the aspect ratio asked for, within the picture. `people`: whom, by
    id; nobody for a wide shot of an empty room. `heads`: where theirs are. `bounds`: of all of
    these, with a margin."""

    crop: Box
    people: tuple[int, ...]
    heads: Mapping[int, Box] = MappingProxyType({})
    bounds: Box | None = None

    @property
    def kind(self) -> str:
        return ("wide", "single", "two-shot")[len(self.people)] if len(self.people) < 3 else "wide"


class Shots:
    """Says from frame to frame what the shot should be; who speaks decides, else all are in it."""

    def __init__(
        self, size: tuple[int, int], aspect: float, settings: ShotSettings, speed: float
    ) -> None:
        """`size`: the picture's width and height. `aspect`: the crop's width over its height.
        `speed`: of the operator, heights of the crop a second."""
        self.size, self.aspect, self.settings, self.speed = size, aspect, settings, speed
        self._known: dict[int, tuple[float, Subject]] = {}
        self._walks: dict[int, tuple[float, float]] = {}
        self._came: dict[int, float] = {}
        self._chosen: tuple[int, ...] = ()
        self._spoke: dict[int, float] = {}

    def see(self, t: float, people: list[Subject]) -> Shot:
        """Return the shot at t, s."""
        settings = self.settings
        for person in people:
            self._walks[person.id] = self._walk(t, person)
            self._known[person.id] = t, person
            if person.speaking is not None and person.speaking >= settings.speaks:
                self._spoke[person.id] = t
        self._known = {
            id_: seen for id_, seen in self._known.items() if t - seen[0] <= settings.leaves_s
        }
        self._spoke = {
            id_: last
            for id_, last in self._spoke.items()
            if t - last <= settings.stays_s and id_ in self._known
        }
        self._walks = {id_: self._walks[id_] for id_ in self._known}
        self._came = {id_: self._came.get(id_, t) for id_ in self._known}
        wanted = self._spoke or {
            id_ for id_, came in self._came.items() if t - came >= settings.joins_s
        }
        people = self._fitting([self._known[id_][1] for id_ in wanted or self._known])
        self._chosen = tuple(sorted(person.id for person in people))
        if not people:
            return Shot(self.fitted((0, 0, *self.size)), ())
        heads = {person.id: _head(person) for person in people}
        return Shot(self._framed(people), self._chosen, heads, self._bounds(list(heads.values())))

    def _bounds(self, boxes: list[Box]) -> Box:
        spare = self.settings.spare * max(height for *_, height in boxes)
        left, top = min(x for x, *_ in boxes) - spare, min(y for _, y, *_ in boxes) - spare
        right = max(x + width for x, _, width, _ in boxes) + spare
        bottom = max(y + height for _, y, _, height in boxes) + spare
        left, top = max(left, 0.0), max(top, 0.0)
        return left, top, min(right, self.size[0]) - left, min(bottom, self.size[1]) - top

    def _fitting(self, people: list[Subject]) -> list[Subject]:
        """Return those whose heads fit into a crop together: the largest group, of several the one
        that was shown already, or is nearer."""
        groups = [
            [other for other in people if other is first or self._goes_with(first, other)]
            for first in people
        ]
        return max(groups, key=self._worth, default=[])

    def _goes_with(self, first: Subject, other: Subject) -> bool:
        """Whether a crop that begins with one head can hold another."""
        were_together = {first.id, other.id} <= set(self._chosen)
        settings = self.settings
        room = min(self.size[0], self.size[1] * self.aspect)
        room *= settings.keeps_room if were_together else settings.joins_room
        return _left(first) <= _left(other) and _right(other) <= _left(first) + room

    def _walk(self, t: float, person: Subject) -> tuple[float, float]:
        """Return how fast somebody's head moves, to the right and down, pixels a second."""
        last, before = self._known.get(person.id, (t, person))
        speed = self._walks.get(person.id, (0.0, 0.0))
        if t <= last or (person.face is None) != (before.face is None):
            return speed
        share = min(1.0, (t - last) / self.settings.memory_s)
        (x, y), (old_x, old_y) = _middle(_head(person)), _middle(_head(before))
        return (
            speed[0] + share * ((x - old_x) / (t - last) - speed[0]),
            speed[1] + share * ((y - old_y) / (t - last) - speed[1]),
        )

    def _worth(self, group: list[Subject]) -> tuple[int, float]:
        shown = sum(person.id in self._chosen for person in group)
        size = sum((person.face or person.whole)[3] for person in group)
        return 2 * shown + len(group), size

    def _framed(self, people: list[Subject]) -> Box:
        settings = self.settings
        rooms = [self._room(person) for person in people]
        left, top = min(x for x, *_ in rooms), min(y for _, y, *_ in rooms)
        right = max(x + width for x, _, width, _ in rooms)
        bottom = max(y + height for _, y, _, height in rooms)
        faces = [person.face[3] for person in people if person.face is not None]
        fastest = max(math.hypot(*self._walks[person.id]) for person in people)
        least = max([settings.smallest_crop * self.size[1],
                     fastest / (settings.keeps_up * self.speed)]
                    + [height / settings.largest_face for height in faces])  # fmt: skip
        height = max(bottom - top, (right - left) / self.aspect, least)
        width = height * self.aspect
        towards = sum(_turned(person.yaw, settings.looking_deg) for person in people) / len(people)
        x = (left + right - width) / 2 + settings.looking * width * towards
        # People whole come before room to look into.
        x = min(max(x, right - width), left) if right - left < width else x
        return self.fitted((x, top, width, height))

    def _room(self, person: Subject) -> Box:
        """Return what of a person belongs into the shot, with room around."""
        settings = self.settings
        x, y, width, height = person.face or person.whole
        lead = [settings.lead_s * speed for speed in self._walks[person.id]]
        x, y = x + min(lead[0], 0.0), y + min(lead[1], 0.0)
        width, height = width + abs(lead[0]), height + abs(lead[1])
        if person.face is None:
            return x, y, width, height
        _, _, face_width, face_height = person.face
        return (
            x - settings.aside * face_width,
            y - settings.headroom * face_height,
            width + 2 * settings.aside * face_width,
            height + (settings.headroom + settings.shoulders) * face_height,
        )

    def fitted(self, wanted: Box) -> Box:
        """Return the smallest crop of the aspect ratio that holds a box, as far as the picture
        goes, wholly within it."""
        x, y, width, height = wanted
        whole_width, whole_height = self.size
        tall = max(height, width / self.aspect)
        tall = min(tall, whole_height, whole_width / self.aspect)
        wide = tall * self.aspect
        left = min(max(x + (width - wide) / 2, 0), whole_width - wide)
        # What doesn't fit is cut off below: heads stay in.
        upper = y if height > tall else y + (height - tall) / 2
        return left, min(max(upper, 0), whole_height - tall), wide, tall


def _head(person: Subject) -> Box:
    """Return somebody's face, or where it is in all that is seen of them."""
    if person.face is not None:
        return person.face
    x, y, width, height = person.whole
    return x, y, width, height / 3


def _middle(box: Box) -> tuple[float, float]:
    x, y, width, height = box
    return x + width / 2, y + height / 2


def _left(person: Subject) -> float:
    return (person.face or person.whole)[0]


def _right(person: Subject) -> float:
    x, _, width, _ = person.face or person.whole
    return x + width


def _turned(yaw: float | None, most: float) -> float:
    """Return -1 to 1: how far somebody looks to the picture's right."""
    return 0.0 if yaw is None else math.sin(math.radians(90 * max(-1.0, min(1.0, yaw / most))))
