"""Draws people into the picture, for people to look at."""

import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.people.backgrounds import Background, behind, read_backdrop
from edge.people.drawing import (
    NOBODY,
    Colour,
    Points,
    colour_of,
    draw_body,
    draw_brackets,
    draw_hand,
    draw_label,
    draw_look,
    draw_mesh,
    lighter,
)
from edge.people.results import Body, Face, FrameResult, Hand, Person
from edge.people.rows import hands_of
from edge.vision.bodies import Bodies
from edge.vision.detection import intersection_over_union
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.silhouette import Silhouette
from edge.vision.targets import Seen, corners

SAME = 0.3
"""A part whose box shares less with what the results say belongs to nobody."""
SPEAKS = 0.5
"""From this probability on somebody is said to be the one who is heard."""
ATTENDS = 0.5
"""And to attend to the device."""
EYES = 0.4
"""How far down in a face's box its eyes are."""


class Overlay(Node):
    """Draws people: boxes with ids, faces, hands, bodies, each person in one colour.

    `frame`: left as it is. `people`: whom to draw, all of one frame. `meshes`, `hands`, `bodies`:
    the landmarks; unwired, those in `people` are drawn, where they were asked for. `silhouette`:
    what is no person is shown otherwise.
    Output: a frame with the same number and time, in which all is drawn. The box of who was
    carried here, not seen, is thin; who is heard "speaks", who looks at the device "attends". An
    arrow says where the eyes look, or where the head is turned if that is all that is known.
    """

    class Settings(Node.Settings):
        enabled: bool = True
        """Off, nothing is drawn and nothing given."""
        boxes: bool = True
        """Draw a box around each person, with the id."""
        scores: bool = True
        """Write the score beside the id."""
        landmarks: bool = True
        """Draw landmarks."""
        gaze: bool = True
        """Draw where people look."""
        background: Background = "dim"
        """What becomes of what is no person, where a silhouette is wired: keep, dim, blur or
        replace."""
        backdrop: str | None = None
        """An image that replaces it; by default a plain colour."""

    settings: Settings
    changeable = ("enabled", "boxes", "scores", "landmarks", "gaze", "background", "backdrop")

    def open(self, context: Context) -> None:
        """Raises UserError where the backdrop can't be read."""
        super().open(context)
        if self.settings.backdrop is not None:
            read_backdrop(self.settings.backdrop)

    def process(
        self,
        frame: Frame,
        people: FrameResult,
        meshes: Meshes | None,
        hands: Hands | None,
        bodies: Bodies | None,
        silhouette: Silhouette | None,
    ) -> Frame | None:
        settings = self.settings
        if not settings.enabled:
            return None
        mask = silhouette.mask if silhouette and settings.background != "keep" else None
        picture = behind(frame, mask, settings.background, settings.backdrop)
        # Lines of 2 px in a 720p picture, which is what a window shows.
        thickness = max(1, round(min(frame.size) / 360))
        if settings.landmarks:
            for points, colour in _parts(people, "body", bodies):
                draw_body(picture, points, colour, thickness)
            for points, colour in _parts(people, "face", meshes):
                draw_mesh(picture, points[:, :2], lighter(colour), thickness)
            for points, colour in _parts(people, "hands", hands):
                draw_hand(picture, points[:, :2], colour, thickness)
        for person in people.people:
            colour = colour_of(person.id)
            if settings.boxes:
                draw_brackets(picture, person.box, colour, thickness if person.fresh else 0)
                draw_label(picture, self._label(person), person.box, colour, thickness)
                for hand in hands_of(person):
                    _draw_gesture(picture, hand, colour, thickness)
            if settings.gaze:
                _draw_look(picture, person.face, colour, thickness, frame.mirrored)
        return Frame(picture, frame.index, frame.t, still=frame.still)

    def _label(self, person: Person) -> str:
        score = f"  {person.score:.0%}" if self.settings.scores else ""
        speaks = "  speaks" if _at_least(person.speaking, SPEAKS) else ""
        attends = "  attends" if _at_least(person.attention, ATTENDS) else ""
        return f"{person.id}{score}{speaks}{attends}"


def _at_least(value: float | UnsetType, limit: float) -> bool:
    return isinstance(value, float) and value >= limit


def _draw_look(
    picture: NDArray[np.uint8],
    face: Face | UnsetType,
    colour: Colour,
    thickness: int,
    mirrored: bool,
) -> None:
    """Draw where a face looks: its eyes, or its head, then in a lighter colour."""
    if not isinstance(face, Face):
        return
    if isinstance(face.gaze, list):
        yaw, pitch = face.gaze
    elif isinstance(face.yaw, float) and isinstance(face.pitch, float):
        yaw, pitch = face.yaw, face.pitch
        colour = lighter(colour)
    else:
        return
    x, y, width, height = face.box
    eyes = x + width / 2, y + EYES * height
    # In a mirrored picture a person's left is the picture's left.
    draw_look(picture, eyes, (-yaw if mirrored else yaw, pitch), width, colour, thickness)


def _draw_gesture(picture: NDArray[np.uint8], hand: Hand, colour: Colour, thickness: int) -> None:
    if isinstance(hand.gesture, str) and hand.gesture != "none":
        draw_label(picture, hand.gesture.replace("_", " "), hand.box, colour, thickness)


def _parts(people: FrameResult, kind: str, seen: Seen | None) -> list[tuple[Points, Colour]]:
    """Return the landmarks of all parts of a kind (`face`, `hands`, `body`), each with its colour.

    What is seen has the colour of the person whose part has its box, grey where there is none.
    """
    known = [(part, colour_of(person.id)) for person in people.people for part in _of(person, kind)]
    if seen is None:
        return [
            (np.array(part.landmarks, np.float64).reshape(len(part.landmarks), -1), colour)
            for part, colour in known
            if part.landmarks is not UNSET
        ]
    boxes = np.array([part.box for part, _ in known], np.float32).reshape(-1, 4)
    shared = intersection_over_union(corners(seen.boxes), corners(boxes))
    parts = []
    for points, overlaps in zip(seen.landmarks.astype(np.float64), shared, strict=True):
        if np.isfinite(points).all():
            best = int(overlaps.argmax()) if len(known) else 0
            is_known = len(known) and overlaps[best] > SAME
            parts.append((points, known[best][1] if is_known else NOBODY))
    return parts


def _of(person: Person, kind: str) -> list[Face | Hand | Body]:
    found = getattr(person, kind)
    if found is UNSET:
        return []
    return found if isinstance(found, list) else [found]
