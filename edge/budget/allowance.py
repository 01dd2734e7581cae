"""Power as an allowance of CPU time: it comes in evenly, and goes out as it is used."""

MOST_US = 500_000
"""What is saved up, and what is owed, is forgotten beyond what comes in so long: a look may be a
little early, but after a rest there is no burst, and after a hiccup no fast."""


class Allowance:
    """`cores`: how many may be busy on average. All times in µs."""

    def __init__(self, cores: float, now: int, spent: float) -> None:
        self.cores = cores
        self._now, self._spent = now, spent
        self.left = 0.0
        """CPU time that may be used at once; below 0 too much has been."""

    def update(self, now: int, spent: float) -> None:
        """`spent`: CPU time in all, so far."""
        most = self.cores * MOST_US
        left = self.left + self.cores * (now - self._now) - (spent - self._spent)
        self.left = min(max(left, -most), most)
        self._now, self._spent = now, spent

    @property
    def owed(self) -> float:
        """What is owed, of the most that isn't forgotten: 0 to 1."""
        return max(0.0, -self.left / (self.cores * MOST_US))
