"""What is learned of costs, and of how often turns are used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.budget.allowance import MOST_US, Allowance
from edge.budget.costs import Cost, NodeCosts, SlowDown
from edge.budget.levels import OFF, Level


def test_a_first_call_that_takes_ten_times_as_long_is_forgotten_at_once():
    cost = Cost()
    for cpu_us in (80_000, 8_000, 8_200):
        cost.add(cpu_us)
    assert cost.mean == cost.dear == 8_000


def test_the_mean_follows_and_the_dearest_is_remembered_for_a_while():
    cost = Cost()
    for _ in range(10):
        cost.add(1_000)
    cost.add(3_000)
    assert cost.mean == pytest.approx(1_200)
    assert cost.dear == 3_000
    for _ in range(200):
        cost.add(1_000)
    assert cost.mean == pytest.approx(1_000, rel=0.01)
    assert cost.dear == pytest.approx(1_000, rel=0.05)


def test_one_call_that_the_garbage_collector_took_doesnt_make_all_others_dear():
    cost = Cost()
    for _ in range(10):
        cost.add(1_000)
    cost.add(60_000)
    assert cost.mean == pytest.approx(1_300)
    for _ in range(60):
        cost.add(5_000)
    assert cost.mean == pytest.approx(5_000, rel=0.02)


def calls(costs: NodeCosts, pattern: str, times: int = 20) -> NodeCosts:
    """`L`: had a turn and looked; `t`: had one, with no reason to look; `w`: wanted one, had none;
    `-`: neither."""
    for kind in pattern * times:
        costs.add(9_000 if kind == "L" else 1_000, kind in "Lt", kind == "L", kind in "Lw")
    return costs


def test_a_level_costs_what_its_looks_do():
    costs = calls(NodeCosts(), "L")
    assert costs.mean(Level(1, 0)) == pytest.approx(9_000)
    costs = calls(NodeCosts(), "Lww")
    assert costs.mean(Level(1, 0)) == pytest.approx(9_000)
    assert costs.mean(Level(4, 0)) == pytest.approx(3_000)
    assert costs.mean(Level(OFF, 1)) == 0


def test_who_needs_few_looks_doesnt_cost_more_for_being_allowed_more():
    seldom = calls(NodeCosts(), "Lttttttttt")
    assert seldom.mean(Level(1, 0)) == pytest.approx(1_800, rel=0.02)
    assert seldom.mean(Level(5, 0)) == seldom.mean(Level(1, 0))
    assert seldom.mean(Level(20, 0)) < seldom.mean(Level(10, 0))


def test_a_reason_that_is_seen_before_the_turn_says_how_often_turns_would_be_used():
    costs = calls(NodeCosts(), "---wwwwwwL")
    assert costs.pause == pytest.approx(4, rel=0.01)


def test_who_only_finds_a_reason_at_its_turn_may_have_had_one_for_long():
    costs = calls(calls(NodeCosts(), "L"), "---------L")
    assert costs.pause == pytest.approx(1)


@given(st.lists(st.sampled_from("Ltw-"), max_size=200))
def test_more_turns_never_cost_less(pattern):
    costs = calls(NodeCosts(), "".join(pattern), 1)
    means = [costs.mean(Level(every, 0)) for every in (1, 2, 3, 5, 8, 12, 20)]
    assert means == sorted(means, reverse=True)


def test_a_neighbour_on_the_core_shows_within_a_third_of_a_second_and_is_gone_as_soon():
    slow = SlowDown()
    for t in range(0, 1_000_000, 10_000):
        slow.add(t, 2_000, 2_000)
    assert slow.factor == 1
    for t in range(1_000_000, 1_350_000, 10_000):
        slow.add(t, 4_000, 2_000)
    assert slow.factor == pytest.approx(2)
    for t in range(1_350_000, 1_700_000, 10_000):
        slow.add(t, 2_000, 2_000)
    assert slow.factor == pytest.approx(1)


def test_an_allowance_comes_in_evenly_and_goes_out_as_it_is_used():
    allowance = Allowance(cores=0.25, now=0, spent=7.0)
    allowance.update(1_000_000, 200_007.0)
    assert allowance.left == pytest.approx(50_000)
    allowance.update(1_100_000, 350_007.0)
    assert allowance.left == pytest.approx(-75_000)


@given(st.lists(st.tuples(st.integers(0, 5_000_000), st.floats(0, 1e7)), max_size=30))
def test_neither_savings_nor_debts_last(steps):
    allowance = Allowance(0.5, 0, 0.0)
    now, spent = 0, 0.0
    for step, used in steps:
        now, spent = now + step, spent + used
        allowance.update(now, spent)
        assert abs(allowance.left) <= 0.5 * MOST_US
