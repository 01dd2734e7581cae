"""What faces express: 52 blendshapes where they are asked for, and a few states that hold."""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.people.eyes import openness
from edge.people.results import Face, FrameResult, Person
from edge.people.rows import face_rows
from edge.vision.faces import Meshes
from edge.vision.models import ModelSettings, open_model
from edge.vision.targets import Floats

SECOND = 1_000_000
# fmt: off
POINTS = np.array((
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
))
"""Which of the 478 face landmarks the blendshapes model takes (model card "Blendshape V2")."""
# fmt: on
BLENDSHAPES = (
    *("_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft"),
    *("browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft"),
    *("eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight"),
    *("eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft"),
    *("eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen"),
    *("jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft"),
    *("mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower"),
    *("mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight"),
    *("mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
    *("noseSneerLeft", "noseSneerRight"),
)
"""The model's names of what it gives, in its order (ARKit's, and a neutral face first)."""
INNER_LIPS, MOUTH_CORNERS = (13, 14), (78, 308)
IRISED = 478


class ExpressionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a state begins, and when it ends: so far apart that it doesn't flicker."""

    smile: float = 0.5
    no_smile: float = 0.35
    """Of the blendshapes' smile, both corners together; talking lips reach 0.3."""
    mouth_open: float = 0.35
    mouth_shut: float = 0.2
    """Of the mouth's width; vowels reach 0.3 for moments, a yawn 0.8."""
    brows: float = 0.5
    no_brows: float = 0.35
    """Of the blendshapes' raised or lowered brows."""
    shut: float = 0.15
    opened: float = 0.3
    """Of eyes wide open, the more open of the two."""
    blink_s: float = 0.4
    """Lids that are down for longer didn't blink, but closed; a blink takes 0.1 to 0.4 s."""
    blink_shown_s: float = 0.2
    """A blink is over before it is known to be one, and is told of for so long."""


@dataclass(slots=True)
class _Known:
    looked: int = -SECOND
    shapes: Floats = field(default_factory=lambda: np.zeros(len(BLENDSHAPES), np.float32))
    states: set[str] = field(default_factory=set)
    shut_at: int | None = None
    blinked: int = -SECOND


class Expressions(Node):
    """Adds to each face what it expresses.

    `frame`: for whether it is mirrored. `people`: who is in it. `meshes`: their landmarks, with
    irises. Output: the same `FrameResult`, with `mouth_open`, `expressions` (`smile`,
    `mouth_open`, `brows_up`, `brows_down`, `blink`, `eyes_closed`) and, where asked for,
    `blendshapes`.
    """

    class Settings(ModelSettings):
        blendshapes: bool = False
        """Write all 52, and look at every frame for it."""
        every_s: float = 0.1
        """Else smiles and brows, which last, are looked at so often, blinks and mouths always."""
        model: str = "blendshapes"
        states: ExpressionSettings = ExpressionSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        settings = msgspec.structs.replace(self.settings, accelerator="none", threads=1)
        self.model = open_model(settings.model, settings, context, input_range=(0, 1))
        self.known: dict[int, _Known] = {}
        swapped = [_other(name) for name in BLENDSHAPES]
        self.mirror = np.array([BLENDSHAPES.index(name) for name in swapped])

    def process(self, frame: Frame, people: FrameResult, meshes: Meshes | None) -> FrameResult:
        rows = face_rows(people, meshes)
        for id_ in self.known.keys() - {person.id for person in people.people}:
            del self.known[id_]
        if meshes is None or not rows or meshes.landmarks.shape[1] < IRISED:
            return people
        seen = [
            self._person(frame, person, meshes.landmarks[rows[person.id]])
            if person.id in rows
            else person
            for person in people.people
        ]
        return msgspec.structs.replace(people, people=seen)

    def close(self) -> None:
        self.model.close()

    def _person(self, frame: Frame, person: Person, landmarks: Floats) -> Person:
        assert isinstance(person.face, Face)
        known = self.known.setdefault(person.id, _Known())
        often = self.settings.blendshapes or frame.still
        if often or self.t - known.looked >= self.settings.every_s * SECOND:
            known.looked = self.t
            known.shapes = self._shapes(landmarks, frame.mirrored)
        gap, width = (
            float(np.linalg.norm(landmarks[a, :2] - landmarks[b, :2]))
            for a, b in (INNER_LIPS, MOUTH_CORNERS)
        )
        mouth = min(1.0, gap / max(width, 1e-6))
        self._follow(known, mouth, max(openness(landmarks)))
        face = msgspec.structs.replace(
            person.face,
            mouth_open=round(mouth, 2),
            expressions=sorted(known.states),
            blendshapes=self._named(known.shapes) if self.settings.blendshapes else msgspec.UNSET,
        )
        return msgspec.structs.replace(person, face=face)

    def _shapes(self, landmarks: Floats, mirrored: bool) -> Floats:
        points = landmarks[POINTS, :2]
        points = points - points.mean(axis=0)
        self.model.input(0)[0] = points / max(float(np.ptp(points, axis=0).max()), 1e-6)
        shapes = np.array(self.model.invoke()[0], np.float32).ravel()
        return shapes[self.mirror] if mirrored else shapes

    def _follow(self, known: _Known, mouth: float, open_: float) -> None:
        limits, shapes = self.settings.states, known.shapes
        smile, up, down = (float(shapes[rows].mean()) for rows in _ROWS)
        _hold(known.states, "smile", smile, limits.smile, limits.no_smile)
        _hold(known.states, "brows_up", up, limits.brows, limits.no_brows)
        _hold(known.states, "brows_down", down, limits.brows, limits.no_brows)
        _hold(known.states, "mouth_open", mouth, limits.mouth_open, limits.mouth_shut)
        if open_ < limits.shut and known.shut_at is None:
            known.shut_at = self.t
        elif open_ > limits.opened and known.shut_at is not None:
            if self.t - known.shut_at <= limits.blink_s * SECOND:
                known.blinked = self.t
            known.shut_at = None
        shut_for = 0 if known.shut_at is None else self.t - known.shut_at
        known.states -= {"blink", "eyes_closed"}
        if shut_for > limits.blink_s * SECOND:
            known.states.add("eyes_closed")
        if self.t - known.blinked < limits.blink_shown_s * SECOND:
            known.states.add("blink")

    def _named(self, shapes: Floats) -> dict[str, float]:
        return {name: round(min(1.0, max(0.0, value)), 3)
                for name, value in zip(BLENDSHAPES, shapes.tolist(), strict=True)}  # fmt: skip


STATES = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "brows_up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows_down": ("browDownLeft", "browDownRight"),
}
"""Which blendshapes tell of which state."""
_ROWS = [[BLENDSHAPES.index(name) for name in names] for names in STATES.values()]


def _hold(states: set[str], name: str, value: float, begin: float, end: float) -> None:
    if value >= begin:
        states.add(name)
    elif value < end:
        states.discard(name)


def _other(name: str) -> str:
    """Return what a blendshape is called in a mirror."""
    if name.endswith("Left"):
        return name[:-4] + "Right"
    return name[:-5] + "Left" if name.endswith("Right") else name
