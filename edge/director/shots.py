"""Whom a shot shows, and how: the crop that an operator would aim for, frame by frame.

Rules of the trade (Zettl, "Television Production Handbook"): room above heads, more room where
somebody looks than behind them, eyes on the upper third; wider for several.
"""

import math
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
    smallest_crop: float = 0.3
    """Of the picture's height: a narrower crop shows pixels, not people."""
    speaks: float = 0.5
    """From this probability on somebody is who is heard."""
    stays_s: float = 2.0
    """Who was heard is kept in the shot for so long: people pause."""
    joins_s: float = 1.0
    """Who came only now may be passing through: with others in view they are in no shot before."""
    leaves_s: float = 1.0
    """And who isn't seen for so long, where they were: never zoom on a face that is lost."""


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
    id; nobody for a wide shot of an empty room. `heads`: what bounds theirs, with a margin."""

    crop: Box
    people: tuple[int, ...]
    heads: Box | None = None

    @property
    def kind(self) -> str:
        return ("wide", "single", "two-shot")[len(self.people)] if len(self.people) < 3 else "wide"


class Shots:
    """Says from frame to frame what the shot should be; who speaks decides, else all are in it."""

    def __init__(self, size: tuple[int, int], aspect: float, settings: ShotSettings) -> None:
        """`size`: the picture's width and height. `aspect`: the crop's width over its height."""
        self.size, self.aspect, self.settings = size, aspect, settings
        self._known: dict[int, tuple[float, Subject]] = {}
        self._came: dict[int, float] = {}
        self._chosen: tuple[int, ...] = ()
        self._spoke: dict[int, float] = {}

    def see(self, t: float, people: list[Subject]) -> Shot:
        """Return the shot at t, s."""
        settings = self.settings
        for person in people:
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
        self._came = {id_: self._came.get(id_, t) for id_ in self._known}
        wanted = self._spoke or {
            id_ for id_, came in self._came.items() if t - came >= settings.joins_s
        }
        people = self._fitting([self._known[id_][1] for id_ in wanted or self._known])
        self._chosen = tuple(sorted(person.id for person in people))
        if not people:
            return Shot(self.fitted((0, 0, *self.size)), ())
        return Shot(self._framed(people), self._chosen, self._heads(people))

    def _heads(self, people: list[Subject]) -> Box:
        boxes = [_head(person) for person in people]
        spare = self.settings.spare * max(height for *_, height in boxes)
        left, top = min(x for x, *_ in boxes) - spare, min(y for _, y, *_ in boxes) - spare
        right = max(x + width for x, _, width, _ in boxes) + spare
        bottom = max(y + height for _, y, _, height in boxes) + spare
        left, top = max(left, 0.0), max(top, 0.0)
        return left, top, min(right, self.size[0]) - left, min(bottom, self.size[1]) - top

    def _fitting(self, people: list[Subject]) -> list[Subject]:
        """Return those whose heads fit into a crop together: the largest group, of several the one
        that was shown already, or is nearer."""
        room = min(self.size[0], self.size[1] * self.aspect)
        groups = [
            [
                other
                for other in people
                if other is first
                or (_left(first) <= _left(other) and _right(other) <= _left(first) + room)
            ]
            for first in people
        ]
        return max(groups, key=self._worth, default=[])

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
        least = max([settings.smallest_crop * self.size[1]]
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
        if person.face is None:
            return person.whole
        x, y, width, height = person.face
        return (
            x - settings.aside * width,
            y - settings.headroom * height,
            (1 + 2 * settings.aside) * width,
            (1 + settings.headroom + settings.shoulders) * height,
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


def _left(person: Subject) -> float:
    return (person.face or person.whole)[0]


def _right(person: Subject) -> float:
    x, _, width, _ = person.face or person.whole
    return x + width


def _turned(yaw: float | None, most: float) -> float:
    """Return -1 to 1: how far somebody looks to the picture's right."""
    return 0.0 if yaw is None else math.sin(math.radians(90 * max(-1.0, min(1.0, yaw / most))))
