"""Where to look for bodies: where they just were, below faces, and now and then anywhere."""

import logging
from typing import NamedTuple, cast

import numpy as np

from edge.errors import UserError
from edge.graph.node import Context, Previous
from edge.io.frames import Frame
from edge.vision.anchors import PERSON
from edge.vision.bodies import (
    Bodies,
    Persons,
    heads,
    regions_of_boxes,
    regions_of_faces,
    regions_of_persons,
)
from edge.vision.detection import Detections
from edge.vision.detector import Detector
from edge.vision.faces import Faces
from edge.vision.landmarks import one_each
from edge.vision.lookout import SECOND, Looker, Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.objects import MERGE_OVERLAP, Objects
from edge.vision.regions import whole
from edge.vision.targets import Floats, Mask, centres, follow, join, newcomers, select, sizes

log = logging.getLogger(__name__)

CROWD = 4
"""With more bodies than that the object detector finds more than BlazePose's own."""
TILE = 0.6
"""Side of the four tiles that the object detector looks at, in parts of the picture's."""
SMALL = 0.35
"""Where somebody is lower than so much of the picture, there may be more who are too small."""
ON_HEAD = 0.6
"""A face whose middle is nearer to a head's, in sides of the larger one, is on that head."""


class Refused(NamedTuple):
    """A face (middle and side, in pixels) below which a body was looked for, so often, last at."""

    x: float
    y: float
    side: float
    tries: int
    looked_at: int


