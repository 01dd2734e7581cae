"""The solver, against all plans there are."""

import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.budget import plan
from edge.budget.plan import Choice, choose

COSTS = st.floats(0, 10, width=32)
NODES = st.integers(1, 4).flatmap(
    lambda levels: arrays.arrays(
        np.float64, st.tuples(st.integers(1, 4), st.just(levels), st.just(3)), elements=COSTS
    )
)
LIMITS = st.floats(0.1, 40)


def choices(table: np.ndarray) -> list[list[Choice]]:
    return [[Choice(*level) for level in node] for node in table.tolist()]


def sums(nodes: Sequence[Sequence[Choice]], places: Sequence[int]) -> np.ndarray:
    return np.sum([nodes[n][place] for n, place in enumerate(places)], axis=0)


def best_of_all(nodes: list[list[Choice]], power: float, time: float) -> float | None:
    plans = itertools.product(*(range(len(levels)) for levels in nodes))
    limits = np.array((power, time)) * (1 + plan.SLACK)
    found = [sums(nodes, places) for places in plans]
    fitting = [each for each in found if (each[1:] <= limits).all()]
    return max((each[0] for each in fitting), default=None)


@given(NODES, LIMITS, LIMITS)
def test_small_instances_are_solved_optimally(table, power, time):
    nodes = choices(table)
    chosen, best = choose(nodes, power, time), best_of_all(nodes, power, time)
    assert (chosen is None) == (best is None)
    if chosen is not None and best is not None:
        worth, *used = sums(nodes, chosen)
        assert abs(worth - best) < 1e-6
        assert used[0] <= power * (1 + 1e-6)
        assert used[1] <= time * (1 + 1e-6)


def large(seed: int, nodes: int = 20, levels: int = 9) -> list[list[Choice]]:
    """Dearer levels are worth more, but not in proportion, as levels are."""
    random = np.random.default_rng(seed)
    power = np.sort(random.uniform(0, 10, (nodes, levels)))
    worth = np.sort(random.uniform(0, 1, (nodes, levels)))
    time = power * random.uniform(0.5, 2, (nodes, levels))
    return choices(np.stack((worth, power, time), axis=2))


@given(st.integers(0, 10_000))
def test_large_instances_stay_within_both_limits_and_never_do_worse_for_more(seed):
    nodes = large(seed)
    before = 0.0
    for limit in (60, 90, 130):
        chosen = choose(nodes, limit, 1.2 * limit)
        if chosen is None:
            continue
        worth, power, time = sums(nodes, chosen)
        assert power <= limit * (1 + 1e-6)
        assert time <= 1.2 * limit * (1 + 1e-6)
        assert worth >= 0.97 * before
        before = worth


def test_the_greedy_solution_is_close_to_the_best(monkeypatch):
    shares = []
    for seed in range(30):
        nodes = large(seed, nodes=5, levels=5)
        best = choose(nodes, 22, 26)
        monkeypatch.setattr(plan, "FEW", 1)
        greedy = choose(nodes, 22, 26)
        monkeypatch.undo()
        assert (best is None) == (greedy is None)
        if best is not None and greedy is not None:
            shares.append(sums(nodes, greedy)[0] / sums(nodes, best)[0])
    assert len(shares) > 20
    assert np.mean(shares) > 0.97
    assert min(shares) > 0.85


def test_of_plans_that_are_worth_the_same_the_cheapest_is_taken():
    assert choose([[Choice(1, 5, 5), Choice(1, 2, 5), Choice(1, 2, 3)]], 9, 9) == [2]


def test_nothing_is_chosen_where_even_the_least_is_too_much():
    assert choose([[Choice(1, 5, 5), Choice(0, 2, 2)], [Choice(1, 1, 1)]], 2.5, 9) is None
    assert choose(large(0), 1e-3, 1e-3) is None
