"""What a run tells whoever watches over it, and how it asks which work is worth its cost."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from edge.graph.spec import Budget
from edge.graph.station import Call, Station


class Overseer(Protocol):
    """Watches the calls of one run. The driver calls it under its own lock: it has to be quick.

    A station's `last_wall_us` and `last_cpu_us` say what its last call took: measured, or on the
    virtual clock as the profile has it.
    """

    counts: Counter[str]
    """What it did, and how often: `governor.WHAT` in the account of the run."""

    frugal: bool
    """CPU time is short: no node is to spend more of it so as to be done sooner."""

    plan: dict[str, str]
    """What nodes are made to do with less, by name."""

    def promise(self, budget: Budget) -> None:
        """Keep another budget from now on. Called on any thread."""

    def start(
        self, stations: Sequence[Station], now: Callable[[], int], tell: Callable[..., None]
    ) -> None:
        """A run begins. `now`: its clock, µs. `tell(t, kind, node, fields)` publishes an event."""

    def begin(self, call: Call) -> None:
        """A call is about to be performed: the node may still be told how."""

    def complete(self, call: Call) -> None:
        """A call has come back."""

    def result(self, age_us: int) -> None:
        """A result was handed out, so long after its frame was captured. Called on any thread."""
