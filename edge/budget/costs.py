"""What a node's calls cost, measured as they come."""

from collections import deque

from edge.budget.levels import OFF, Level

SHARE = 0.1
"""How much one call weighs in means and shares: they settle within half a second at 30 frames a
second."""
USES_ALL = 0.8
"""Who uses so many of its turns would use more of them if it had them."""


class Cost:
    """CPU time of calls of one kind, µs: the mean of late, and the dearest of late."""

    def __init__(self, usual: float) -> None:
        self.mean = self.dear = usual
        self._measured = False

    def add(self, cpu_us: float) -> None:
        if not self._measured:
            self._measured, self.mean, self.dear = True, cpu_us, cpu_us
            return
        self.mean += SHARE * (cpu_us - self.mean)
        self.dear = max(cpu_us, self.dear + SHARE / 2 * (self.mean - self.dear))


class NodeCosts:
    """What one node's calls cost, apart by whether its model looked.

    `usual`: what a device profile expects, µs (looking, not looking), until it is measured.
    """

    def __init__(self, usual: tuple[float, float] = (0.0, 0.0)) -> None:
        self.look, self.idle = Cost(usual[0]), Cost(usual[1])
        self.used = 1.0
        """Of the turns it was given, how many it used lately."""
        self.rate = 1.0
        """Looks per frame lately."""

    def add(self, cpu_us: float, turn: bool, looked: bool) -> None:
        (self.look if looked else self.idle).add(cpu_us)
        if turn:
            self.used += SHARE * (looked - self.used)
        self.rate += SHARE * (looked - self.rate)

    @property
    def extra(self) -> float:
        """What a look costs beyond a call without, µs."""
        return max(0.0, self.look.mean - self.idle.mean)

    def mean(self, level: Level) -> float:
        """Return what a frame costs on average at a level, µs.

        Not every turn is used: who doesn't use all wouldn't look more often if there were more.
        """
        if level.every == OFF:
            return 0.0
        demand = 1.0 if self.used >= USES_ALL else self.rate
        return self.idle.mean + self.extra * min(demand, 1 / level.every)


class SlowDown:
    """How much longer than their CPU time calls take: others have the core, or its caches."""

    WINDOW_US = 300_000
    """A step in load is seen within a third of a second, a single hiccup hardly."""

    def __init__(self) -> None:
        self._calls: deque[tuple[int, float, float]] = deque()
        self._wall = self._cpu = 0.0

    def add(self, now: int, wall_us: float, cpu_us: float) -> None:
        self._calls.append((now, wall_us, cpu_us))
        self._wall += wall_us
        self._cpu += cpu_us
        while self._calls[0][0] < now - self.WINDOW_US:
            _, wall, cpu = self._calls.popleft()
            self._wall -= wall
            self._cpu -= cpu

    @property
    def factor(self) -> float:
        return max(1.0, self._wall / self._cpu) if self._cpu > 1 else 1.0
