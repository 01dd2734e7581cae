"""The two clocks of a graph: the machine's, and a simulated one. Both count integer µs."""

import time


class RealClock:
    """Monotonic time since `start`."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self._zero = time.monotonic_ns()

    def now(self) -> int:
        return (time.monotonic_ns() - self._zero) // 1000


class VirtualClock:
    """Time that passes only as the simulation says."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time
