"""Evidence over time that something is there, where no single look is enough.

What a model says of a place is weighed as a log-likelihood ratio (Wald 1947, "Sequential
Analysis"): its score, in log-odds, above the one that things and other things get equally often.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from edge.io.frames import Frame
from edge.vision.detection import Detections, intersection_over_union
from edge.vision.detector import Average, Detector
from edge.vision.faces import QUARTERS
from edge.vision.targets import Floats

SECOND = 1_000_000


NEAR_AROUND, FAR_AROUND = 4.0, 12.0
"""Side of what the near and the far model see of a face, in its widths: where both tell faces from
other things best, the far one also in noise and blur that hide the face from the near one: there,
small is better."""


class Settings(NamedTuple):
    """Scores are those of the near face model, looking at four widths of the face.

    Measured on a face pasted into pictures with noise, blur, little light, or small: it gets 0.5 to
    0.95, and 0.2 to 0.7 where hardly anybody would see it; other places get below 0.1, in strong
    noise up to 0.25 (90th percentile).
    """

    neutral: float = 0.3
    """The score that faces and other things get about equally often, all conditions together."""
    spread: float = 1.0
    """Standard deviation of one look, in log-odds: noise alone, from frame to frame."""
    most_looks: int = 16
    """What isn't decided by then never will be: half a second at each frame."""
    refuted_s: float = 2.0
    """For so long a place that was refuted isn't looked at again, nor one that has passed while
    others judge it: curtains aren't looked at for ever."""
    passed: float = 0.8
    """Probability of what has passed: it lies a standard deviation above neutral."""
    faint: float = 0.1
    """What scores less in a look close up is nothing: a wall is full of it."""
    nothing: float = 0.05
    """The score that stands for a look that found nothing at all."""
    unseen: float = 0.1
    """The same for a look at everything, in which a face is small: noise hides one in ten."""
    surest: float = 3.0
    """Log-odds beyond which more looks don't add: what was held for long and has gone has to be
    noticed within a few looks."""
    reach: float = 0.7
    """A detection whose middle is nearer to where something was, in its widths, is that."""
    ratio: float = 2.0
    """And its size may be wrong by that: the far model makes small faces too large."""
    upright: float = 0.95
    """Who looks so much like a face isn't turned: faces on their side score 0.7 to 0.85 upright,
    0.92 to 0.97 turned."""
    turned: float = 0.85
    """What a face on its side has to score turned: in noise any of four ways may score most."""
    clearer: float = 0.05
    """And by how much more than upright: upright ones do by 0.02 at times."""
    overlap: float = 0.3
    """Detections that share more of their area at two times are of one thing."""
    places: int = 32
    """That are remembered: as many as a book shelf has."""


SETTINGS = Settings()


def log_odds(score: float) -> float:
    clipped = min(max(score, 1e-6), 1 - 1e-6)
    return float(np.log(clipped / (1 - clipped)))


