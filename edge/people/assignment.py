"""Which of some is which of others, so that all together cost least."""

import lap
import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]
FORBIDDEN = 1e6
"""Cost of a pair that can't be."""


def assigned(costs: Costs, limit: float = FORBIDDEN / 2) -> list[int]:
    """Return the column of each row (n, m), -1 for none: a pair left alone costs the limit.

    Solved exactly (Jonker and Volgenant 1987, by the package `lap`).
    """
    if not costs.size:
        return [-1] * len(costs)
    _, columns, _ = lap.lapjv(costs, extend_cost=True, cost_limit=limit)
    return [int(column) for column in columns]
