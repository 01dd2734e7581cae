import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.tracks import SECOND, Tracks, TrackSettings

FRAME = SECOND // 25


def boxes(*centres: tuple[float, float], size: float = 100) -> np.ndarray:
    rows = [(x - size / 2, y - size / 2, size, size) for x, y in centres]
    return np.array(rows, np.float32).reshape(-1, 4)


class Watch:
    """Tracks, and the time."""

    def __init__(self, **settings) -> None:
        self.tracks = Tracks(TrackSettings(**settings))
        self.t = -FRAME
        self.entered: list[int] = []
        self.left: list[int] = []

    def see(self, *centres: tuple[float, float], size: float = 100, seconds: float = 0.04):
        self.t += round(seconds * SECOND)
        update = self.tracks.update(self.t, boxes(*centres, size=size))
        self.entered += update.entered
        self.left += update.left
        return update.ids

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 25)):
            self.see()


def test_who_is_there_first_is_confirmed_at_once():
    watch = Watch()
    assert watch.see((100, 100), (400, 100)) == [1, 2]
    assert watch.entered == [1, 2]


def test_a_newcomer_is_confirmed_after_a_moment():
    watch = Watch()
    watch.see((100, 100))
    seen = [watch.see((100, 100), (500, 100))[1] for _ in range(6)]
    assert seen == [0, 0, 0, 2, 2, 2]


def test_a_flicker_is_nobody():
    watch = Watch()
    watch.see((100, 100))
    for index in range(20):
        flicker = [(500, 100)] if index % 3 == 0 else []
        watch.see((100, 100), *flicker)
    assert watch.entered == [1]
    assert watch.see((100, 100), (900, 100)) == [1, 0]


def test_after_a_long_gap_nobody_waits():
    watch = Watch()
    watch.see((100, 100))
    assert watch.see((100, 100), (600, 100), seconds=1.5) == [1, 2]


@pytest.mark.parametrize("moved", [(0, 0), (90, 0), (-60, 60)])
def test_an_id_survives_two_seconds_out_of_view(moved):
    watch = Watch()
    for _ in range(5):
        watch.see((400, 300))
    watch.wait(2.04)
    assert watch.see((400 + moved[0], 300 + moved[1])) == [1]
    assert watch.left == []


def test_who_stays_away_has_left_and_comes_back_as_another():
    watch = Watch()
    watch.see((400, 300))
    watch.wait(3.2)
    assert watch.left == [1]
    assert [watch.see((400, 300)) for _ in range(4)][-1] == [2]
    assert watch.entered == [1, 2]


def test_somebody_of_another_size_is_somebody_else():
    watch = Watch()
    watch.see((400, 300))
    watch.wait(1)
    assert [watch.see((400, 300), size=300) for _ in range(4)][-1] == [2]


def test_two_who_walk_side_by_side_are_not_swapped():
    """Side by side, a head apart, walking the same way at two heads a second."""
    watch = Watch()
    for index in range(50):
        x = 100 + 8 * index
        assert watch.see((x, 200), (x + 110, 205)) == [1, 2]


def test_two_who_cross_keep_their_ids_by_their_motion():
    watch = Watch()
    for index in range(61):
        x = 10 * index
        assert watch.see((100 + x, 200), (700 - x, 260)) == [1, 2]


def test_a_short_occlusion_while_walking_is_bridged_by_motion():
    watch = Watch()
    for index in range(40):
        here = (100 + 15 * index, 200)
        ids = watch.see(*([] if 20 <= index < 27 else [here]))
        assert ids in ([], [1])
    assert watch.entered == [1]


def test_restarting_tells_who_was_known():
    watch = Watch()
    watch.see((100, 100), (400, 100))
    assert watch.tracks.restart() == [1, 2]
    assert watch.see((100, 100)) == [3]


@st.composite
def walks(draw):
    """People apart from each other who move by less than a tenth of their size a frame."""
    count = draw(st.integers(1, 6))
    starts = [(300.0 * n, draw(st.floats(0, 700))) for n in range(count)]
    step = st.tuples(st.floats(-7, 7), st.floats(-7, 7))
    steps = draw(st.lists(st.lists(step, min_size=count, max_size=count), max_size=12))
    orders = [draw(st.permutations(range(count))) for _ in steps]
    return starts, steps, orders


@given(walks())
def test_ids_are_unique_and_stay_under_small_motion_in_any_order(walk):
    places, steps, orders = walk
    watch = Watch()
    ids = watch.see(*places)
    assert sorted(ids) == list(range(1, len(places) + 1))
    for step, order in zip(steps, orders, strict=True):
        places = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(places, step, strict=True)]
        assert watch.see(*[places[n] for n in order]) == [ids[n] for n in order]


frames_of_boxes = st.lists(
    st.lists(st.tuples(st.floats(-100, 2000), st.floats(-100, 2000)), max_size=5), max_size=25
)


@given(frames_of_boxes, st.lists(st.floats(0.01, 4), min_size=25, max_size=25))
def test_whatever_comes_ids_are_unique_rising_and_accounted_for(frames, pauses):
    watch = Watch()
    for centres, seconds in zip(frames, pauses, strict=False):
        ids = [known for known in watch.see(*centres, seconds=seconds) if known]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= set(watch.entered) - set(watch.left)
    assert watch.entered == list(range(1, len(watch.entered) + 1))
    assert len(set(watch.left)) == len(watch.left)
    assert set(watch.left) <= set(watch.entered)