class PersonDetector(Looker):
    """Says where in each frame bodies are to be looked for.

    `frame`: any size. `last`: what `body_landmarks` saw in the preceding frame; without it nothing
    is followed. `motion`: where something moves; without it anything may. `faces`: those of this
    frame; where there is one that no known body has, a body is looked for below, also if the
    picture cuts it off.
    Output: one `Persons` for every frame, in pixels; followed bodies first, then new ones, the
    largest first, at most `max_bodies` together. The model looks only when there is a reason:
    those of `edge.vision.lookout.Lookout`. A look below a face costs it nothing; its reason is
    `face`, seldomer and seldomer where no body is found.
    """

    class Settings(LookSettings):
        model: str = "auto"
        """`person` (BlazePose's: one or a few who are near), `objects` (EfficientDet-Lite0: many,
        also small ones, at eight times the cost; fetched when first used), or `auto`: `objects`
        for more than four bodies, if it can be had."""
        max_bodies: int = 4
        """A family on a sofa. Each body costs a run of the landmark model on every frame."""
        min_score: float = 0.5
        """As in MediaPipe."""
        object_score: float = 0.3
        """The same for `objects`, which is less sure of small people; the landmark model judges."""
        same_overlap: float = 0.5
        """A detection whose region shares more with a followed body's is that body."""
        face_s: float = 0.1
        """Between the first look in vain below a face and the next; twice as long after each that
        follows, `beat_s` at most."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        if settings.model not in ("auto", "person", "objects"):
            raise UserError(f"model is {settings.model}, not auto, person or objects")
        self.objects = self._objects(context)
        self.detector = None
        if self.objects is None:
            self.detector = Detector(
                "person", (PERSON,), settings, context, (-1, 1), "person detector", self.counts
            )
        self.lookout = Lookout(settings, settings.max_bodies, context, self.counts)
        self.refused: list[Refused] = []

    def process(
        self, frame: Frame, last: Previous[Bodies], motion: Motion | None, faces: Faces | None
    ) -> Persons:
        followable = cast(Bodies | None, self.lookout.followable(frame, self.t, last))
        known = follow(Persons, followable, self.t)
        room = self.settings.max_bodies - len(known)
        wanted = known
        if faces is not None and len(faces) and room > 0:
            wanted = join(known, self._below(frame, faces, followable))
        if self.lookout.reason(frame, self.t, last, known, motion, may=self.may_look) is not None:
            found = self._look(frame)
            wanted = join(wanted, newcomers(found, wanted, self.settings.same_overlap, len(found)))
        new = select(wanted, np.arange(len(known), len(wanted)))
        largest = np.argsort(-new.regions[:, 2], kind="stable")[: max(room, 0)]
        self.weigh(len(known))
        return join(known, select(new, largest))

    def close(self) -> None:
        for detector in (self.detector, self.objects):
            if detector is not None:
                detector.close()

    def _objects(self, context: Context) -> Objects | None:
        """Return the object detector where it is wanted, and can be had or has to be."""
        settings = self.settings
        if settings.model == "person" or (
            settings.model == "auto" and settings.max_bodies <= CROWD
        ):
            return None
        try:
            return Objects(settings, context)
        except UserError as error:
            if settings.model == "objects":
                raise
            log.warning("the person detector has to do for a crowd: %s", error)
            return None

    def _look(self, frame: Frame) -> Persons:
        if self.objects is not None:
            return self._crowd(self.objects, frame)
        assert self.detector is not None
        found = self.detector.look(frame, whole(frame.size)[None], self.settings.min_score)
        regions = regions_of_persons(found.keypoints.reshape(-1, 4, 2))
        return self._persons(sizes(found.boxes), regions, found.scores)

    def _crowd(self, objects: Objects, frame: Frame) -> Persons:
        """Look at the whole picture, and at its quarters where people are small."""
        width, height = frame.size
        score = self.settings.object_score
        found = objects.look(frame, whole(frame.size)[None], score)
        heights = found.boxes[:, 3] - found.boxes[:, 1]
        if min(width, height) >= 2 and (not len(heights) or heights.min() < SMALL * height):
            parts = [found, *(_inner(objects, frame, tile, score) for tile in tiles(frame.size))]
            rows = (np.concatenate(part) for part in zip(*parts, strict=True))
            found = Detections(*rows)
        boxes = sizes(found.boxes)
        persons = self._persons(boxes, regions_of_boxes(boxes), found.scores)
        order = np.argsort(-found.scores, kind="stable")
        kept = one_each(np.ones(len(boxes), bool), boxes, found.scores, MERGE_OVERLAP)
        return select(persons, order[kept[order]])

    def _below(self, frame: Frame, faces: Faces, followed: Bodies | None) -> Persons:
        """Return where bodies should be of which only faces are known, if it's time to look."""
        sides = faces.boxes[:, 2:].max(axis=1)
        middles = centres(faces.boxes)
        new = np.ones(len(faces), bool)
        if followed is not None and len(followed):
            boxes, _, _ = heads(followed)
            apart = np.linalg.norm(middles[:, None] - centres(boxes)[None], axis=2)
            larger = np.maximum(sides[:, None], boxes[None, :, 2])
            new = ~(apart < ON_HEAD * larger).any(axis=1)
        if not frame.still:
            new = self._due(middles, sides, new)
        if new.any():
            self.lookout.note("face")
        regions = regions_of_faces(faces.boxes[new], faces.regions[new, 4])
        return self._persons(faces.boxes[new], regions, faces.scores[new])

    def _due(self, middles: Floats, sides: Floats, new: Mask) -> Mask:
        """Return below which of the new faces it's time to look (again), and remember the looks."""
        due = np.zeros(len(new), bool)
        tries = []
        for row in np.flatnonzero(new).tolist():
            x, y, side = float(middles[row, 0]), float(middles[row, 1]), float(sides[row])
            near = (r for r in self.refused if abs(r.x - x) + abs(r.y - y) < (r.side + side) / 2)
            before = next(near, Refused(x, y, side, 0, self.t))
            count, looked_at = before.tries, before.looked_at
            wait = min(self.settings.face_s * 2 ** min(count - 1, 10), self.settings.beat_s)
            due[row] = count == 0 or self.t - looked_at >= wait * SECOND
            if due[row]:
                count, looked_at = count + 1, self.t
            tries.append(Refused(x, y, side, count, looked_at))
        self.refused = tries
        return due

    def _persons(self, boxes: Floats, regions: Floats, scores: Floats) -> Persons:
        return Persons(self.t, boxes, regions, scores, np.zeros(len(boxes), bool))


def tiles(size: tuple[int, int]) -> Floats:
    """Return four regions (4, 5) that overlap and cover a picture of `size` (width, height)."""
    width, height = size
    near, far = TILE / 2, 1 - TILE / 2
    return np.array(
        [
            (x * width, y * height, TILE * width, TILE * height, 0)
            for y in (near, far)
            for x in (near, far)
        ],
        np.float32,
    )


def _inner(objects: Objects, frame: Frame, tile: Floats, min_score: float) -> Detections:
    """Return who is in a tile and isn't cut off by its border, where that isn't the picture's."""
    found = objects.look(frame, tile[None], min_score)
    low, high = tile[:2] - tile[2:4] / 2, tile[:2] + tile[2:4] / 2
    room = tile[2:4] * np.float32(0.02)
    size = np.array(frame.size, np.float32)
    kept = (found.boxes[:, :2] > low + room) | (low <= 1)
    kept &= (found.boxes[:, 2:] < high - room) | (high >= size - 1)
    rows = kept.all(axis=1)
    return Detections(*(part[rows] for part in found))
