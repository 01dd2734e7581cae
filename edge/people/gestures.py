"""What hands say, held still or moving."""

import math
from collections.abc import Container
from typing import NamedTuple

import msgspec
import numpy as np

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.people.hand_shape import MIRROR, hand_shape
from edge.people.moving_gestures import MovingGestures, MovingSettings
from edge.people.results import FrameResult, Hand, Person
from edge.people.rows import body_rows, hand_rows, hands_of
from edge.people.still_gestures import StillGestures, StillSettings
from edge.people.taught_gestures import taught
from edge.vision.bodies import Bodies
from edge.vision.hands import Hands
from edge.vision.models import ModelSettings, open_model
from edge.vision.targets import Floats

SECOND = 1_000_000
SIDES = ("left", "right")
HANDS = {"left": [15, 17, 19], "right": [16, 18, 20]}
"""Of a body's landmarks: wrist, little finger and forefinger."""
VISIBLE = 0.5
"""A wrist that is more likely hidden than seen says nothing."""


Key = tuple[int, str]
"""A person's id, and which hand."""


class Look(NamedTuple):
    """What a hand looks like: its row in `Hands`, and what `hand_shape` says."""

    row: int
    place: Floats
    size: float
    shape: Floats


class Gestures(Node):
    """Says what each hand shows, and tells of gestures that are motions.

    `frame`: for its time, and whether it is mirrored. `people`: who is in it. `hands`: their
    landmarks. `bodies`: theirs; a hand that blurs as it moves is followed by its wrist; unwired,
    such a hand is lost for those frames.
    Output: the same `FrameResult`, in which every hand has `gesture` and `gesture_score`.
    Events: `gesture`, with `person`, `name` and `score`, once the motion is complete. Directions
    are those in a mirrored picture, whether this one is mirrored or not.
    """

    class Settings(ModelSettings):
        still: bool = True
        """Say what hands show."""
        moving: bool = True
        """Tell of motions."""
        taught: bool = True
        """Know the gestures that `edge gestures train` taught on this device."""
        model: str = "hand_motion"
        """Of motions, or the path of a model with the same input and output."""
        same_s: float = 0.6
        """Both hands of a person, or one seen as two, that complete the same gesture within so
        short a time made one gesture."""
        shape: StillSettings = StillSettings()
        motion: MovingSettings = MovingSettings()

    settings: Settings

    @classmethod
    def unread(cls, settings: Settings) -> tuple[str, ...]:
        return () if settings.moving else ("bodies",)

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        # All are of a few µs on a processor.
        small = msgspec.structs.replace(settings, accelerator="none", threads=1)
        self.still: StillGestures | None = None
        self.moving: MovingGestures | None = None
        if settings.still:
            self.still = StillGestures(
                open_model("gesture_embedder", small, context, input_range=(0, 1)),
                open_model("gesture_classifier", small, context, input_range=(0, 1)),
                taught() if settings.taught else None,
                settings.shape,
            )
        if settings.moving:
            model = open_model(settings.model, small, context, input_range=(0, 1))
            self.moving = MovingGestures(model, settings.motion)
        self.told: dict[tuple[int, str], int] = {}

    def process(
        self, frame: Frame, people: FrameResult, hands: Hands | None, bodies: Bodies | None
    ) -> FrameResult:
        looks = {
            key: Look(row, *hand_shape(hands.landmarks[row], key[1] == "right", frame.mirrored))
            for key, row in hand_rows(people, hands).items()
            if hands is not None
        }
        if self.moving is not None and not frame.still:
            self._move(frame, people, bodies, looks)
        if self.still is None or hands is None or not looks:
            return people
        self.still.forget(self.t)
        return msgspec.structs.replace(
            people, people=[self._person(frame, person, hands, looks) for person in people.people]
        )

    def close(self) -> None:
        for part in (self.still, self.moving):
            if part is not None:
                part.close()

    def _person(self, frame: Frame, person: Person, hands: Hands, looks: dict[Key, Look]) -> Person:
        if not hands_of(person):
            return person
        shown = [self._hand(frame, person.id, hand, hands, looks) for hand in hands_of(person)]
        return msgspec.structs.replace(person, hands=shown)

    def _hand(
        self, frame: Frame, id_: int, hand: Hand, hands: Hands, looks: dict[Key, Look]
    ) -> Hand:
        assert self.still is not None
        key = id_, hand.side
        look = looks.get(key)
        if look is None or not np.isfinite(hands.world[look.row]).all():
            return hand
        seems = self.still.look(hands, look.row, look.shape)
        name, score = self.still.follow(key, self.t, seems, frame.still)
        return msgspec.structs.replace(hand, gesture=name, gesture_score=round(score, 3))

    def _move(
        self, frame: Frame, people: FrameResult, bodies: Bodies | None, looks: dict[Key, Look]
    ) -> None:
        """Follow every hand, and tell what is complete."""
        assert self.moving is not None
        wrists = wrist_places(frame.mirrored, people, bodies, looks)
        for key in {**looks, **wrists}:
            id_, side = key
            look, beside = looks.get(key), looks.get((id_, SIDES[side == "left"]))
            place = wrists[key] if look is None else look.place
            apart = None if beside is None else math.dist(place, beside.place)
            if look is None:
                self.moving.guess(key, self.t, place, apart)
            else:
                self.moving.see(key, self.t, place, look.size, look.shape, apart)
            for told in self.moving.told(key, self.t):
                self._tell(id_, told.name, told.score)
        self.moving.forget(self.t)

    def _tell(self, id_: int, name: str, score: float) -> None:
        key = id_, name
        if self.t - self.told.get(key, -10 * SECOND) < self.settings.same_s * SECOND:
            return
        self.told[key] = self.t
        self.context.event("gesture", person=id_, name=name, score=round(score, 3))


def wrist_places(
    mirrored: bool, people: FrameResult, bodies: Bodies | None, seen: Container[Key] = ()
) -> dict[Key, Floats]:
    """Return where bodies say that hands are which weren't `seen` themselves, (2,), pixels as in a
    mirrored picture."""
    if bodies is None:
        return {}
    found = {}
    for id_, row in body_rows(people, bodies).items():
        for side in SIDES:
            if (id_, side) in seen:
                continue
            # A mirrored picture's model takes left for right.
            seen_as = SIDES[side == "left"] if mirrored else side
            points = bodies.landmarks[row, HANDS[seen_as]]
            if points[0, 3] > VISIBLE:
                place = points[:, :2].mean(axis=0)
                found[id_, side] = place if mirrored else place * MIRROR[:2]
    return found
