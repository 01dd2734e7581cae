"""Evidence over time that something is there, where no single look is enough.

The belief that a thing is there is kept as log-odds, to which each look adds its log-likelihood
ratio (Wald 1947, "Sequential Analysis"), and which is forgotten by and by, since looks at a
picture that hardly changes aren't independent of each other.
"""

import numpy as np

from edge.vision.detection import Detections, intersection_over_union
from edge.vision.targets import Floats

SECOND = 1_000_000
MOST = 3.0
"""Log-odds beyond which more looks don't add: after a second of being held, a thing that has gone
has to be noticed within a few looks."""
NOTHING = 0.02
"""The score that stands for a look that found nothing at all."""
REFUTED = 1.0
"""Log-odds below what any place starts with, from which on a place isn't looked at again."""
ENOUGH = 1.4
"""Log-odds that pass: four to one."""
MEMORY = 64
"""Places that are remembered: as many as a book shelf has."""
OVERLAP = 0.3
"""Detections that share more of their area at two times are of one thing."""


def log_odds(scores: Floats) -> Floats:
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped)).astype(np.float32)


def probability(odds: Floats) -> Floats:
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


def updated(
    odds: Floats, scores: Floats, neutral: float, passed_s: float, memory_s: float
) -> Floats:
    """Return the log-odds (n,) after a look that scored `scores` (n,), `passed_s` after the last.

    `neutral`: the score that things and other things get equally often. `memory_s`: in which time
    what was known fades to a third.
    """
    fade = np.float32(np.exp(-passed_s / memory_s))
    gained = log_odds(scores) - log_odds(np.float32([neutral]))
    return np.clip(odds * fade + gained, -2 * MOST, MOST)


class Candidates:
    """Places where something might be: track before detect.

    A place is looked at again and again, until it passes or is refuted. What was refuted is
    remembered until that has faded, so that a curtain isn't looked at for ever.
    """

    def __init__(self, neutral: float, prior: float, memory_s: float, most: int) -> None:
        self.neutral, self.memory_s, self.most = neutral, memory_s, most
        self.prior = float(log_odds(np.float32([prior]))[0])
        self.t = 0
        self.boxes = np.empty((0, 4), np.float32)
        self.odds = np.empty(0, np.float32)

    def open(self) -> Floats:
        """Return the places (n, 4) that are worth another look, the likeliest first."""
        rows = np.flatnonzero(self.odds > self.prior - REFUTED)
        return self.boxes[rows[np.argsort(-self.odds[rows], kind="stable")][: self.most]]

    def weigh(self, t: int, found: Detections, looked: Floats) -> Detections:
        """Add what a look found, in (n, 4) of which candidates; return what has passed.

        Boxes are left, top, right, bottom. `looked`: the places of which a look at this frame would
        have shown something. What passes has the score that the evidence amounts to.
        """
        fade = np.float32(np.exp(-(t - self.t) / SECOND / self.memory_s))
        self.t = t
        self.odds = self.prior + (self.odds - self.prior) * fade
        match = intersection_over_union(found.boxes, self.boxes) > OVERLAP
        unseen = (intersection_over_union(self.boxes, looked) > OVERLAP).any(axis=1)
        unseen &= ~match.any(axis=0)
        self.odds[unseen] += self._gain(np.full(int(unseen.sum()), NOTHING, np.float32))
        passed = np.zeros(len(found.scores), bool)
        scores = found.scores.copy()
        for row, gain in enumerate(self._gain(found.scores)):  # a handful
            if match[row].any():
                place = int((match[row] * (self.odds + 100)).argmax())
                self.odds[place] = min(self.odds[place] + gain, MOST)
                self.boxes[place] = found.boxes[row]
            else:
                place = len(self.odds)
                self.odds = np.append(self.odds, np.float32(self.prior + gain))
                self.boxes = np.concatenate((self.boxes, found.boxes[row : row + 1]))
                match = np.pad(match, ((0, 0), (0, 1)))
            passed[row] = self.odds[place] > ENOUGH
            scores[row] = probability(self.odds[place : place + 1])[0]
        # Passed on once, a place is as open as any until the judge has had its say.
        self.odds = np.where(self.odds > ENOUGH, self.prior - REFUTED, self.odds).astype(np.float32)
        kept = np.abs(self.odds - self.prior) > 0.1 * REFUTED
        self.boxes, self.odds = self.boxes[kept][-MEMORY:], self.odds[kept][-MEMORY:]
        return Detections(found.boxes[passed], found.keypoints[passed], scores[passed])

    def _gain(self, scores: Floats) -> Floats:
        return log_odds(scores) - log_odds(np.float32([self.neutral]))
