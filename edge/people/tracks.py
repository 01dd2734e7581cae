"""Which of the people seen now is which of those seen before."""

import math
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.people.appearance import blended, distance
from edge.people.assignment import FORBIDDEN, Costs, assigned
from edge.people.following import SECOND, Match, Tracklet, begun, match, proportions
from edge.people.identity import Person, surprise
from edge.people.kalman import Kalman, MotionSettings, State

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class TrackSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths in units of the head's size, which is the root of its box's area: about 0.2 m."""

    confirm_s: float = 0.1
    """Seen for this long, a person counts as entered: one frame's mistake never does. Frames on
    which they are missed count twice against it."""
    forget_s: float = 3.0
    """Out of view for this long, a person has left. The contract promises 2 s; who bends down to
    the table takes up to 3."""
    restart_s: float = 1.0
    """After a gap this long between frames nobody waits to be confirmed: a picture a second is a
    slide show, not a video."""
    motion: MotionSettings = MotionSettings()
    gate: float = 16.3
    """Squared Mahalanobis distance up to which a motion is an ordinary one: 0.999 of the
    chi-square distribution with three degrees of freedom."""
    miss_s: float = 0.3
    """Missed for longer, who is seen next is somebody who has to be recognised."""
    touch: float = 0.35
    """Two heads nearer than this may be mixed up: their boxes overlap by half."""
    hidden: float = 1.0
    """So near to somebody who isn't seen, or has just appeared, that may be them: behind a head,
    or the shoulders."""
    hidden_s: float = 1.0
    """So long after they were last seen, it isn't known any more where they are hidden."""
    settle_s: float = 0.3
    """So long after two have come apart it is decided who is who: by then it shows where each is
    going."""
    sure: float = 6.0
    """By so much, as -2 ln, it has to be likelier than anything else: one in twenty."""
    unsure_s: float = 2.0
    """For longer nobody waits for more evidence."""
    size_ratio: float = 2.0
    """A head this many times larger or smaller is another one: nobody halves their distance to
    the camera in the time that a track lives without being seen."""
    size_sd: float = 0.05
    """Standard deviation of the size's logarithm after a time out of view: most stay about as
    far from the camera as they were."""
    roam: float = 1.0
    roam_per_s: float = 5.0
    """How far, and how much further for each second out of view, somebody may come back from where
    they should be: at a walk, 1 m/s."""
    newcomer: float = 15.0
    """What it costs, as -2 ln, that somebody new is seen, and who is missing stays so."""
    held: float = 2.0
    """What it is worth that somebody was taken for this person on the frame before."""
    apart: float = 2.5
    """Two heads nearer than this, across, have shoulders that overlap: nobody's clothes are looked
    at then."""
    look_s: float = 1.0
    """Between looks at the clothes of those who stand apart, to know them later."""
    looks_weight: float = 40.0
    """What it costs to look less like a person, by the whole distance of 1, than others do."""
    unlike: float = 0.6
    """Who looks as different as this is somebody else."""


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
        self._next_id = 1
        self._match: Match | None = None

    def update(self, t: int, boxes: Floats, looks: Floats | None = None) -> Update:
        """Take the boxes (n, 4: x, y, width, height) seen at t, which is later than ever before.

        `looks` (n, bins): what each looks like; rows of NaN where that isn't known. A box that
        isn't finite is nobody's.
        """
        matched = self._matched(t, boxes)
        since = 0.0 if self._last is None else (t - self._last) / SECOND
        restarted = self._last is None or since >= self.settings.restart_s
        self._last, self._match = t, None
        left = self._forget(t - self.settings.forget_s * SECOND)
        self._doubt(matched)
        shown = self._follow(matched, boxes, since)
        if looks is not None:
            for index, (row, track) in enumerate(shown.items()):
                if self._clear(matched, index):
                    track.remember(t, looks[row])
        self._recognise(t, [track for track in shown.values() if track.since is not None])
        entered = self._enter(t, [track for track in shown.values() if not track.person], restarted)
        self._settle(t, list(shown.values()))
        self._drop(t, since)
        ids, deviations = [0] * len(boxes), [math.nan] * len(boxes)
        for row, track in shown.items():
            ids[row], deviations[row] = track.person, deviation(track.state)
        return Update(ids, entered, left, deviations)

    def looks_needed(self, t: int, boxes: Floats) -> Mask:
        """Return of which boxes (n, 4) `update` at t, with the same boxes, should be given looks.

        Of those who may be several people, and now and then of each that stands apart, so that
        there is something to compare with.
        """
        matched = self._matched(t, boxes)
        needed = np.zeros(len(boxes), bool)
        for index, (row, known) in enumerate(zip(matched.rows, matched.found, strict=True)):
            track = self.tracklets[known] if known >= 0 else None
            if track is None:
                due = bool(self.people)
            else:
                again = (t - track.looked) / SECOND >= self.settings.look_s
                due = track.looks is None or track.since is not None or again
            needed[row] = due and self._clear(matched, index)
        return needed

    def restart(self) -> list[int]:
        """Take what comes next for another scene; return the ids of all who were known."""
        self._last = None
        self._match = None
        return self._forget(math.inf)

    def _matched(self, t: int, boxes: Floats) -> Match:
        if self._match is None or self._match.t != t:
            self._match = match(t, boxes, self.tracklets, self._kalman, self.settings.gate)
        return self._match

    def _forget(self, limit: float) -> list[int]:
        """Drop who was last seen before the limit; return their ids."""
        left = [person.id for person in self.people.values() if person.seen < limit]
        for id_ in left:
            del self.people[id_]
        for track in self.tracklets:
            if track.person in left:
                track.person = 0
        if limit == math.inf:
            self.tracklets = []
        return left

    def _doubt(self, matched: Match) -> None:
        """Find who can be mixed up with whom from now on."""
        settings = self.settings
        t, now = matched.t, matched.now
        taken = set(matched.found)
        new = [one for one, known in zip(matched.seen, matched.found, strict=True) if known < 0]
        followed = {track.person for track in self.tracklets}
        lost = [
            self._predicted(person, t)
            for person in self.people.values()
            if person.id not in followed and (t - person.seen) / SECOND < settings.hidden_s
        ]
        for index, (track, state) in enumerate(zip(self.tracklets, now, strict=True)):
            if index not in taken:
                continue
            limit = settings.hidden * state.pixels
            mixed = any(_near(one, state, limit) for one in new)
            if track.since is not None:
                mixed = mixed or any(_near(one, state, limit) for one in lost)
            for other, theirs in enumerate(now):
                if other != index and not mixed:
                    near = settings.touch if other in taken else settings.hidden
                    mixed = _near(theirs, state, near * state.pixels)
            if mixed:
                track.mixed = t
                self._open(track, t)

    def _open(self, track: Tracklet, t: int) -> None:
        """Take whom it shows for uncertain, from t on."""
        if track.since is None:
            self._remember(track)
            track.since, track.looks = t, None

    def _remember(self, track: Tracklet) -> None:
        """Keep what is known of whom a tracklet shows, as of when it was last seen."""
        person = self.people.get(track.person)
        if person is not None:
            person.state, person.shape, person.known = track.state, track.shape, track.seen
            if track.looks is not None:
                person.looks = track.looks

    def _follow(self, matched: Match, boxes: Floats, since: float) -> dict[int, Tracklet]:
        """Go on with what the boxes continue, begin with the others; return them by row."""
        shown = {}
        for index, (row, known) in enumerate(zip(matched.rows, matched.found, strict=True)):
            seen, box = matched.seen[index], boxes[row].tolist()
            if known < 0:
                track = begun(matched.t, seen, box, self._kalman)
                self.tracklets.append(track)
            else:
                track = self.tracklets[known]
                track.state = self._kalman.update(matched.now[known], seen)
                track.seen, track.shape = matched.t, proportions(box)
                track.evidence += since
            if track.mixed == matched.t:
                track.origin = track.state
            if (matched.t - track.mixed) / SECOND <= self.settings.settle_s:
                track.course, track.course_t = track.state, matched.t
            shown[row] = track
        return shown

    def _recognise(self, t: int, tracks: list[Tracklet]) -> None:
        """Say anew who is shown by those of whom that isn't certain."""
        if not tracks:
            return
        certain, missed = set(), {}
        for track in self.tracklets:
            if track.person and track.seen == t and track.since is None:
                certain.add(track.person)
            elif track.person and track.seen < t:
                missed[track.person] = track
                if track.since is None:
                    self._remember(track)
        people = [person for id_, person in self.people.items() if id_ not in certain]
        if not people:
            return
        costs = self._costs(t, people, tracks).T
        found = assigned(costs, self.settings.newcomer)
        self._weigh(costs, found, tracks)
        for track, row in zip(tracks, found, strict=True):
            track.person = people[row].id if row >= 0 else 0
            if track.person:
                people[row].seen = t
                if track.person in missed:
                    self.tracklets.remove(missed[track.person])

    def _weigh(self, costs: Costs, found: list[int], tracks: list[Tracklet]) -> None:
        """Note of each track by how much its person is likelier than the next best."""
        columns = {row: index for index, row in enumerate(found) if row >= 0}
        for index, row in enumerate(found):
            track, margin = tracks[index], FORBIDDEN
            if row >= 0:
                own = costs[index, row]
                for other in np.flatnonzero(costs[index] < FORBIDDEN).tolist():
                    if other != row:
                        worse = costs[index, other] - own
                        if other in columns:
                            worse += (
                                min(costs[columns[other], row], self.settings.newcomer)
                                - costs[columns[other], other]
                            )
                        margin = min(margin, worse)
            track.margin = margin

    def _costs(self, t: int, people: list[Person], tracks: list[Tracklet]) -> Costs:
        """Return how unlikely (people, tracks) it is that each shows each, as -2 ln."""
        settings = self.settings
        costs = np.full((len(people), len(tracks)), FORBIDDEN)
        apart = np.full(costs.shape, np.nan)
        for row, person in enumerate(people):
            for column, track in enumerate(tracks):
                if track.since is None or track.since <= person.known:
                    continue  # seen beside each other
                away = (track.mixed - person.known) / SECOND
                cost, far, other = surprise(person, track, self._kalman, settings.size_sd)
                mine = track.person == person.id
                if mine:
                    cost = min(cost, settings.newcomer) - settings.held
                elif far > settings.roam + settings.roam_per_s * away:
                    continue
                elif other > math.log(settings.size_ratio):
                    continue
                costs[row, column] = cost
                if track.looks is not None and person.looks is not None:
                    apart[row, column] = distance(person.looks, track.looks)
        known = np.isfinite(apart)
        for column in np.flatnonzero(known.any(axis=0)):
            rows = known[:, column]
            apart_ = apart[rows, column]
            costs[rows, column] += settings.looks_weight * (apart_ - apart_.mean())
            costs[known[:, column] & (apart[:, column] > settings.unlike), column] = FORBIDDEN
        return np.minimum(costs, FORBIDDEN)

    def _enter(self, t: int, tracks: list[Tracklet], at_once: bool) -> list[int]:
        """Give new ids to those who are confirmed to be nobody known; return these."""
        entered = []
        for track in tracks:
            if at_once or track.evidence >= self.settings.confirm_s:
                track.person = self._next_id
                self._next_id += 1
                person = Person(track.person, track.state, track.shape, t, t, track.looks)
                self.people[person.id] = person
                track.since = None
                entered.append(person.id)
        return entered

    def _settle(self, t: int, tracks: list[Tracklet]) -> None:
        """Be sure from now on of those who have been apart from others for long enough."""
        for track in tracks:
            if not track.person:
                continue
            person = self.people[track.person]
            person.seen = t
            if track.since is None:
                continue
            apart = (t - track.mixed) / SECOND
            sure = track.margin >= self.settings.sure or apart >= self.settings.unsure_s
            if apart >= self.settings.settle_s and sure:
                self._close(track)

    def _close(self, track: Tracklet) -> None:
        person = self.people[track.person]
        if track.looks is None:
            track.looks, track.looked = person.looks, 0
        elif person.looks is not None:
            track.looks = blended(person.looks, track.looks)
        track.since = None

    def _drop(self, t: int, since: float) -> None:
        """Drop who was never confirmed and is missed more than seen, and who is lost."""
        kept = []
        for track in self.tracklets:
            if track.seen < t:
                track.evidence -= 2 * since
                lost = (t - track.seen) / SECOND >= self.settings.miss_s
                if not track.person and (track.evidence < 0 or lost):
                    continue
                if track.person and lost:
                    if track.since is None or track.evidence >= self.settings.confirm_s:
                        self._remember(track)
                    continue
            kept.append(track)
        self.tracklets = kept

    def _predicted(self, person: Person, t: int) -> State:
        return self._kalman.predict(person.state, (t - person.known) / SECOND)

    def _clear(self, matched: Match, index: int) -> bool:
        """Say whether somebody seen stands apart from all others."""
        one = matched.seen[index]
        size = math.exp(one.size)
        others = [*matched.seen[:index], *matched.seen[index + 1 :]]
        taken = set(matched.found)
        others += [
            state
            for known, state in enumerate(matched.now)
            if known not in taken and self.tracklets[known].person
        ]
        return not any(
            abs(other.x - one.x) < self.settings.apart * max(size, math.exp(other.size))
            for other in others
        )


def _near(one, other, limit: float) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) < limit


def deviation(state: State) -> float:
    """Return the standard deviation of a position along each axis, pixels."""
    return math.sqrt(state.place.position) * state.pixels
