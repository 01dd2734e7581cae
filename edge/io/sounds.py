"""A piece of sound on its way through the graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sound:
    """Consecutive samples of one source.

    `samples`: int16, shape (samples, channels). `rate`: samples per second.
    `t`: µs of the first sample, as the packet's.
    """

    samples: NDArray[np.int16]
    rate: int
    t: int
