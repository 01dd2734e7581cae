"""What the nodes with a landmark model have in common."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from edge.budget.levels import Levelled
from edge.graph.node import Context
from edge.io.frames import Frame
from edge.vision.carry import carried
from edge.vision.detection import LARGEST, intersection_over_union
from edge.vision.models import ModelSettings, open_model
from edge.vision.motion import Motion
from edge.vision.regions import Cropper, Matrix, lighten
from edge.vision.targets import (
    Floats,
    Mask,
    Rows,
    Seen,
    Targets,
    bounds,
    centres,
    corners,
    join,
    select,
)

S = TypeVar("S", bound=Seen)
SECOND = 1_000_000
LEAST_NEED = 0.2
"""Of what is there and doesn't move away: fingers, lips and eyes move by themselves."""


class LandmarkSettings(ModelSettings):
    """The options that all nodes with a landmark model have in common."""

    model: str = ""
    min_score: float = 0.5
    """A new one has to be more likely than not, as in MediaPipe."""
    keep_score: float = 0.3
    """A followed one may be less likely for a while."""
    merge_overlap: float = 0.6
    """Two that share more of their boxes are one and the same."""
    every: int = 1
    """The model looks at every so many frames; on those between, what it saw is carried along by
    optical flow, at a tenth of the cost. What is new is always looked at. A governor, where there
    is one, decides instead."""
    beat_s: float = 0.5
    """And while nothing moves where they are, what was seen holds for so long, at no cost: lips and
    eyelids across a room stir no thumbnail."""


class Unusable(Exception):
    """A model gave what isn't finite, or absurdly large."""


class Reading(NamedTuple):
    """What the model says of one region: landmarks (k, 3 or more) in pixels of the frame, the
    probability that the thing is there, and what else the kind has, by its field's name."""

    landmarks: Floats
    score: float
    more: dict[str, Any]


