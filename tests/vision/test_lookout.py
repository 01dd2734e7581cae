"""When there is a reason to look."""

from collections import Counter

import numpy as np

from edge.io.frames import Frame
from edge.vision.lookout import Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.targets import Seen, Targets, follow
from tests.vision.driving import context

CELL = 80
"""Pixels of a frame, in a grid of 9 rows and 16 columns."""
FPS = 25


def seen(t, columns=(), lost=0):
    """Things of one cell each, in the top row at the given columns."""
    count = len(columns)
    boxes = np.array([(CELL * c, 0, CELL, CELL) for c in columns], np.float32).reshape(-1, 4)
    return Seen(
        t,
        np.zeros((count, 1, 3), np.float32),
        boxes,
        np.zeros((count, 5), np.float32),
        np.ones(count, np.float32),
        np.ones(count, bool),
        lost,
    )


def motion(t, *columns):
    moving = np.zeros((9, 16), bool)
    moving[0, list(columns)] = True
    return Motion(t, moving, (CELL, CELL))


class Watch:
    """A lookout that is asked frame by frame."""

    def __init__(self, most=2, **settings):
        self.counts: Counter[str] = Counter()
        self.lookout = Lookout(LookSettings(**settings), most, context(), self.counts)
        self.t = -1_000_000 // FPS
        self.last = None

    def ask(self, *moving, columns=(), lost=0, still=False, step=1, settled=None, may=True):
        """Return the reason at the next frame, in which cells of some columns move."""
        before, self.t = self.t, self.t + step * 1_000_000 // FPS
        self.last = seen(before, columns, lost)
        frame = Frame(np.zeros((720, 1280, 3), np.uint8), 0, self.t, still=still)
        known = follow(Targets, self.lookout.followable(frame, self.t, self.last), self.t)
        at = motion(self.t, *moving)
        return self.lookout.reason(frame, self.t, self.last, known, at, settled, may=may)

    def looks(self, frames, *moving, **more):
        """Return the numbers of the frames, of as many as said, at which it looks."""
        return [frame for frame in range(frames) if self.ask(*moving, **more)]


def test_a_still_room_is_looked_at_once_and_then_on_a_slow_beat():
    watch = Watch()
    assert watch.looks(4 * FPS) == [0, 2 * FPS]
    assert watch.counts == {"detect:first": 1, "detect:beat": 1}


def test_what_goes_on_moving_in_vain_is_looked_at_ever_more_seldom():
    watch = Watch(search_s=0.08, search_most_s=0.64)
    looks = watch.looks(4 * FPS, 3)
    assert looks[:4] == [0, 4, 12, 28]
    assert set(np.diff(looks[3:])) == {16}


def test_what_moves_anew_is_looked_at_soon():
    watch = Watch(search_s=0.08, search_most_s=0.64, search_new_s=0.24)
    watch.looks(4 * FPS, 3)
    assert watch.looks(FPS, 3, 9, 10)[0] <= 6


def test_a_motion_that_came_to_rest_before_the_next_look_is_not_forgotten():
    watch = Watch(search_s=0.16, search_most_s=0.16)
    assert watch.ask() == "first"
    assert watch.ask(9) is None
    assert watch.looks(6) == [2]


def test_a_lost_one_is_searched_for_quickly_and_then_less():
    watch = Watch(search_s=0.08, search_most_s=0.32)
    watch.looks(FPS, columns=(3,))
    assert watch.ask(3, lost=1) == "lost"
    assert watch.looks(FPS, 3) == [1, 5, 13, 21]


def test_nothing_is_searched_for_once_all_are_there():
    watch = Watch(most=1)
    assert watch.looks(4 * FPS, 3, 9, columns=(3,)) == []


def test_what_moves_on_what_is_known_is_no_newcomer():
    watch = Watch()
    assert watch.ask(3) == "first"
    assert watch.looks(FPS, 3, columns=(3,)) == []
    assert watch.ask(3, 9, columns=(3,)) == "newcomers"


def test_motion_where_all_is_settled_is_no_reason():
    settled = np.array([[8 * CELL, 0, 10 * CELL, CELL]], np.float32)
    watch = Watch()
    assert watch.ask() == "first"
    assert watch.looks(FPS, 9, settled=settled) == []
    assert watch.ask(9, 11, settled=settled) == "search"


def test_what_is_too_old_is_not_followed_and_pictures_stand_alone():
    watch = Watch()
    assert watch.ask() == "first"
    assert watch.ask(columns=(3,), step=FPS) == "gap"
    assert [watch.ask(still=True) for _ in range(3)] == ["still"] * 3


def test_a_day_in_vain_does_no_harm():
    watch = Watch(stale_s=10)
    assert watch.looks(3000, 3, step=30 * FPS // 25) == list(range(3000))
    assert watch.counts == {"detect:first": 1, "detect:search": 2999}


def test_without_a_turn_only_what_cant_wait_is_looked_at():
    watch = Watch()
    assert watch.ask(may=False) == "first"
    assert watch.looks(FPS, 3, may=False) == []
    assert watch.lookout.wanted
    assert watch.ask(3, may=True) == "search"
    watch.looks(2, columns=(3,))
    assert watch.ask(3, lost=1, may=False) == "lost"


def test_the_longer_nothing_moves_the_rarer_are_beats():
    watch = Watch(beat_s=0.4)
    looks = watch.looks(8 * FPS)
    pauses = np.diff(looks).tolist()
    assert pauses == sorted(pauses)
    assert pauses[-1] == 4 * pauses[0]
    watch.looks(3, 3)
    assert watch.lookout.calm == 1
