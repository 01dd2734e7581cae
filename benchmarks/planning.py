"""How long the governor's solver takes, and how near to the best its plans are."""

import itertools
import random
import time
from pathlib import Path

from benchmarks.figures import Figure, Goal
from benchmarks.findings import Cell, Findings, Rows
from benchmarks.live import Options
from edge.budget.plan import Choice, choose

SIZES = {"4 nodes, 6 levels": (4, 6), "10 nodes, 7 levels": (10, 7), "20 nodes, 9 levels": (20, 9)}
BRUTE_FORCE = 2_000
"""Plans that all can be tried in Python meanwhile."""
GOAL_MS = 1.0
"""What is asked for: of large instances."""
INSTANCES, SHORT_INSTANCES = 500, 50
NOTE = (
    "Random nodes: each level is worth less than the one before and costs less of both limits; the "
    "limits allow 20 to 90 % of what the best levels take. of the best: what the plan is worth, in "
    "parts of the best plan's, found by trying all."
)


def planning(options: Options, folder: Path) -> Findings:
    """How long choosing the levels of all nodes takes, beside brute force on small instances."""
    chance = random.Random(7)
    count = SHORT_INSTANCES if options.short else INSTANCES
    rows: Rows = []
    goals = []
    for name, (nodes, levels) in SIZES.items():
        options.report(f"planning: {name}")
        taken_ms, worst = [], 1.0
        for _ in range(count):
            instance, power, time_ = _instance(chance, nodes, levels)
            before = time.perf_counter()
            plan = choose(instance, power, time_)
            taken_ms.append(1000 * (time.perf_counter() - before))
            if levels**nodes <= BRUTE_FORCE:
                worst = min(worst, _quality(instance, plan, power, time_))
        p99 = sorted(taken_ms)[int(0.99 * len(taken_ms))]
        row: dict[str, Cell] = {"": name, "median, ms": Figure.of(taken_ms), "p99, ms": p99}
        if levels**nodes <= BRUTE_FORCE:
            row["worst of the best, %"] = 100 * worst
            goals.append(Goal.no_less(f"{name}: of the best", 100 * worst, 100.0, "%"))
        else:
            goals.append(Goal.at_most(f"{name}: p99", p99, GOAL_MS, "ms"))
        rows.append(row)
    return Findings("Planning", rows, goals, [NOTE])


def _instance(
    chance: random.Random, nodes: int, levels: int
) -> tuple[list[list[Choice]], float, float]:
    """Return choices, best first, and the limits of power and time."""
    found = []
    for _ in range(nodes):
        worth, power, time_ = (chance.uniform(*span) for span in ((0.3, 4), (1, 10), (1, 10)))
        choices = []
        for _ in range(levels):
            choices.append(Choice(worth, power, time_))
            worth *= chance.uniform(0.75, 0.98)
            power *= chance.uniform(0.4, 0.95)
            time_ *= chance.uniform(0.4, 0.95)
        found.append(choices)
    share = chance.uniform(0.2, 0.9), chance.uniform(0.2, 0.9)
    power = share[0] * sum(choices[0].power for choices in found)
    time_ = share[1] * sum(choices[0].time for choices in found)
    return found, power, time_


def _quality(
    nodes: list[list[Choice]], plan: list[int] | None, power: float, time_: float
) -> float:
    """Return a plan's worth in parts of the best one's; 1 where neither is possible."""
    best = max(
        (
            sum(choice.worth for choice in choices)
            for choices in itertools.product(*nodes)
            if sum(choice.power for choice in choices) <= power
            and sum(choice.time for choice in choices) <= time_
        ),
        default=None,
    )
    if best is None or plan is None:
        return float(best is None and plan is None)
    return sum(choices[place].worth for choices, place in zip(nodes, plan, strict=True)) / best