class LandmarkNode(Levelled, Generic[S]):
    """Looks at each target with a landmark model, and says which are there (still).

    What the model doesn't take for one of its kind, what has left the picture, of what it gives
    nothing usable (counted as `invalid`), and the less certain of two that have run into one is
    left out; if it was followed from the preceding frame, it counts as lost.
    Under a governor the model looks at its turns, and then only if something has moved where its
    things are, or none did for long; else what was seen is carried on.
    """

    kind: ClassVar[type[Seen]]
    points: int
    """Landmarks that the model gives of one thing, and `values` of each."""
    values: int = 3
    settings: LandmarkSettings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = open_model(self.settings.model, self.settings, context, input_range=(0, 1))
        side = self.model.inputs[0].shape[1]
        self.cropper = Cropper(side, side)
        self.last: tuple[Frame, S] | None = None
        self.since = 0
        self.looked_at = 0
        self.stirred = True
        self.nothing: S | None = None

    def close(self) -> None:
        self.model.close()

    def see(self, frame: Frame, targets: Targets, motion: Motion | None = None) -> S:
        """Return what is there of the targets, in their order. `motion`: where something moves;
        without it anything may."""
        carried_here = self._carried(frame, targets, motion)
        if carried_here is None:
            self.since, self.looked_at, self.stirred = 0, self.t, False
            seen = self._look(frame, targets)
            self.looked = len(targets) > 0
        else:
            new = select(targets, ~targets.followed)
            self.looked = len(new) > 0
            seen = join(carried_here, self._look(frame, new)) if self.looked else carried_here
        self._weigh(seen)
        self.last = frame, seen
        return seen

    def _carried(self, frame: Frame, targets: Targets, motion: Motion | None) -> S | None:
        """Return the followed targets as they should be now, None if it's the model's turn."""
        self.since += 1
        if self.last is None or frame.still:
            return None
        before, last = self.last
        if int(targets.followed.sum()) != len(last) or before.size != frame.size:
            return None
        if self.turn is None:
            due, moves = self.since >= self.settings.every, True
        else:
            moves = motion is None or bool(motion.inside(corners(last.boxes)).any())
            self.stirred |= moves
            old = self.t - self.looked_at >= self.settings.beat_s * SECOND
            self.wants = len(last) > 0 and (self.stirred or old)
            due = self.turn and self.wants
        if due or not len(last):
            return None
        if not moves:
            return replace(last, t=self.t, fresh=np.zeros(len(last), bool), lost=0)
        return carried(last, before, frame, self.t)

    def _weigh(self, seen: S) -> None:
        """Say how much the scene asks for: all of it where things move by their size in a second,
        nothing where none is."""
        if not len(seen):
            self.need = 0.0
            return
        last = None if self.last is None else self.last[1]
        if last is None or len(last) != len(seen) or seen.t <= last.t:
            self.need = 1.0
            return
        moved = np.abs(centres(seen.boxes) - centres(last.boxes)).max(axis=1)
        speed = float((moved / seen.boxes[:, 2:].max(axis=1).clip(1)).max())
        self.need = min(1.0, LEAST_NEED + speed * SECOND / (seen.t - last.t))

    def _look(self, frame: Frame, targets: Targets) -> S:
        if not len(targets) and self.nothing is not None:
            return replace(self.nothing, t=self.t)  # the way below costs as much as a thumbnail
        seen = self._look_at(frame, targets)
        if not len(targets):
            self.nothing = seen
        return seen

    def _look_at(self, frame: Frame, targets: Targets) -> S:
        found = self._found(frame, targets)
        readings = [reading for reading in found if reading is not None]
        rows = np.flatnonzero([reading is not None for reading in found])
        shape = (len(readings), self.points, self.values)
        landmarks = np.array([r.landmarks for r in readings], np.float32).reshape(shape)
        scores = np.array([r.score for r in readings], np.float32)
        seen = self._answer(rows, landmarks, scores, readings)
        followed = targets.followed[rows]
        kept = (scores >= self._limits(targets)[rows]) & self._plausible(
            select(targets, rows), seen, frame.size
        )
        if len(kept) > 1:
            kept = one_each(kept, self._compared(seen), scores, self.settings.merge_overlap)
        lost = int(targets.followed.sum()) - int((followed & kept).sum())
        return replace(seen if kept.all() else select(seen, kept), lost=lost)

    def _found(self, frame: Frame, targets: Targets) -> list[Reading | None]:
        """Look at each of the targets."""
        return [self._reading(frame, region) for region in targets.regions]

    def _reading(self, frame: Frame, region: Floats) -> Reading | None:
        """Look at one region (5,) of a frame; None, and counted, where that is of no use."""
        try:
            return self._read(frame, region)
        except Unusable:
            self.counts["invalid"] += 1
            return None

    def _answer(self, rows: Rows, landmarks: Floats, scores: Floats, readings: list[Reading]) -> S:
        """Return what was read of the targets `rows` (n,)."""
        return self.kind(  # type: ignore[return-value]
            t=self.t,
            landmarks=landmarks,
            boxes=bounds(landmarks) if len(landmarks) else np.empty((0, 4), np.float32),
            regions=self._regions(landmarks, readings),
            scores=scores,
            fresh=np.ones(len(scores), bool),
            lost=0,
            **self._more(readings),
        )

    def _limits(self, targets: Targets) -> Floats:
        """Return (n,) how likely each has to be."""
        limits = np.where(targets.followed, self.settings.keep_score, self.settings.min_score)
        return limits.astype(np.float32)

    def _plausible(self, targets: Targets, seen: S, size: tuple[int, int]) -> Mask:
        """Return (n,) which may be the targets, and haven't left a picture of `size` (width,
        height)."""
        return _inside(seen.boxes, size)

    def _compared(self, seen: S) -> Floats:
        """Return the boxes (n, 4) by which two that have run into one are told."""
        return seen.boxes

    def _run(self, frame: Frame, region: Floats) -> tuple[list[Floats], Matrix]:
        """Return the model's outputs for a region, and the matrix from the crop to the frame.

        Raises Unusable.
        """
        rgb, matrix = self.cropper.cut(frame.bgr, region)
        lighten(rgb)
        self.model.write_picture(rgb)
        outputs = self.model.invoke()
        # Not a number is neither larger nor smaller.
        if not all(output.max() < LARGEST and output.min() > -LARGEST for output in outputs):
            raise Unusable
        return outputs, matrix

    @abstractmethod
    def _read(self, frame: Frame, region: Floats) -> Reading:
        """Look at one region (5,) of a frame. Raises Unusable."""

    @abstractmethod
    def _regions(self, landmarks: Floats, readings: list[Reading]) -> Floats:
        """Return where to look in the next frame, (n, 5)."""

    def _more(self, readings: list[Reading]) -> dict[str, Any]:
        """Return the kind's own fields of all rows; none here."""
        return {}


def one_each(kept: Mask, boxes: Floats, scores: Floats, overlap: float) -> Mask:
    """Of those that have run into the same thing keep the one that is most certain."""
    if len(kept) < 2:
        return kept
    same = intersection_over_union(corners(boxes), corners(boxes)) > overlap
    for row in np.argsort(-scores, kind="stable"):
        if kept[row]:
            kept = kept & ~same[row]
            kept[row] = True
    return kept


def _inside(boxes: Floats, size: tuple[int, int]) -> Mask:
    """Return which boxes (n, 4) have their centre in the picture."""
    middles = centres(boxes)
    return np.all((middles >= 0) & (middles < size), axis=1)
