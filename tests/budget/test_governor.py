"""Budgets are kept, on the virtual clock, where nothing depends on this machine."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.graph.profile import Accelerated
from tests.budget.scene import FPS, HEAR, JOIN, LOOK, Told, device, scene, told

SETTLED = 2 * FPS
"""The frame from which on a plan has had time."""


def p95(found: Told, begin: int = SETTLED) -> float:
    ages = sorted(age for frame, age in found.ages_ms.items() if frame >= begin)
    return ages[int(0.95 * len(ages))]


def looks(found: Told, node: int, begin: int = SETTLED) -> float:
    """Return looks per frame of the source."""
    seen = [looked[node] for frame, looked in found.looks.items() if frame >= begin]
    return seen.count(True) / (max(found.looks) + 1 - begin)


def test_without_a_budget_all_is_looked_at_however_late():
    found = told(scene(), device(40, 30))
    assert not found.plans
    assert set(found.looks.values()) == {(True, True)}
    assert p95(found) >= 70


def test_a_latency_is_kept_and_no_frame_left_out():
    found = told(scene(latency_ms=50), device(40, 30))
    assert p95(found) <= 50
    assert not found.dropped.get("busy", 0) > SETTLED
    assert 0.15 < looks(found, 0) + looks(found, 1) < 2


def test_what_never_fits_is_looked_at_once_a_second_all_the_same():
    found = told(scene(latency_ms=20), device(30, 1))
    assert 8 <= sum(looked[0] is True for looked in found.looks.values()) <= 25
    assert p95(found) <= 50


@pytest.mark.parametrize("power_w", [0.6, 1.2, 2.4])
def test_a_power_is_kept_and_used(power_w):
    found = told(scene(20, power_w=power_w), device(20, 10))
    watts = 4 * (0.020 * looks(found, 0) + 0.010 * looks(found, 1)) * 1000 / 33
    assert 0.9 * power_w < watts < 1.1 * power_w


def test_more_power_is_never_used_for_less():
    rates = []
    for power_w in (0.4, 0.8, 1.6, 3.2):
        found = told(scene(20, power_w=power_w), device(20, 10))
        rates.append(looks(found, 0) + looks(found, 1))
    assert rates == sorted(rates)
    assert rates[-1] > 4 * rates[0]


def test_energy_of_an_accelerator_counts_and_its_time_isnt_taken_for_a_neighbour():
    accelerated = {"a/float": Accelerated(ms=5, mj=40)}
    found = told(scene(20, latency_ms=50, power_w=0.75), device(5, 1, accelerated=accelerated))
    used = 0.040 * looks(found, 0) * FPS + 4 * 0.001 * looks(found, 1) * FPS
    assert 0.9 * 0.75 < used < 1.1 * 0.75
    assert looks(found, 1) > 0.9


def test_what_weighs_more_keeps_more():
    light = told(scene(weights=(1, 1), power_w=1.2), device(20, 20))
    heavy = told(scene(weights=(4, 1), power_w=1.2), device(20, 20))
    assert looks(heavy, 0) > 1.5 * looks(heavy, 1)
    assert looks(heavy, 0) > looks(light, 0)


def test_what_nobody_needs_leaves_its_share_to_others():
    both = told(scene(power_w=1.6), device(20, 20))
    one = told(scene(b={"need": 0.0}, power_w=1.6), device(20, 20))
    assert looks(one, 0) > 1.3 * looks(both, 0)
    assert looks(one, 1) == 0


def test_who_begins_to_need_something_gets_it_within_a_second():
    begin, end = 5 * FPS, 10 * FPS
    found = told(scene(15, b={"needed": (begin, end)}, power_w=1.6), device(20, 20))
    first = next(frame for frame, looked in found.looks.items() if looked[1])
    assert begin <= first < begin + FPS
    within = [looked[1] for frame, looked in found.looks.items() if first <= frame < end]
    assert within.count(True) > len(within) / 5


def test_frames_are_left_out_where_not_even_the_least_fits():
    found = told(scene(20, power_w=0.6), device(1, 1, cost_ms={JOIN: 10.0}))
    assert found.dropped["budget"] > 20 * FPS / 2
    assert 4 * found.cpu_s / 20 < 1.15 * 0.6
    gaps = sorted(found.looks)[SETTLED:]
    assert max(b - a for a, b in itertools.pairwise(gaps)) <= 4


def test_what_hears_neither_holds_frames_up_nor_works_for_nothing():
    asked = scene(20, hears=True, power_w=0.9)
    found = told(asked, device(1, 1, cost_ms={JOIN: 10.0, HEAR: 0.5}))  # 0.2 W for sound
    assert found.dropped["budget"] > 20 * FPS / 4
    assert 4 * found.cpu_s / 20 < 1.1 * 0.9
    gaps = sorted(found.looks)[SETTLED:]
    assert max(b - a for a, b in itertools.pairwise(gaps)) <= 4


def test_an_empty_room_drops_frames_until_something_moves():
    moves = 6 * FPS
    quiet = scene(
        10, {"needed": (moves, 999)}, {"need": 0.0}, watch={"moves": (moves, 999)}, latency_ms=50
    )
    found = told(quiet, device(5, 5))
    assert found.dropped["rest"] > 3 * FPS
    assert set(found.dropped) <= {"rest", "busy"}
    missed = [frame for frame in range(moves, moves + 8) if frame not in found.looks]
    assert len(missed) <= 5  # a sixth of a second
    assert all(frame in found.looks for frame in range(moves + 8, 10 * FPS))


def test_what_is_said_of_a_plan_is_true():
    b = {"needed": (200, 400)}
    for graph in (
        scene(20, b=b, latency_ms=50),
        scene(20, b=b, power_w=1),
        scene(20, b=b, latency_ms=40, power_w=2),
    ):
        found = told(graph, device(35, 30))
        assert found.plans
        for _, fields in found.plans:
            number = re.search(r": ([\d.]+) (?:ms|W)(?: of work)? (>|of) ([\d.]+)", fields["text"])
            assert number is not None, fields["text"]
            value, sign, limit = float(number[1]), number[2], float(number[3])
            assert (sign == ">") is (fields["reason"] != "room")
            assert value > limit if sign == ">" else value <= limit
            assert all(level != "every frame" for level in fields["plan"].values())


def test_a_steady_scene_has_a_steady_plan():
    spread = {LOOK: [0.7, 0.9, 1.0, 1.1, 1.6]}
    found = told(scene(60, latency_ms=50, power_w=1.4), device(20, 15, spread=spread))
    assert len([t for t, _ in found.plans if t > 5]) <= 4


def test_the_same_twice():
    one, other = (told(scene(latency_ms=50, power_w=1.5), device(30, 20)) for _ in range(2))
    assert one == other


def test_switched_off_it_is_as_if_no_budget_were_stated():
    off = told(scene(latency_ms=50, power_w=0.5), device(30, 20), governed=False)
    assert off == told(scene(), device(30, 20))


@settings(max_examples=25, deadline=None)
@given(st.floats(1, 60), st.floats(1, 60), st.floats(30, 120), st.floats(0.3, 4))
def test_whatever_a_device_takes_both_limits_hold(a, b, latency_ms, power_w):
    found = told(scene(8, latency_ms=latency_ms, power_w=power_w), device(a, b))
    assert 4 * found.cpu_s / 8 < 1.1 * power_w + 4 * 2 * (a + b) / 8000 + 0.15 * 4
    lateness = [age > latency_ms for frame, age in found.ages_ms.items() if frame >= SETTLED]
    assert sum(lateness) <= 0.05 * len(lateness) + 2 * 8
