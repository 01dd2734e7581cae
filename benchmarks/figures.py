"""Numbers of repeated measurements, how far they spread, and what they should be."""

from collections.abc import Sequence

import msgspec
import numpy as np


class Figure(msgspec.Struct, frozen=True):
    """The median of repeated measurements; a quarter of them lie below `low`, one above `high`."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        low, median, high = np.percentile(values, (25, 50, 75))
        return cls(float(median), float(low), float(high))

    def text(self, digits: int) -> str:
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


class Goal(msgspec.Struct, frozen=True):
    """A figure that is to stay at or under a limit."""

    name: str
    figure: float
    limit: float
    unit: str
    reached: bool

    @classmethod
    def of(cls, name: str, figure: Figure, limit: float, unit: str = "×") -> "Goal":
        return cls(name, figure.median, limit, unit, figure.median <= limit)

    def text(self) -> str:
        verdict = "reached" if self.reached else "MISSED"
        return f"{self.name}: {self.figure:.3g} {self.unit}, goal {self.limit:g}: {verdict}"
