"""Where to look for hands: where they just were, on wrists, and now and then anywhere."""

import math
from collections import deque
from dataclasses import replace

import numpy as np

from edge.graph.node import Context, Previous
from edge.io.frames import Frame
from edge.vision.anchors import PALM
from edge.vision.bodies import Bodies
from edge.vision.detection import intersection_over_union
from edge.vision.detector import Detector
from edge.vision.hands import Hands, Palms, regions_of_palms
from edge.vision.lookout import SECOND, Looker, Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.regions import whole
from edge.vision.targets import (
    Floats,
    centres,
    extents,
    follow,
    join,
    newcomers,
    select,
    sizes,
)
from edge.vision.wrists import NOWHERE, Search, Wrists


class HandDetector(Looker):
    """Says where in each frame hands are to be looked for.

    `frame`: any size. `last`: what `hand_landmarks` saw in the preceding frame; without it nothing
    is followed. `motion`: where something moves; without it anything may. `bodies`: those of the
    preceding frame; on their wrists there should be hands.
    Output: one `Palms` for every frame, in pixels; followed hands first, then newly found ones,
    the largest first, at most `max_hands` together. The model looks only when there is a reason:
    those of `edge.vision.lookout.Lookout`, and `wrist` for a look around the wrist of a body that
    misses a hand (`edge.vision.wrists`), at full resolution. In a picture on its own it looks at
    overlapping tiles as well.
    """

    class Settings(LookSettings):
        max_hands: int = 8
        """Two for each of a family on a sofa."""
        min_score: float = 0.5
        """As in MediaPipe."""
        weak_score: float = 0.25
        """Enough on a wrist, and where a hand was seen less than `search_for_s` ago."""
        same_overlap: float = 0.4
        """A detection whose region shares more with a followed hand's is that hand."""
        search_s: float = 0.1
        """A hand that was lost a moment ago is mostly about to come back."""
        search_most_s: float = 0.8
        """The model is the most costly of all detectors: it runs on every twentieth frame of
        somebody who talks and shows no hand."""
        search_new_s: float = 0.3
        """But a hand that is raised is seen before it has said anything."""

        doubt_deg: float = 20.0
        """A palm that is turned by so much against the hand that is followed there is looked at
        again: fists are taken for fists seen from elsewhere, and then followed as such."""
        doubt_s: float = 0.5
        """But not again before that: some hands are always seen so."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.doubted = -SECOND
        settings = self.settings
        self.detector = Detector(
            "palm", (PALM,), settings, context, (0, 1), "palm detector", self.counts
        )
        self.lookout = Lookout(settings, settings.max_hands, context, self.counts)
        self.wrists = Wrists()
        self.recent: deque[tuple[int, Floats]] = deque()

    def process(
        self,
        frame: Frame,
        last: Previous[Hands],
        motion: Motion | None,
        bodies: Previous[Bodies],
    ) -> Palms:
        known = follow(Palms, self.lookout.followable(frame, self.t, last), self.t)
        room = self.settings.max_hands - len(known)
        wrists = self._on_wrists(frame, known, motion, bodies)
        self._remember(frame, last)
        regions = self._regions(frame, last, known, motion, wrists)
        if len(regions) or len(wrists.guesses):
            known = self._with_more(frame, known, regions, wrists, room)
        self.weigh(len(known))
        return known

    def _with_more(
        self, frame: Frame, known: Palms, regions: Floats, wrists: Search, room: int
    ) -> Palms:
        """Return what is known, what the model finds, and what may be on wrists."""
        found = self._look(frame, regions, wrists)
        new = newcomers(found, known, self.settings.same_overlap, room)
        seen = replace(join(known, new), otherwise=self._doubtful(found, known))
        more = newcomers(wrists.guesses, seen, self.settings.same_overlap, room - len(new))
        return join(seen, more)

    def _doubtful(self, found: Palms, known: Palms) -> Palms | None:
        """Return the palms that speak against how hands are followed, None if there are none."""
        if not len(known) or self.t - self.doubted < self.settings.doubt_s * SECOND:
            return None
        shared = intersection_over_union(extents(found.regions), extents(known.regions))
        turned = found.regions[:, None, 4] - known.regions[None, :, 4]
        turned = np.abs((turned + math.pi) % (2 * math.pi) - math.pi)
        same = shared > self.settings.same_overlap
        doubtful = (same & (turned > math.radians(self.settings.doubt_deg))).any(axis=1)
        if not doubtful.any():
            return None
        self.doubted = self.t
        return select(found, doubtful)

    def close(self) -> None:
        self.detector.close()

    def _on_wrists(
        self, frame: Frame, known: Palms, motion: Motion | None, bodies: Bodies | None
    ) -> Search:
        """Return where hands are missing on wrists, and count that they are looked for."""
        full = len(known) >= self.settings.max_hands
        if bodies is None or frame.still or full or not self.may_look:
            return Search(follow(Palms, None, self.t), NOWHERE, NOWHERE[:, :4])
        wrists = self.wrists.search(self.t, bodies, known, motion)
        for _ in wrists.regions:
            self.lookout.note("wrist")
        self.counts["wrist guesses"] += len(wrists.guesses)
        return wrists

    def _regions(
        self, frame: Frame, last: Hands | None, known: Palms, motion: Motion | None, wrists: Search
    ) -> Floats:
        """Return where the palm detector is to look, (n, 5)."""
        if len(wrists.guesses) or len(wrists.regions):
            return wrists.regions
        may = self.may_look
        if not self.lookout.reason(frame, self.t, last, known, motion, wrists.settled, may=may):
            return NOWHERE
        return tiles(frame.size) if frame.still else whole(frame.size)[None]

    def _look(self, frame: Frame, regions: Floats, wrists: Search) -> Palms:
        """Return the palms in the regions, weak ones only where something speaks for them."""
        found = self.detector.look(frame, regions, self.settings.weak_score)
        boxes = sizes(found.boxes)
        where = regions_of_palms(boxes, found.keypoints.reshape(-1, 7, 2))
        palms = Palms(self.t, boxes, where, found.scores, np.zeros(len(boxes), bool))
        likely = np.concatenate((wrists.regions, *(where for _, where in self.recent)))
        near = np.abs(centres(boxes)[:, None] - likely[None, :, :2]) < likely[None, :, 2:4] / 2
        expected = np.any(near.all(axis=2), axis=1)
        return select(palms, expected | (palms.scores >= self.settings.min_score))

    def _remember(self, frame: Frame, last: Hands | None) -> None:
        """Keep where hands were of late: a faint palm there is a hand rather than a curtain."""
        if frame.still:
            self.recent.clear()
        elif last is not None and len(last):
            self.recent.append((last.t, last.regions))
        oldest = self.t - self.settings.search_for_s * SECOND
        while self.recent and self.recent[0][0] < oldest:
            self.recent.popleft()


TILES = (1.0, 0.5)
"""Sides of the tiles that a picture on its own is searched in, in its shorter sides: a hand of a
thirtieth of that is found."""
TILE_STEP = 0.75
"""From tile to tile, in their sides, at most: a palm is seen whole in one of two neighbours."""
LONGEST = 3.0
"""A picture's longer side, in its shorter ones; of what is longer still the tiles are larger, so
that they don't grow in number."""


def tiles(size: tuple[int, int]) -> Floats:
    """Return a picture's regions (n, 5): all of it, and overlapping tiles of several sizes."""
    regions = [whole(size)]
    for scale in TILES:
        side = max(min(size), max(size) / LONGEST) * scale
        across, down = (_middles(length, side) for length in size)
        regions += [np.array((x, y, side, side, 0)) for y in down for x in across]
    return np.array(regions, np.float32)


def _middles(length: float, side: float) -> Floats:
    """Return the middles of tiles of a given side along a picture's side of a given length."""
    if side >= length:
        return np.array([length / 2], np.float32)
    count = math.ceil((length - side) / (TILE_STEP * side)) + 1
    return np.linspace(side / 2, length - side / 2, count, dtype=np.float32)
