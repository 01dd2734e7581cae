"""Voice activity against the float parent's, call after call with its own state."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.accuracy.figures import AGREEMENT, Outputs, least, most, stacked
from edge.inference.manifest import Accuracy


class Limits(NamedTuple):
    probability: float = 0.03
    """In every call. What lies between a voice's beginning and its end is 0.15 in Silero's own use,
    and errors of the state add up."""
    threshold: float = 0.5
    """Above, somebody speaks."""


LIMITS = Limits()


def of_activity(expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Measure probabilities, both from `in_turn`, so that errors of the state add up as in use."""
    before, after = stacked(expected, 0), stacked(found, 0)
    difference = np.abs(before - after)
    same = (before > LIMITS.threshold) == (after > LIMITS.threshold)
    late = np.percentile(difference, 95)
    return [
        most("mean difference", difference.mean(), LIMITS.probability),
        most("95th percentile of difference", late, LIMITS.probability),
        most("largest difference", difference.max(), LIMITS.probability),
        least("same decision", same.mean(), AGREEMENT),
    ]


def in_turn(
    run: Callable[[Iterable[NDArray[Any]]], list[NDArray[Any]]],
    samples: Iterable[tuple[NDArray[Any], ...]],
) -> list[list[NDArray[Any]]]:
    """Return what a voice activity network gives that carries on its own state, as it is used.

    `run` calls the network with one sample's inputs. A sample whose state is zeros begins anew;
    any other state is replaced by what came out of the call before.
    """
    results: list[list[NDArray[Any]]] = []
    for sound, *state in samples:
        begins = not any(values.any() for values in state)
        carried = state if begins or not results else results[-1][1:]
        inputs = [np.reshape(new, old.shape) for new, old in zip(carried, state, strict=True)]
        results.append(run([sound, *inputs]))
    return results
