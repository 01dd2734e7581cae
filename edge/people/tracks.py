"""Which of the people seen now is which of those seen before."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.people import identity
from edge.people.appearance import distance
from edge.people.assignment import assigned
from edge.people.following import (
    SECOND,
    FollowSettings,
    Match,
    Tracklet,
    begun,
    clear,
    doubtful,
    match,
)
from edge.people.identity import IdentitySettings, Person
from edge.people.kalman import Kalman, MotionSettings, State

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class TrackSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    confirm_s: float = 0.1
    """Seen for this long, a person counts as entered: one frame's mistake never does. Frames on
    which they are missed count twice against it."""
    forget_s: float = 3.0
    """Out of view for this long, a person has left. The contract promises 2 s; who bends down to
    the table takes up to 3."""
    restart_s: float = 1.0
    """Over a gap this long between frames nobody is followed: all are to be recognised, and who is
    new needn't wait to be confirmed. A picture a second is a slide show, not a video."""
    away_s: float = 10.0
    """A video that stops for no longer than this says nothing of who left meanwhile, as when a
    camera is unplugged: all are remembered for as long after it as before."""
    look_s: float = 1.0
    """Between looks at the clothes of those who stand apart, to know them later."""
    motion: MotionSettings = MotionSettings()
    follow: FollowSettings = FollowSettings()
    identity: IdentitySettings = IdentitySettings()


class Update(NamedTuple):
    """`ids`: of each detection, 0 while unconfirmed. `entered`, `left`: who did just now.

    `box_sd`: standard deviation of each box's position, pixels; NaN where the box is no box.
    """

    ids: list[int]
    entered: list[int]
    left: list[int]
    box_sd: list[float]


