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

    def __float__(self) -> float:
        return self.median

    def text(self, digits: int) -> str:
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


class Goal(msgspec.Struct, frozen=True):
    """A figure that is to stay at or under a limit, or `at_least` at it."""

    name: str
    figure: float
    limit: float
    unit: str
    reached: bool
    at_least: bool = False

    @classmethod
    def of(cls, name: str, figure: Figure, limit: float, unit: str = "×") -> "Goal":
        return cls(name, figure.median, limit, unit, figure.median <= limit)

    @classmethod
    def at_most(cls, name: str, figure: float, limit: float, unit: str = "×") -> "Goal":
        return cls(name, figure, limit, unit, figure <= limit)

    @classmethod
    def no_less(cls, name: str, figure: float, limit: float, unit: str = "×") -> "Goal":
        return cls(name, figure, limit, unit, figure >= limit, at_least=True)

    def text(self) -> str:
        bound = "at least " if self.at_least else ""
        verdict = "reached" if self.reached else "MISSED"
        return f"{self.name}: {self.figure:.3g} {self.unit}, goal {bound}{self.limit:g}: {verdict}"
