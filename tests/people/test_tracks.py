import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.tracks import SECOND, Tracks, TrackSettings
from tests.accuracy import suite

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


def test_a_video_that_stops_lets_nobody_be_forgotten():
    watch = Watch()
    watch.see((100, 100), (400, 100))
    watch.see((100, 100), (400, 100))
    assert watch.see((100, 100), seconds=9) == [1]
    watch.wait(2)
    assert watch.see((100, 100), (400, 100)) == [1, 2]
    assert watch.left == []
    watch.see((100, 100), (400, 100), seconds=11)
    assert watch.left == [1, 2]  # anybody may have come meanwhile


def test_pictures_of_a_slide_show_are_no_video_that_stopped():
    watch = Watch()
    watch.see((100, 100))
    for _ in range(5):
        watch.see(seconds=2)
    assert watch.left == [1]


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


def test_two_who_hide_each_other_while_crossing_keep_their_ids():
    """At a walk, of the same size and on one line: only where each is going tells them apart."""
    watch = Watch()
    for index in range(75):
        right, left = (100 + 10 * index, 200), (840 - 10 * index, 200)
        if abs(right[0] - left[0]) > 60:
            assert watch.see(right, left) == [1, 2]
        else:
            assert watch.see(right) in ([1], [2])
    assert watch.entered == [1, 2]


def test_one_who_passes_behind_somebody_standing_keeps_the_id():
    watch = Watch()
    for index in range(75):
        behind = (100 + 8 * index, 210)
        covered = abs(behind[0] - 400) < 90
        ids = watch.see((400, 200), *([] if covered else [behind]))
        assert ids == [1] if covered else ids == [1, 2]
    assert watch.entered == [1, 2]


def test_two_who_meet_and_turn_back_keep_their_ids():
    """The nearer one hides the other for a second; sizes differ by a tenth, as 0.3 m apart do."""
    watch = Watch()
    for index in range(100):
        step = 8 * min(index, 37, max(99 - index, 0))
        near, far = (100 + step, 200, 105.0), (700 - step, 215, 95.0)
        rows = [near, far] if far[0] - near[0] > 60 else [near]
        given = np.array([(x - s / 2, y - s / 2, s, s) for x, y, s in rows], np.float32)
        watch.t += FRAME
        update = watch.tracks.update(watch.t, given)
        assert update.ids == [1, 2][: len(rows)]


def test_a_box_around_two_heads_swaps_nobody():
    watch = Watch()
    for index in range(60):
        x = 12 * index
        one, other = (100 + x, 200.0), (808 - x, 200.0)
        if abs(one[0] - other[0]) > 55:
            assert watch.see(one, other) == [1, 2]
        else:
            watch.see(((one[0] + other[0]) / 2, 200), size=130)
    assert watch.entered == [1, 2]


def test_a_false_box_far_away_takes_no_id_from_who_is_out_of_view():
    watch = Watch()
    for _ in range(10):
        watch.see((400, 300))
    watch.wait(0.6)
    assert watch.see((900, 600)) == [0]
    watch.wait(0.4)
    assert watch.see((420, 300)) == [1]


def dressed(*colours: int) -> np.ndarray:
    return np.eye(8, dtype=np.float32)[list(colours)]


@pytest.mark.parametrize(("colours", "ids"), [((3, 5), [1, 2]), ((5, 3), [2, 1])])
def test_clothes_tell_who_came_back_where_motion_cannot(colours, ids):
    tracks = Tracks(TrackSettings())
    pair = boxes((100, 200), (500, 200))
    for index in range(10):
        tracks.update(index * FRAME, pair, dressed(3, 5))
    for index in range(10, 50):
        tracks.update(index * FRAME, boxes())
    back = boxes((200, 200), (600, 200))
    assert tracks.looks_needed(50 * FRAME, back).all()
    assert tracks.update(50 * FRAME, back, dressed(*colours)).ids == ids


def test_clothes_of_people_dressed_alike_change_nothing():
    """Held to the made-up rooms, where looks differ by as much as between looks at one person."""
    for seed in (1001, 1004):
        results = [suite.run(seed, looks) for looks in ("none", "alike")]
        assert results[0].tracked == pytest.approx(results[1].tracked, abs=0.01)


def test_ids_are_kept_in_made_up_rooms():
    """The short form of `python -m tests.accuracy.suite`: mean IDF1 of eight rooms for building.

    0.978 was measured; 0.912 without waiting where people go (`settle_s` 0), and 0.896 where size
    says little (`size_sd` 0.3).
    """
    rooms = range(1001, 1009)
    assert np.mean([suite.run(seed, "alike").tracked.idf1 for seed in rooms]) > 0.965


def test_what_is_only_carried_on_proves_nobody():
    tracks = Tracks(TrackSettings())
    tracks.update(0, boxes())
    found = [
        tracks.update(index * FRAME, boxes((400, 300)), fresh=[index % 6 == 1]).ids
        for index in range(1, 13)  # one look of six finds it
    ]
    assert found == [[0]] * 6 + [[1]] * 6


def test_ids_are_kept_while_a_camera_is_away_and_people_walk_on():
    """0.978 was measured; 0.882 where boxes were followed by motion over the pause."""
    rooms = range(1001, 1009)
    scores = [suite.run(seed, "alike", away_s=2.5).tracked.idf1 for seed in rooms]
    assert np.mean(scores) > 0.95


def test_the_uncertainty_of_a_box_falls_while_it_is_seen_and_rises_while_it_isnt():
    tracks = Tracks(TrackSettings())
    seen = [tracks.update(index * FRAME, boxes((400, 300))).box_sd[0] for index in range(10)]
    assert seen == sorted(seen, reverse=True)
    assert 0.5 < seen[-1] < seen[0] == pytest.approx(2.0)
    again = tracks.update(20 * FRAME, boxes((400, 300))).box_sd[0]
    assert again > seen[-1]


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


odd = st.floats(width=32) | st.sampled_from([0.0, 50.0, 60.0, 100.0])
odd_boxes = st.lists(st.tuples(odd, odd, odd, odd), max_size=6)


@given(st.lists(odd_boxes, max_size=12), st.booleans())
def test_no_box_breaks_it(frames, with_looks):
    tracks = Tracks(TrackSettings())
    gone: set[int] = set()
    for index, rows in enumerate(frames):
        given_ = np.array(rows, np.float32).reshape(-1, 4)
        looks = None
        if with_looks:
            needed = tracks.looks_needed(index * FRAME, given_)
            looks = np.where(needed[:, None], np.eye(8, dtype=np.float32)[0], np.float32(np.nan))
        update = tracks.update(index * FRAME, given_, looks)
        gone |= set(update.left)
        ids = [known for known in update.ids if known]
        assert len(ids) == len(set(ids))
        assert not gone & set(ids)
        usable = np.isfinite(given_).all(axis=1).tolist()
        assert [not math.isnan(sd) for sd in update.box_sd] == usable