class Tracks:
    """Gives each detection the id of the person it shows.

    Boxes are followed by motion alone (`edge.people.following`), as long as that leaves no doubt.
    Where it does, after people hid each other or were out of view, it is asked anew on every frame
    who of them is whom, all together, by where they were going before and go now, by size and by
    looks (`edge.people.identity`); the answer is final once they have been apart for a moment.
    Who is seen on the first frame, or on the first after `restart`, is confirmed at once. Ids count
    from 1 in the order of confirmation and are never given twice. All depends on the given
    timestamps, boxes and looks alone.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self.settings = settings
        self.tracklets: list[Tracklet] = []
        self.people: dict[int, Person] = {}
        self._kalman = Kalman(settings.motion)
        self._last: int | None = None
        self._stopped = False
        self._next_id = 1
        self._match: Match | None = None

    def update(
        self,
        t: int,
        boxes: Floats,
        looks: Floats | None = None,
        fresh: Sequence[bool] | None = None,
    ) -> Update:
        """Take the boxes (n, 4: x, y, width, height) seen at t, which is later than ever before.

        `looks` (n, bins): what each looks like; rows of NaN where that isn't known. `fresh` (n): by
        default all; a box that is only carried on from another frame proves nothing. A box that
        isn't finite is nobody's.
        """
        matched = self._matched(t, boxes)
        since = 0.0 if self._last is None else (t - self._last) / SECOND
        at_once = self._last is None or since >= self.settings.restart_s
        self._last, self._match = t, None
        self._bridge(since)
        left = self._forget(t - self.settings.forget_s * SECOND)
        self._doubt(matched)
        stand_apart = [] if looks is None else self._clear(matched)
        shown = self._follow(matched, [True] * len(boxes) if fresh is None else fresh)
        if looks is not None:
            for row, track, alone in zip(matched.rows, shown, stand_apart, strict=True):
                if alone:
                    track.remember(t, looks[row])
        for track in shown:
            if track.since is None and self._looks_wrong(track):
                track.since = track.mixed
        self._recognise(t, [track for track in shown if track.since is not None])
        entered = self._enter(t, [track for track in shown if not track.person], at_once)
        self._settle(t, shown)
        self._drop(t, since)
        ids, deviations = [0] * len(boxes), [math.nan] * len(boxes)
        for row, track in zip(matched.rows, shown, strict=True):
            ids[row], deviations[row] = track.person, deviation(track.state)
        return Update(ids, entered, left, deviations)

    def looks_needed(self, t: int, boxes: Floats) -> Mask:
        """Return of which boxes (n, 4) `update` at t, with the same boxes, should be given looks.

        Of those who may be several people, and now and then of each that stands apart, so that
        there is something to compare with.
        """
        matched = self._matched(t, boxes)
        needed = np.zeros(len(boxes), bool)
        rows = zip(matched.rows, matched.found, self._clear(matched), strict=True)
        for row, known, alone in rows:
            due = bool(self.people)
            if known >= 0:
                track = self.tracklets[known]
                again = (t - track.looked) / SECOND >= self.settings.look_s
                due = track.looks is None or track.since is not None or again
            needed[row] = due and alone
        return needed

    def restart(self) -> list[int]:
        """Take what comes next for another scene; return the ids of all who were known."""
        left = self._forget(math.inf)
        self.tracklets, self._last, self._match = [], None, None
        return left

    def _matched(self, t: int, boxes: Floats) -> Match:
        """Return what the boxes at t continue, once for both who ask: over a pause, nothing."""
        if self._match is None or self._match.t != t:
            if self._last is not None and t - self._last >= self.settings.restart_s * SECOND:
                self._part()
            gate = self.settings.follow.gate
            self._match = match(t, boxes, self.tracklets, self._kalman, gate)
        return self._match

    def _part(self) -> None:
        """Follow nobody on: over a pause motion says little, so that all are to be recognised."""
        for track in self.tracklets:
            if self._is_known(track):
                self._keep(track)
        self.tracklets = []

    def _is_known(self, track: Tracklet) -> bool:
        return track.person > 0 and (
            track.since is None or track.evidence >= self.settings.confirm_s
        )

    def _clear(self, matched: Match) -> list[bool]:
        return clear(matched, self.tracklets, self.settings.follow.apart)

    def _forget(self, limit: float) -> list[int]:
        """Drop who was last seen before the limit; return their ids."""
        left = [person.id for person in self.people.values() if person.seen < limit]
        for id_ in left:
            del self.people[id_]
        for track in self.tracklets:
            if track.person in left:
                track.person, track.since, track.evidence = 0, track.seen, 0.0
        return left

    def _bridge(self, since: float) -> None:
        """Count the seconds since the last frame against nobody where a video had stopped; in a
        slide show, whose pauses follow each other, they count."""
        stopped = since >= self.settings.restart_s
        if stopped and not self._stopped and since <= self.settings.away_s:
            for person in self.people.values():
                person.seen += round(since * SECOND)
        self._stopped = stopped

    def _doubt(self, matched: Match) -> None:
        """Find of whom it isn't certain any more who they are, and keep what was known of them."""
        t = matched.t
        followed = {track.person for track in self.tracklets}
        lost = [
            self._kalman.predict(person.state, (t - person.known) / SECOND)
            for person in self.people.values()
            if person.id not in followed
        ]
        for track in doubtful(matched, self.tracklets, lost, self.settings.follow):
            track.mixed = t
            if track.since is None:
                self._keep(track)
                track.since, track.looks = t, None

    def _keep(self, track: Tracklet) -> None:
        """Keep of a person what their tracklet shows, as of when it was last seen."""
        person = self.people[track.person]
        person.state, person.known = track.state, track.seen
        if track.looks is not None:
            person.looks = track.looks

    def _looks_wrong(self, track: Tracklet) -> bool:
        """Say whether a tracklet now looks like somebody else than whom it was taken for."""
        known = self.people[track.person].looks
        if known is None or track.looks is None:
            return False
        return distance(known, track.looks) > self.settings.identity.unlike

    def _follow(self, matched: Match, fresh: Sequence[bool]) -> list[Tracklet]:
        """Go on with what the boxes continue, begin with the others; return their tracklets."""
        shown = []
        for row, seen, known in zip(matched.rows, matched.seen, matched.found, strict=True):
            if known < 0:
                track = begun(matched.t, self._kalman.start(seen))
                self.tracklets.append(track)
            else:
                track = self.tracklets[known]
                state = self._kalman.update(matched.now[known], seen)
                track.go_on(matched.t, state, self.settings.follow.settle_s, fresh[row])
            shown.append(track)
        return shown

    def _recognise(self, t: int, tracks: list[Tracklet]) -> None:
        """Say anew who is shown by those of whom that isn't certain."""
        if not tracks or not self.people:
            return
        certain, missed = set(), {}
        for track in self.tracklets:
            if track.person and track.seen < t:
                missed[track.person] = track
                if track.since is None:
                    self._keep(track)
            elif track.person and track.since is None:
                certain.add(track.person)
        people = [person for id_, person in self.people.items() if id_ not in certain]
        settings = self.settings.identity
        costs = identity.costs(people, tracks, self._kalman, settings)
        found = assigned(costs.T, settings.newcomer)
        for track, row in zip(tracks, found, strict=True):
            track.person = people[row].id if row >= 0 else 0
            if track.person in missed:
                self.tracklets.remove(missed[track.person])

    def _enter(self, t: int, tracks: list[Tracklet], at_once: bool) -> list[int]:
        """Give new ids to those who are confirmed to be nobody known; return these."""
        entered = []
        for track in tracks:
            if at_once or track.evidence >= self.settings.confirm_s:
                track.person, track.since = self._next_id, None
                self._next_id += 1
                self.people[track.person] = Person(track.person, track.state, t, t)
                entered.append(track.person)
        return entered

    def _settle(self, t: int, tracks: list[Tracklet]) -> None:
        """Be sure from now on of those who have been apart from others for long enough."""
        for track in tracks:
            if track.person:
                self.people[track.person].seen = t
                if (t - track.mixed) / SECOND >= self.settings.follow.settle_s:
                    track.since = None

    def _drop(self, t: int, since: float) -> None:
        """Drop who was never confirmed and is missed more than seen, and who is lost."""
        kept = []
        for track in self.tracklets:
            if track.seen == t:
                kept.append(track)
                continue
            track.evidence -= 2 * since
            lost = (t - track.seen) / SECOND >= self.settings.follow.miss_s
            if not lost and (track.person or track.evidence >= 0):
                kept.append(track)
            elif self._is_known(track):
                self._keep(track)
        self.tracklets = kept


def deviation(state: State) -> float:
    """Return the standard deviation of a position along each axis, pixels."""
    return math.sqrt(state.place.position) * state.pixels
