"""Live framing: what to show of the picture, as a crop that moves like an operator's."""

import re
from typing import Annotated

import cv2
import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from edge.director.operator import Operator, OperatorSettings, holds
from edge.director.shots import Box, Shots, ShotSettings, Subject
from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.people.results import Face, FrameResult, Person

THUMBNAIL = 32
"""Pixels of width in which cuts are looked for."""
RECENT = 0.1
"""Of each frame's change so much is believed about how lively the scene is."""
WIDEST = 4.0
"""Times as wide as high, or as high as wide: beyond, no screen is made and no head fits."""


def ratio(aspect: str) -> float:
    """Return width to height of what is written as `16:9`. Raises ValueError where it isn't so."""
    parts = re.fullmatch("([0-9]{1,4}):([0-9]{1,4})", aspect)
    width, height = map(int, parts.groups()) if parts else (0, 0)
    if not 0 < max(width, height) <= WIDEST * min(width, height):
        raise ValueError(
            f"'{aspect}' is no shape: write 16:9, 9:16, 1:1, or what is at most {WIDEST:g}:1"
        )
    return width / height


class Crop(msgspec.Struct, frozen=True):
    """What to show: `box` in the picture's pixels. `shot`: `single`, `two-shot` or `wide`.
    `people`: whom it shows, by id. `coming`: whom the crop is still on its way to. `cut`: it
    doesn't continue the crop before."""

    box: Box
    shot: str
    people: tuple[int, ...]
    coming: tuple[int, ...]
    cut: bool


class CutSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the picture itself was cut to another."""

    change: float = 15.0
    """Mean change of brightness in 255 levels from one frame to the next: of clips without cuts the
    liveliest reach 6."""
    sudden: float = 4.0
    """And so many times what it has been lately: a shaken camera changes all the time."""


class Director(Node):
    """Says what to show of the picture: who speaks, else all, with room around them.

    `frame`: for its size, and for cuts in it. `people`: who is in it.
    Output: a `Crop` of the aspect ratio asked for, wholly within the picture.
    """

    class Settings(Node.Settings):
        enabled: bool = True
        """Off, there is no crop: the whole picture is shown."""
        aspect: str = "16:9"
        """The crop's width to its height, at most 4:1 and at least 1:4."""
        shots: ShotSettings = ShotSettings()
        operator: OperatorSettings = OperatorSettings()
        cuts: CutSettings = CutSettings()

        def __post_init__(self) -> None:
            ratio(self.aspect)

    settings: Settings
    changeable = ("enabled",)
    shown: set[int]
    shots: Shots
    operator: Operator

    def open(self, context: Context) -> None:
        super().open(context)
        self.aspect = ratio(self.settings.aspect)
        self._begin()

    def process(self, frame: Frame, people: FrameResult) -> Crop | None:
        if not self.settings.enabled:
            self._begin()
            return None
        if self.size != frame.size:
            self._begin(frame.size)
        cut = frame.still or self._is_cut(frame)
        if cut:
            self.shots = self._new_shots(frame.size)
        t = self.t / 1e6
        shot = self.shots.see(t, [_subject(person, frame.mirrored) for person in people.people])
        box = self.operator.follow(t, shot.crop, shot.bounds, cut)
        whole = {id_ for id_, head in shot.heads.items() if holds(box, head)}
        self.shown = (self.shown | whole) & set(shot.people)
        coming = set(shot.people) - self.shown
        return Crop(
            box, shot.kind, tuple(sorted(self.shown)), tuple(sorted(coming)), self.operator.cut_now
        )

    def _begin(self, size: tuple[int, int] = (1, 1)) -> None:
        self.size = size
        self.shots = self._new_shots(size)
        self.shown = set()
        self.operator = Operator(size, self.aspect, self.settings.operator)
        self.last: NDArray[np.uint8] | None = None
        self.lively = 1.0

    def _new_shots(self, size: tuple[int, int]) -> Shots:
        settings = self.settings
        return Shots(size, self.aspect, settings.shots, settings.operator.speed)

    def _is_cut(self, frame: Frame) -> bool:
        now, last = frame.thumbnail(THUMBNAIL), self.last
        self.last = now
        if last is None:
            return False
        change = float(cv2.norm(now, last, cv2.NORM_L1)) / now.size
        lively, self.lively = self.lively, self.lively + RECENT * (change - self.lively)
        settings = self.settings.cuts
        return change > settings.change and change > settings.sudden * lively


def _subject(person: Person, mirrored: bool) -> Subject:
    x, y, width, height = person.box
    face, yaw = None, None
    if isinstance(person.face, Face):
        left, top, wide, high = person.face.box
        face = left, top, wide, high
        if isinstance(person.face.yaw, float):
            yaw = -person.face.yaw if mirrored else person.face.yaw
    speaking = person.speaking if isinstance(person.speaking, float) else None
    return Subject(person.id, (x, y, width, height), face, yaw, speaking)


class Framed(Node):
    """Shows a crop alone, as large as the picture is high.

    `frame`: left as it is. `crop`: what to show of it; None: all. Output: a frame with the same
    number and time.
    """

    class Settings(Node.Settings):
        height: Annotated[int, Meta(ge=16)] | None = None
        """Pixels; by default the picture's, which is even for video's sake."""

    settings: Settings

    def process(self, frame: Frame, crop: Crop | None) -> Frame:
        if crop is None:
            return frame
        x, y, width, height = crop.box
        tall = self.settings.height or frame.size[1]
        tall -= tall % 2
        wide = 2 * round(tall * width / height / 2)
        scale = height / tall
        matrix = np.array(((scale, 0, x + scale / 2 - 0.5), (0, scale, y + scale / 2 - 0.5)))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(
            frame.bgr, matrix, (wide, tall), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return Frame(np.asarray(picture, np.uint8), frame.index, frame.t, still=frame.still)
