"""The landmarks of every hand in view."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from edge.graph.node import Context
from edge.io.frames import Frame
from edge.vision.detection import intersection_over_union
from edge.vision.hands import STEADY, Hands, Palms, regions_of_landmarks
from edge.vision.landmarks import SECOND, LandmarkNode, LandmarkSettings, Reading
from edge.vision.motion import Motion
from edge.vision.regions import project
from edge.vision.targets import Floats, Rows, Targets, extents, select

SURE = 0.99
"""No single look tells left from right more surely."""


class HandLandmarks(LandmarkNode[Hands]):
    """Finds the landmarks of each hand, and says which of them aren't hands (any more).

    `frame`: any size. `palms`: where to look. `motion`: where something moves.
    Output: one `Hands` for every frame, in pixels, in the order of `palms`.
    """

    class Settings(LandmarkSettings):
        model: str = "hand_landmarks_full"
        """`hand_landmarks_full`, or `hand_landmarks_lite` at half the cost."""
        glance_score: float = 0.3
        """What is new is looked at twice if the first look doesn't find it less likely."""
        side_s: float = 0.5
        """Over so long the evidence for a left or right hand is weighed: one that is seen edge-on
        for a moment stays what it was."""
        unlike: float = 0.1
        """Of a hand's box: where a palm's look puts its landmarks so far away, on average, it is
        another answer, and the more certain of the two counts."""
        doubt_s: float = 0.3
        """What a palm was seen like longer ago says nothing any more."""
        surer: float = 0.015
        """Scores of 0.98 and 0.99 say the same."""

    kind = Hands
    points = 21
    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.doubts: Targets | None = None

    def process(self, frame: Frame, palms: Palms, motion: Motion | None = None) -> Hands:
        if palms.otherwise is not None:
            self.doubts = palms.otherwise  # for the next look: the palms' took long enough
        return self.see(frame, palms, motion)

    def _look(self, frame: Frame, targets: Targets) -> Hands:
        """Look, knowing what the first targets were in the preceding frame."""
        followed = int(targets.followed.sum())
        last = None if self.last is None else self.last[1]
        self.before = last if last is not None and len(last) == followed else None
        return super()._look(frame, self._centred(frame, self._doubted(frame, targets)))

    def _found(self, frame: Frame, targets: Targets) -> list[Reading | None]:
        """Look at each of the targets; at a followed one that isn't there, where it was going."""
        found = super()._found(frame, targets)
        moved = self.before.moved if self.before is not None else ()
        for row, (reading, way) in enumerate(zip(found, moved, strict=False)):
            if reading is not None and reading.score >= self.settings.min_score:
                continue
            region = targets.regions[row].copy()
            region[:2] += way
            other = self._reading(frame, region) if way.any() else None
            if other is not None and (reading is None or other.score > reading.score):
                found[row] = other
        return found

    def _doubted(self, frame: Frame, targets: Targets) -> Targets:
        """Return the targets, those followed of which a palm says otherwise, and rightly, as it
        has them."""
        doubts, last = self.doubts, self.before
        if doubts is None or last is None or self.t == doubts.t or not len(last):
            return targets
        self.doubts = None
        if self.t - doubts.t > self.settings.doubt_s * SECOND:
            return targets
        regions = targets.regions.copy()
        shared = intersection_over_union(extents(doubts.regions), extents(last.regions))
        for row, region in zip(shared.argmax(axis=1), doubts.regions, strict=True):
            other = self._reading(frame, region)
            if other is not None and self._better(other, last.landmarks[row], last.scores[row]):
                regions[row] = regions_of_landmarks(other.landmarks[None])[0]
        return replace(targets, regions=regions)

    def _better(self, other: Reading, landmarks: Floats, score: float) -> bool:
        """Say whether another answer is a better one, and not nearly the same."""
        apart = np.hypot(*(other.landmarks - landmarks)[:, :2].T).mean()
        unlike = float(apart) > self.settings.unlike * np.ptp(landmarks[:, :2], axis=0).max()
        return bool(unlike and other.score > score + self.settings.surer)

    def _centred(self, frame: Frame, targets: Targets) -> Targets:
        """Return the targets, those of them that are new as their own landmarks would have them.

        A first look at what was only guessed is uncertain either way. In the second one, with the
        region that follows from the first, true hands score higher, ears and feet lower.
        """
        new = np.flatnonzero(~targets.followed)
        if not len(new):
            return targets
        kept, regions = targets.followed.copy(), targets.regions.copy()
        for row in new:
            reading = self._reading(frame, regions[row])
            if reading is not None and reading.score >= self.settings.glance_score:
                kept[row] = True
                regions[row] = regions_of_landmarks(reading.landmarks[None])[0]
        return select(replace(targets, regions=regions), kept)

    def _read(self, frame: Frame, region: Floats) -> Reading:
        (points, presence, right, world), matrix = self._run(frame, region)
        score, side = float(presence.reshape(-1)[0]), float(right.reshape(-1)[0])
        landmarks = points.reshape(-1, 3)
        landmarks[:, :2] = project(landmarks[:, :2], matrix)
        landmarks[:, 2] *= region[2] / self.cropper.size[0]
        turn = (matrix[:, :2] / np.hypot(*matrix[:, 0])).astype(np.float32)
        metres = world.reshape(-1, 3)
        metres[:, :2] = metres[:, :2] @ turn.T
        # The model takes no picture for a mirrored one.
        more = {"right": 1 - side if frame.mirrored else side, "world": metres}
        return Reading(landmarks, score, more)

    def _regions(self, landmarks: Floats, readings: list[Reading]) -> Floats:
        return regions_of_landmarks(landmarks)

    def _more(self, readings: list[Reading]) -> dict[str, Any]:
        return {
            "right": np.array([reading.more["right"] for reading in readings], np.float32),
            "moved": np.zeros((len(readings), 2), np.float32),
            "world": np.array([r.more["world"] for r in readings], np.float32).reshape(-1, 21, 3),
        }

    def _answer(
        self, rows: Rows, landmarks: Floats, scores: Floats, readings: list[Reading]
    ) -> Hands:
        seen = super()._answer(rows, landmarks, scores, readings)
        if self.before is None or not len(self.before):
            return seen
        known = rows < len(self.before)
        before = select(self.before, rows[known])
        now, then = (hands.landmarks[:, STEADY, :2] for hands in (seen, before))
        moved = (now[known] - then).mean(axis=1)
        seen.moved[known] = moved
        passed = (self.t - before.t) / SECOND
        keep = np.float32(math.exp(-passed / self.settings.side_s))
        evidence = keep * _odds(before.right) + (1 - keep) * _odds(seen.right[known])
        seen.right[known] = 1 / (1 + np.exp(-evidence))
        return seen


def _odds(right: Floats) -> Floats:
    """Return the logarithms of odds; none are longer than the model can know."""
    known = right.clip(1 - SURE, SURE)
    return np.log(known / (1 - known))
