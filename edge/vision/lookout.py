"""When a detector has a reason to look, and which."""

from collections import Counter

import numpy as np

from edge.budget.levels import Level, Levelled
from edge.graph.node import Context
from edge.io.frames import Frame
from edge.vision.models import ModelSettings
from edge.vision.motion import Motion
from edge.vision.targets import Floats, Seen, Targets, corners

SECOND = 1_000_000
NEW_S = 1.0
"""What moves where nothing has for so long is something new: a hand that is raised, somebody who
comes in; but not the head of somebody who talks."""
NEW_CELLS = 2
"""Of motion's grid: a hand that can be seen in the whole picture covers one, its arm others; a
single one is stirred by a nod, too."""
CALMEST = 4
"""Beats get rarer, twice as long after each, up to so much: a picture that stays the same gives the
same answer."""
URGENT = ("first", "still", "gap", "lost")
"""Reasons to look that can't wait for a turn: there is nothing else to go by."""
SEARCHES = tuple(Level(every, 0.03 * (every - 1)) for every in (1, 2, 3, 5, 8, 12, 20))
"""From every frame to once or twice a second: who comes in is seen that much later."""


class Looker(Levelled):
    """A node whose model looks where its `lookout` sees a reason, and where it has a turn."""

    levels = SEARCHES
    weight = 0.5
    leads = True
    lookout: "Lookout"

    @property
    def may_look(self) -> bool:
        return self.turn is not False

    def weigh(self, known: int) -> None:
        """Say whether the model has looked, and how much the scene asks for it."""
        self.looked = self.lookout.noted
        self.wants = self.lookout.wanted or self.looked
        if known >= self.lookout.most:
            self.need = 0.0
        elif self.lookout.stirred:
            self.need = 0.5 if known else 1.0
        else:
            self.need = 0.1


class LookSettings(ModelSettings):
    """The options that all detectors have in common."""

    search_s: float = 0.1
    """Between looks while one is missing or none is known, and something moves: who walks in is
    seen before they have taken half a step."""
    search_most_s: float = 0.1
    """What `search_s` grows to, twice as long after each look that finds nothing new, while only
    the same goes on moving."""
    search_new_s: float = 0.1
    """And what it grows to while new things move."""
    newcomers_s: float = 0.5
    """Between looks while all known ones are held, and something moves elsewhere: who joins waits
    no longer than a glance takes."""
    beat_s: float = 2.0
    """Between looks while nothing moves: what was missed once is found after all."""
    search_for_s: float = 1.0
    """How long a lost one is searched for: most occlusions by a hand or a cup are shorter."""
    stale_s: float = 0.3
    """What was seen longer ago isn't followed: in this time a face or hand can leave its region
    altogether."""


class Lookout:
    """Decides, frame by frame, whether a detector is to look at the picture, and why.

    The reasons, which are marked in the trace as `detect`: `first` (nothing was ever looked at),
    `still` (a picture on its own), `gap` (what is known is too old to be followed), `lost` (one
    is gone since the preceding frame), `search` (one was lost a moment ago, or none is known, and
    something moves), `newcomers` (something moves where nothing is known), `beat` (nothing moves,
    but it's long ago). With `most` in view it never looks. All timing is by the frames' own t, so
    the same input gives the same output.
    """

    def __init__(
        self, settings: LookSettings, most: int, context: Context, counts: Counter[str]
    ) -> None:
        self.settings, self.most = settings, most
        self._context, self._counts = context, counts
        self._looked_at: int | None = None
        self._expected, self._search_until = 0, 0
        self._held, self._in_vain = 0, 1
        self.calm = 1
        """How many times as long as at first a beat lasts: the longer nothing has moved."""
        self._moved = self._new = False  # what has happened since the last look
        self.stirred = False
        """Does something move where nothing is known?"""
        self.noted = False
        """Has anything been looked at in this frame?"""
        self.wanted = False
        """Was there a reason to, whether or not there was a turn?"""
        self._moved_at = np.empty((0, 0), np.int64)

    def followable(self, frame: Frame, t: int, last: Seen | None) -> Seen | None:
        """Return what was seen in the preceding frame if it can be followed to this one.

        A frame's account begins here.
        """
        self.noted = False
        if last is None or frame.still or self._is_old(t, last):
            return None
        if last.lost or len(last) > self._held:
            self._in_vain = 0
        self._held = len(last)
        if last.lost:
            self._expected = len(last) + last.lost
            self._search_until = t + round(self.settings.search_for_s * SECOND)
        return last

    def reason(
        self,
        frame: Frame,
        t: int,
        last: Seen | None,
        known: Targets,
        motion: Motion | None,
        settled: Floats | None = None,
        *,
        may: bool = True,
    ) -> str | None:
        """Return why the detector has to look at this frame, None if it needn't.

        `may`: without it only for what can't wait. `known`: what is followed. Without `motion`,
        anything may have moved anywhere. `settled` (n, 4): left, top, right, bottom of where
        motion is no reason to look, either.
        """
        quiet = corners(known.boxes)
        if settled is not None:
            quiet = np.concatenate((quiet, settled))
        self._watch(t, motion, quiet)
        reason = self._reason(frame, t, last, known)
        self.wanted = reason is not None
        if not may and reason not in URGENT:
            return None
        if reason is not None:
            self._looked_at = t
            self._moved = self._new = False
            self._in_vain += 1
            if reason == "beat":
                self.calm = min(2 * self.calm, CALMEST)
            self.note(reason)
        return reason

    def note(self, reason: str) -> None:
        """Mark in the trace that a detector looks, and count it."""
        self.noted = True
        self._context.instant("detect", reason=reason)
        self._counts[f"detect:{reason}"] += 1

    def _is_old(self, t: int, last: Seen) -> bool:
        return t - last.t > self.settings.stale_s * SECOND

    def _watch(self, t: int, motion: Motion | None, quiet: Floats) -> None:
        """Take note of what moves: it may come to rest before the next look is due."""
        if motion is None:
            self._moved = self.stirred = True
            return
        moving = motion.rest(quiet)
        if self._moved_at.shape != moving.shape:
            self._moved_at = np.full(moving.shape, t)
        self.stirred = bool(moving.any())
        if self.stirred:
            self.calm = 1
        self._moved |= self.stirred
        new = moving & (t - self._moved_at > NEW_S * SECOND)
        self._new |= int(new.sum()) >= NEW_CELLS
        self._moved_at[moving] = t

    def _reason(self, frame: Frame, t: int, last: Seen | None, known: Targets) -> str | None:
        if frame.still:
            return "still"
        if len(known) >= self.most:
            return None
        if self._looked_at is None:
            return "first"
        if last is not None and self._is_old(t, last):
            return "gap"
        if last is not None and last.lost:
            return "lost"
        since = (t - self._looked_at) / SECOND
        if since < self._patience():
            return None
        if self._moved:
            missing = not len(known) or (len(known) < self._expected and t < self._search_until)
            if missing:
                return "search"
            if since >= self.settings.newcomers_s:
                return "newcomers"
        return "beat" if since >= self.calm * self.settings.beat_s else None

    def _patience(self) -> float:
        """Return the seconds between looks while something is missing."""
        doublings = min(max(self._in_vain - 1, 0), 10)
        most = self.settings.search_new_s if self._new else self.settings.search_most_s
        return min(self.settings.search_s * 2**doublings, most)
