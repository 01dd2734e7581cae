"""Which rows of what was seen are whose part."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

from edge.people.results import FrameResult, Hand, Person
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.targets import Seen

K = TypeVar("K", bound=Hashable)
SAME = 0.3
"""A part's box in the results is smoothed; one that shares less of its area is another's."""


def face_rows(people: FrameResult, meshes: Meshes | None) -> dict[int, int]:
    """Return which row of `meshes` each person's face is, of those whose landmarks are trusted."""
    faces = [(p.id, p.face.box) for p in people.people if p.face]
    found = _rows(faces, meshes)
    return {id_: row for id_, row in found.items() if meshes is not None and meshes.trusted[row]}


def body_rows(people: FrameResult, bodies: Seen | None) -> dict[int, int]:
    """Return which row of `bodies` each person's body is."""
    return _rows(((p.id, p.body.box) for p in people.people if p.body), bodies)


def hand_rows(people: FrameResult, hands: Hands | None) -> dict[tuple[int, str], int]:
    """Return which row of `hands` each hand is, by its person's id and its side."""
    known = (((p.id, hand.side), hand.box) for p in people.people for hand in hands_of(p))
    return _rows(known, hands)


def hands_of(person: Person) -> list[Hand]:
    """Return a person's hands, none where none were seen."""
    return person.hands if isinstance(person.hands, list) else []


def _rows(known: Iterable[tuple[K, list[float]]], seen: Seen | None) -> dict[K, int]:
    if seen is None or not len(seen):
        return {}
    boxes = seen.boxes.tolist()
    found = {}
    for key, box in known:
        shared = [_shared(box, other) for other in boxes]
        best = max(shared)
        if best > SAME:
            found[key] = shared.index(best)
    return found


def _shared(one: list[float], other: list[float]) -> float:
    """Return the intersection of two boxes over their union; for a few boxes, as here, it takes a
    tenth of what arrays take."""
    x, y, width, height = one
    left, top, wide, high = other
    across = min(x + width, left + wide) - max(x, left)
    down = min(y + height, top + high) - max(y, top)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (width * height + wide * high - across * down)
