"""What a node's calls cost, measured as they come."""

from collections import deque

from edge.budget.levels import OFF, Level

SHARE = 0.1
"""How much one call weighs in the mean cost of calls of its kind."""
FIRST = 3
"""Of the first calls the cheapest counts: they touch memory that nobody has touched before."""
OUTLIER = 4.0
"""So many times the mean one call counts as at most: Python collects its garbage in anybody's."""
PAUSE_SHARE = 0.3
"""How much one pause weighs in the mean of pauses: looks are rarer than calls."""


class Cost:
    """Time of calls of one kind, µs: the mean of late, and the dearest of late."""

    def __init__(self) -> None:
        self.mean = self.dear = 0.0
        self._measured = 0

    @property
    def known(self) -> bool:
        return self._measured > 0

    def add(self, time_us: float) -> None:
        if self._measured < FIRST:
            self.mean = self.dear = min(self.mean, time_us) if self._measured else time_us
            self._measured += 1
            return
        usual = min(time_us, OUTLIER * self.mean)
        self.mean += SHARE * (usual - self.mean)
        self.dear = max(time_us, self.dear + SHARE / 2 * (self.mean - self.dear))


class NodeCosts:
    """What one node's calls cost, apart by whether its model looked."""

    def __init__(self) -> None:
        self.look, self.idle = Cost(), Cost()
        self._since = 0
        self._wanted = self._passed = False
        self._pause = 1.0
        self._energy = 1.0

    def add(
        self, time_us: float, turn: bool, looked: bool, wants: bool, energy: float = 1.0
    ) -> None:
        """Note a call: whether the model had a turn, used it, or would have liked to.

        `energy`: in parts of what a core takes in that time; on an accelerator it is less.
        """
        if looked:
            self._energy = (
                energy if not self.look.known else (self._energy + SHARE * (energy - self._energy))
            )
        (self.look if looked else self.idle).add(time_us)
        self._since += 1
        if wants and not self._wanted:
            self._wanted = True
            # Some know only with a turn that they want it: then that may have been so for long.
            seen_coming = self._passed or not turn
            pause = self._since if seen_coming else min(self._since, self._pause)
            self._pause += PAUSE_SHARE * (pause - self._pause)
        self._passed |= turn and not looked
        if looked:
            self._since, self._wanted, self._passed = 0, False, False

    @property
    def pause(self) -> float:
        """From a look until there's a reason for the next, in frames: more turns than that aren't
        used."""
        return self._pause if self._wanted else max(self._pause, self._since)

    @property
    def extra(self) -> float:
        """What a look costs beyond a call without, µs."""
        return max(0.0, self.look.mean - self.idle.mean)

    def mean(self, level: Level) -> float:
        """Return what a frame costs on average at a level, µs."""
        if level.every == OFF:
            return 0.0
        return self.idle.mean + self.extra / max(self.pause, level.every)

    def power(self, level: Level) -> float:
        """Return what energy that takes, as the time in which a core takes as much, µs."""
        idle = min(self.idle.mean, self.mean(level))
        return idle + self._energy * (self.mean(level) - idle)


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
