"""Which level each node is to have: a multiple-choice knapsack with two limits."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

FEW = 20_000
"""So many plans are all looked at, in half a millisecond: four nodes with nine levels, or many
whose levels the scene makes equal."""
MIXES = (0.25, 0.75)
"""How much power weighs beside time in the greedy solutions: which is short isn't known."""
SLACK = 1e-9
"""Of a limit: sums of floats aren't exact."""


class Choice(NamedTuple):
    """A level that a node may have: what it is worth and what it costs of each limit."""

    worth: float
    power: float
    time: float


class _Step(NamedTuple):
    """From one choice of a node to the next worthier one on the upper hull of worth over cost."""

    efficiency: float
    node: int
    choice: int


def choose(nodes: Sequence[Sequence[Choice]], power: float, time: float) -> list[int] | None:
    """Return the position of each node's choice: of those whose sums stay within both limits the
    set that is worth most, the cheaper of two that are worth the same. None where none was found.

    Exact for few plans. For many it is the best of some greedy solutions of Kellerer, Pferschy,
    Pisinger (Knapsack Problems, 2004, section 11.2), for which both costs are added up as parts of
    their limits; what room that leaves is filled. The same for the same input.
    """
    limits = power * (1 + SLACK), time * (1 + SLACK)
    useful = [_useful(choices) for choices in nodes]
    if math.prod(map(len, useful)) <= FEW:
        return _best_of_all(nodes, useful, limits)
    plans = [_greedy(nodes, useful, limits, mix) for mix in MIXES]
    found = [plan for plan in plans if plan is not None]
    worth = [sum(nodes[n][i].worth for n, i in enumerate(plan)) for plan in found]
    return found[worth.index(max(worth))] if found else None


def _useful(choices: Sequence[Choice]) -> list[int]:
    """Return the choices, cheapest first, that no other beats in every respect."""
    order = sorted(
        range(len(choices)), key=lambda i: (-choices[i].worth, choices[i].power, choices[i].time)
    )
    kept: list[int] = []
    for i in order:
        _, power, time = choices[i]
        if not any(choices[j].power <= power and choices[j].time <= time for j in kept):
            kept.append(i)
    return kept[::-1]


def _best_of_all(
    nodes: Sequence[Sequence[Choice]], useful: list[list[int]], limits: tuple[float, float]
) -> list[int] | None:
    sums = np.zeros((1, 3))
    for choices, kept in zip(nodes, useful, strict=True):
        table = np.array([choices[i] for i in kept])
        sums = (sums[:, None] + table[None]).reshape(-1, 3)
    fitting = np.flatnonzero((sums[:, 1] <= limits[0]) & (sums[:, 2] <= limits[1]))
    if not len(fitting):
        return None
    worth = sums[fitting, 0]
    best = fitting[worth >= worth.max() - SLACK]
    cheapest = best[sums[best, 1:].sum(axis=1).argmin()]
    places = np.unravel_index(cheapest, [len(kept) for kept in useful])
    return [kept[int(place)] for kept, place in zip(useful, places, strict=True)]


def _greedy(
    nodes: Sequence[Sequence[Choice]],
    useful: list[list[int]],
    limits: tuple[float, float],
    mix: float,
) -> list[int] | None:
    costs = [
        {
            i: mix * choices[i].power / limits[0] + (1 - mix) * choices[i].time / limits[1]
            for i in kept
        }
        for choices, kept in zip(nodes, useful, strict=True)
    ]
    plan = [min(cost, key=cost.__getitem__) for cost in costs]
    used = [sum(nodes[n][i][limit] for n, i in enumerate(plan)) for limit in (1, 2)]
    if used[0] > limits[0] or used[1] > limits[1]:
        return None
    steps = [
        step
        for number, choices in enumerate(nodes)
        for step in _hull(number, choices, useful[number], costs[number])
    ]
    steps.sort(key=lambda step: (-step.efficiency, step.node))
    for _, node, choice in steps * 2:  # what no longer fitted may lead past to what does
        new, old = nodes[node][choice], nodes[node][plan[node]]
        power, time = used[0] + new.power - old.power, used[1] + new.time - old.time
        if new.worth > old.worth and power <= limits[0] and time <= limits[1]:
            plan[node], used = choice, [power, time]
    return plan


def _hull(
    number: int, choices: Sequence[Choice], kept: list[int], costs: dict[int, float]
) -> Iterator[_Step]:
    hull: list[tuple[float, float, int]] = []
    for cost, worth, i in sorted((costs[i], choices[i].worth, i) for i in kept):
        if hull and worth <= hull[-1][1]:
            continue
        while len(hull) > 1 and _slope(hull[-1], (cost, worth, i)) >= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append((cost, worth, i))
    for before, after in itertools.pairwise(hull):
        yield _Step(_slope(before, after), number, after[2])


def _slope(a: tuple[float, float, int], b: tuple[float, float, int]) -> float:
    return (b[1] - a[1]) / max(b[0] - a[0], 1e-12)
