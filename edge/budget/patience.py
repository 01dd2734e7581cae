"""When what seems possible is taken."""

from typing import NamedTuple, TypeVar


class Settings(NamedTuple):
    least_us: int = 500_000
    """So long something better has to have been possible before it is taken."""
    most_us: int = 30_000_000
    """And at most, where it has turned out to be too much again and again."""
    forget_us: int = 60_000_000
    """So long after the last mistake all are forgotten: other people, another room."""
    relapse_us: int = 4_000_000
    """What had to be given up so soon was a mistake: the next time it is waited for longer."""


SETTINGS = Settings()

Plan = TypeVar("Plan")


class Patience:
    """How long something better has to have been possible before it is taken: for longer and longer
    where it has turned out to be too much again and again. Times in µs."""

    def __init__(self) -> None:
        self._us = SETTINGS.least_us
        self._since: int | None = None
        self._taken: int | None = None
        self._failed = 0

    def taken(self, better: Plan | None, now: int) -> Plan | None:
        """Return what is better if it is to be taken now, which is then done; else None."""
        if now - self._failed > SETTINGS.forget_us:
            self._us = SETTINGS.least_us
        if better is None:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        if now - self._since < self._us:
            return None
        self._since, self._taken = None, now
        return better

    def relapse(self, now: int) -> None:
        """Something has to be given up."""
        if self._taken is not None and now - self._taken < SETTINGS.relapse_us:
            self._us = min(2 * self._us, SETTINGS.most_us)
            self._failed = now
        self._since = self._taken = None