def probability(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def gain(score: float) -> float:
    """Return what a look adds to the log-odds that a face is there."""
    return log_odds(max(score, SETTINGS.nothing)) - log_odds(SETTINGS.neutral)


def updated(odds: float, score: float, passed_s: float, memory_s: float) -> float:
    """Return the log-odds after a look that scored `score`, `passed_s` after the last.

    `memory_s`: in which time what was known fades to a third, since looks at a picture that hardly
    changes aren't independent of each other.
    """
    odds = odds * float(np.exp(-passed_s / memory_s)) + gain(score)
    return min(max(odds, -2 * SETTINGS.surest), SETTINGS.surest)


def look_closer(
    detector: Detector, frame: Frame, region: Floats, box: Floats, average: Average
) -> Detections:
    """Return the best detection near a box (4,: left, top, right, bottom), one or none.

    `region` (5,): what the detector is to see; `average`: of what it has seen there.
    """
    found = detector.look_again(frame, region, SETTINGS.faint, average)
    side = float((box[2:] - box[:2]).max())
    middles, sides = (
        (found.boxes[:, :2] + found.boxes[:, 2:]) / 2,
        np.ptp(found.boxes[:, ::2], axis=1),
    )
    near = np.linalg.norm(middles - (box[:2] + box[2:]) / 2, axis=1) < SETTINGS.reach * side
    near &= (sides < side * SETTINGS.ratio) & (sides > side / SETTINGS.ratio)
    return Detections(*(part[np.flatnonzero(near)[:1]] for part in found))  # best come first


def look_turned(near: Detector, frame: Frame, box: Floats, angle: float) -> Detections:
    """Return a face at a box (4,) as it is seen turned, one or none.

    None where it is no more of a face turned by a quarter or two than upright; `angle`: how it is
    turned so far, radians. A face on its side mostly looks like an upright one, too, but less.
    """
    own = round(angle / (np.pi / 2)) * np.pi / 2
    ways = [own, *(own + quarter for quarter in QUARTERS)]
    looks: list[Detections] = []
    for way in ways:
        looks.append(look_closer(near, frame, around(box, NEAR_AROUND, way), box, Average()))
        if score_of(looks[0]) >= SETTINGS.upright:
            break
    best = max(looks, key=score_of)
    is_clear = score_of(best) > max(score_of(looks[0]) + SETTINGS.clearer, SETTINGS.turned)
    return best if is_clear else Detections(*(part[:0] for part in best))


def score_of(found: Detections) -> float:
    """Return the score of the best detection, `Settings.nothing` where there is none."""
    return float(found.scores.max(initial=SETTINGS.nothing))


def around(box: Floats, widths: float, angle: float = 0.0) -> Floats:
    """Return the region (5,) around a box (4,: left, top, right, bottom) of a face."""
    x, y = (box[:2] + box[2:]) / 2
    side = (box[2:] - box[:2]).max() * widths
    return np.array([x, y, side, side, angle], np.float32)


@dataclass(slots=True)
class Candidate:
    """A place `box` (4,: left, top, right, bottom) that was looked at `looks` times, with this sum
    of gains. `closed`: until when it isn't looked at again. `near`: of the near
    model's crops."""

    box: Floats
    total: float = 0.0
    looks: int = 0
    closed: int = 0
    near: Average = field(default_factory=Average)


class Candidates:
    """Places where a face might be: track before detect.

    A place is looked at again and again, until the mean of what was said of it is above neutral or
    well below by more than chance would have it.
    """

    def __init__(self) -> None:
        self.places: list[Candidate] = []

    def see(self, t: int, found: Detections, *, everywhere: bool) -> Detections:
        """Take what a look saw, sure or not; return what of it has passed by now.

        `everywhere`: all places were in it.
        """
        passed = np.zeros(len(found.scores), bool)
        self.places = [place for place in self.places if not 0 < place.closed <= t]
        same = intersection_over_union(self._boxes(), found.boxes) > SETTINGS.overlap
        for place, at in zip(self.places, same, strict=True):
            first = np.flatnonzero(at)[:1]  # the best
            if len(first):
                place.box = found.boxes[first[0]]
            score = float(found.scores[first[0]]) if len(first) else SETTINGS.unseen
            if not place.closed and (everywhere or len(first)):
                passed[first] |= self.weigh(t, place, score)
        for row in np.flatnonzero(~same.any(axis=0)):
            self.places.append(Candidate(found.boxes[row], gain(float(found.scores[row])), 1))
        self.places = self.places[-SETTINGS.places :]
        sure = np.maximum(found.scores[passed], np.float32(SETTINGS.passed))
        return Detections(found.boxes[passed], found.keypoints[passed], sure)

    def next(self, known: Floats) -> Candidate | None:
        """Return the place most worth a look, None if there is none.

        `known` (n, 4): left, top, right, bottom of what needs no proof any more.
        """
        shared = intersection_over_union(self._boxes(), known)
        self.places = [p for p, row in zip(self.places, shared, strict=True) if not row.any()]
        waiting = (place for place in self.places if not place.closed)
        return max(waiting, key=lambda place: place.total, default=None)

    def weigh(self, t: int, place: Candidate, score: float) -> bool:
        """Add what a look at a place said; return whether it has passed."""
        place.total += gain(score)
        place.looks += 1
        chance = SETTINGS.spread * place.looks**0.5
        passed = place.total > chance
        if passed or place.total < -2 * chance or place.looks >= SETTINGS.most_looks:
            place.closed = t + round(SETTINGS.refuted_s * SECOND)
        return passed

    def _boxes(self) -> Floats:
        return np.array([place.box for place in self.places], np.float32).reshape(-1, 4)
