"""Whose each hand is, over time."""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from edge.people.identity import IdentitySettings
from edge.people.kalman import MotionSettings
from edge.people.tracks import SECOND, Tracks, TrackSettings
from edge.vision.hands import Hands
from edge.vision.targets import Mask


class HandSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    let_go_s: float = 0.5
    """For so long a hand stays its person's though nothing speaks for it: wrists of a body that
    is half hidden come and go."""
    tracks: TrackSettings = TrackSettings(
        forget_s=1.0,
        identity=IdentitySettings(size_sd=0.3),
        motion=MotionSettings(speed=8.0, keep_s=0.3, jitter=0.05, size_jitter=0.1, growth=2.0),
    )
    """Hands move by eight of their sizes a second and turn within a third of one; they close and
    open, which halves and doubles their boxes, and out of view a second they can be anywhere."""


@dataclass(slots=True)
class Hold:
    """What is known of one hand: whose it is (0: nobody's), on which side (0: left, 1: right),
    when that was last seen, and its id while it was nobody's (0: never so far)."""

    owner: int = 0
    side: int = 0
    joined: int = 0
    alone: int = 0


@dataclass(slots=True)
class Owned:
    """Hands of one frame: row, side (0 or 1) and track (0: not yet) of each, by its owner's id."""

    hands: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    alone: set[int] = field(default_factory=set)
    """The ids among them that are only hands: nobody whom faces or bodies tell of."""


class HandOwners:
    """Keeps every hand with its person, and gives an id to those that are nobody's."""

    def __init__(self, settings: HandSettings) -> None:
        self.settings = settings
        self.tracks = Tracks(settings.tracks)
        self.holds: dict[int, Hold] = {}
        self.keys: list[int] = []
        self.box_sd: list[float] = []

    def follow(self, t: int, hands: Hands) -> None:
        """Tell which of the hands at t is which of those before."""
        update = self.tracks.update(t, hands.boxes)
        self.keys, self.box_sd = update.ids, update.box_sd
        for key in update.left:
            self.holds.pop(key, None)
        for key in update.entered:
            self.holds[key] = Hold()

    def restart(self) -> None:
        """Take what comes next for another scene."""
        self.tracks.restart()
        self.holds.clear()

    def held(self, ids: list[int]) -> Mask:
        """Return (hands, arms) which arms were theirs: left and right of each person, by id."""
        held = np.zeros((len(self.keys), 2 * len(ids)), bool)
        places = {id_: index for index, id_ in enumerate(ids) if id_}
        for row, key in enumerate(self.keys):
            hold = self.holds.get(key)
            if hold is not None and hold.owner in places:
                held[row, 2 * places[hold.owner] + hold.side] = True
        return held

    def alone_before(self, rows: list[int]) -> list[int]:
        """Return under which ids hands went that were nobody's."""
        holds = (self.holds.get(self.keys[row]) for row in rows)
        return [hold.alone for hold in holds if hold is not None and hold.alone]

    def adopted(self, id_: int) -> None:
        """A person took over the id of a hand that was nobody's."""
        for hold in self.holds.values():
            if hold.alone == id_:
                hold.alone = 0

    def settle(
        self, t: int, hands: Hands, arms: list[tuple[int, int]], known: set[int], seen: set[int]
    ) -> Owned:
        """Return whose the hands at t are.

        `arms`: of each hand the id of the person it was joined to, 0 for none, and the side.
        `known`: ids of all people who haven't left, `seen`: those in this frame. Hands that need
        an id of their own come under negative numbers, -1 - row.
        """
        owned = Owned()
        taken = {arm for arm in arms if arm[0]}
        waiting = []
        for row, (key, arm) in enumerate(zip(self.keys, arms, strict=True)):
            if arm[0]:
                owned.hands.setdefault(arm[0], []).append((row, arm[1], key))
                if key:
                    hold = self.holds[key]
                    hold.owner, hold.side, hold.joined = arm[0], arm[1], t
            elif key:
                waiting.append((row, key))
        for row, key in waiting:
            hold = self.holds[key]
            if hold.owner not in known:
                hold.owner = 0
            arm = hold.owner, hold.side
            recent = t - hold.joined < self.settings.let_go_s * SECOND
            if hold.owner and arm not in taken and (recent or hold.owner not in seen):
                taken.add(arm)
                owned.hands.setdefault(hold.owner, []).append((row, hold.side, key))
                continue
            hold.owner = 0
            side = int(hands.right[row] > 0.5)
            id_ = hold.alone or -1 - row
            owned.hands[id_] = [(row, side, key)]
            owned.alone.add(id_)
        return owned

    def name(self, row: int, id_: int) -> None:
        """Give the hand of a row an id of its own."""
        self.holds[self.keys[row]].alone = id_
