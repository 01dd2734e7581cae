"""How well a node may do its work."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from edge.graph.node import Node

OFF = 0
"""As `Level.every`: never."""


class Level(NamedTuple):
    """One way to work: the model looks at each `every`-th frame (OFF: at none, and nothing comes
    out), and what it saw is carried along in between.

    `loss`: what part of the node's worth is given up where the scene needs all of it, 0 to 1.
    """

    every: int
    loss: float

    def __str__(self) -> str:
        if self.every == OFF:
            return "off"
        return "every frame" if self.every == 1 else f"every {_ordinal(self.every)} frame"


def _ordinal(n: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10 if n % 100 not in (11, 12, 13) else 0, "th")
    return f"{n}{ending}"


LOOK_LOSS = 0.07
"""Of a node's worth, for each frame that its answer is carried: a hand that moves by its own size
in a second is off by 5 % of that after half a dozen frames (`python -m benchmarks.carry`)."""
LOOKS = tuple(Level(every, LOOK_LOSS * (every - 1)) for every in (1, 2, 3, 4, 6, 8, 12))
"""From every frame to two or three times a second."""


class Levelled(Node):
    """A node whose work may be done better or worse, as a governor decides.

    Before each call it finds in `turn` whether its model may look at this frame; None, where
    nobody governs, leaves that to its own settings. After each call it leaves in `looked` whether
    the model did, in `wants` whether it would have liked to, and in `need` how much of its worth
    the scene asks for, 0 to 1: 0 where a worse level would give the same answer.
    """

    levels: ClassVar[Sequence[Level]] = LOOKS
    """Best first."""
    weight: ClassVar[float] = 1.0
    """What its best is worth, beside others'; `weight` in a graph's YAML replaces it."""
    rests: ClassVar[bool] = True
    """Nothing is missed if it isn't even called while nobody is there and nothing moves."""
    watches: ClassVar[bool] = False
    """Its `need` says whether anything happens at all."""
    leads: ClassVar[bool] = False
    """What its model finds, the models after it look at in the same frame."""
    turn: bool | None = None
    looked: bool = False
    wants: bool = True
    need: float = 1.0
