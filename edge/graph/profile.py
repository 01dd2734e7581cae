"""A device profile: what the virtual clock takes a node's work to cost."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.errors import UserError

Milliseconds = Annotated[float, Meta(ge=0)]


class Accelerated(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A model's call on an accelerator: how long it takes, and its energy in millijoules."""

    ms: Milliseconds
    mj: Annotated[float, Meta(ge=0)] = 0.0


class Profile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """How fast a device is, and what it takes. All times in milliseconds of wall time.

    `workers`: nodes that run at once. `cost_ms`: of a call in which no model ran, by the node's
    name in YAML (`uses`); a node that isn't named costs nothing. `around_ms`: what a node has to
    do beside, for each model that ran in a call. `models`: a call of each, "MODEL/VARIANT", by
    threads. `accelerated`: those that run on an accelerator instead. `threads`: that models are
    called with. `wake_ms`: from a frame's capture until the first node begins. `spread`: by
    node, evenly spaced quantiles, from the least to the most, of how long its calls really take, in
    parts of all that.
    `watts_per_core`: of a core that is busy, beyond `idle_w`, which the device takes doing nothing.
    `memory_mb`: peak of the people graph. `source`: where the figures come from; `estimate`: they
    weren't measured on such a device.
    """

    name: str
    source: str = ""
    estimate: bool = False
    workers: Annotated[int, Meta(ge=1)] = 1
    threads: Annotated[int, Meta(ge=1)] = 1
    watts_per_core: Annotated[float, Meta(gt=0)] | None = None
    idle_w: Annotated[float, Meta(ge=0)] | None = None
    memory_mb: Annotated[float, Meta(gt=0)] | None = None
    wake_ms: Milliseconds = 0.0
    cost_ms: dict[str, Milliseconds] = {}
    around_ms: dict[str, Milliseconds] = {}
    models: dict[str, dict[int, Milliseconds]] = {}
    accelerated: dict[str, Accelerated] = {}
    spread: dict[str, list[Annotated[float, Meta(gt=0)]]] = {}

    @classmethod
    def load(cls, path: str | Path) -> "Profile":
        """Read a YAML file. Raises UserError where there is none or it says something unknown."""
        try:
            return msgspec.yaml.decode(Path(path).read_bytes(), type=cls)
        except OSError as error:
            raise UserError(f"can't read the device profile {path}: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise UserError(f"{path}: {error}") from None

    def call_ms(self, kind: str, units: Sequence[str]) -> tuple[float, float]:
        """Return what a call of a node takes in which models worked (`units`): wall and CPU time.

        A model that the profile doesn't know costs nothing, as a node it doesn't know.
        """
        cpu = self.cost_ms.get(kind, 0.0) if not units else 0.0
        waiting = 0.0
        for unit in units:
            cpu += self.around_ms.get(kind, 0.0)
            if unit in self.accelerated:
                waiting += self.accelerated[unit].ms
            else:
                cpu += self.model_ms(unit)
        return cpu + waiting, cpu

    def model_ms(self, unit: str) -> float:
        """Return what a model's call takes, with as many threads as are used or the next fewer."""
        times = self.models.get(unit, {})
        usable = [threads for threads in times if threads <= self.threads]
        return times[max(usable)] if usable else 0.0

    def scatter(self, kind: str, chance: random.Random) -> float:
        """Return by what the time of a node's call is to be multiplied, drawn from `spread`."""
        spread = self.spread.get(kind, ())
        if len(spread) < 2:
            return 1.0
        place = chance.random() * (len(spread) - 1)
        low = int(place)
        return spread[low] + (place - low) * (spread[low + 1] - spread[low])
