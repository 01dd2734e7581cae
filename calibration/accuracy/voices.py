"""How far a variant of a voice model is from its float parent."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.errors import UserError, nearest
from edge.inference.manifest import Accuracy

Arrays = list[NDArray[Any]]


class Settings(NamedTuple):
    probability: float = 0.03
    """Difference of 19 of 20 calls: within what half a decibel of loudness changes."""
    worst: float = 0.1
    """Less than what lies between a voice's beginning and its end, 0.5 and 0.35 in Silero's own
    use, so that no single call can turn it on and off."""
    threshold: float = 0.5
    """Above, somebody speaks."""
    agreement: float = 0.99
    cosine: float = 0.99


SETTINGS = Settings()


def measure(model: str, expected: list[Arrays], found: list[Arrays]) -> list[Accuracy]:
    """Return how far outputs are from the float parent's, sample by sample, with their limits.

    `expected`, `found`: each the outputs of one sample in the manifest's order. Those of voice
    activity come from `in_turn`. Raises UserError for a model that has no voice.
    """
    if model not in MEASURES:
        raise UserError(f"'{model}' is no model of voices{nearest(model, MEASURES)}")
    first = (np.array([np.ravel(outputs[0]) for outputs in side]) for side in (expected, found))
    return MEASURES[model](*first)


def in_turn(
    run: Callable[[Iterable[NDArray[Any]]], Arrays], samples: Iterable[tuple[NDArray[Any], ...]]
) -> list[Arrays]:
    """Return what a voice activity network gives that carries on its own state, as it is used.

    `run` calls the network with one sample's inputs. A sample whose state is zeros begins anew;
    any other state is replaced by what came out of the call before.
    """
    results: list[Arrays] = []
    for sound, *state in samples:
        begins = not any(values.any() for values in state)
        carried = state if begins or not results else results[-1][1:]
        inputs = [np.reshape(new, old.shape) for new, old in zip(carried, state, strict=True)]
        results.append(run([sound, *inputs]))
    return results


def _voice_activity(expected: NDArray[Any], found: NDArray[Any]) -> list[Accuracy]:
    difference = np.abs(expected - found)
    agree = (expected > SETTINGS.threshold) == (found > SETTINGS.threshold)
    return [
        _at_most("probability difference, mean", difference.mean(), SETTINGS.probability),
        _at_most(
            "probability difference, 95th percentile",
            np.percentile(difference, 95),
            SETTINGS.probability,
        ),
        _at_most("probability difference, largest", difference.max(), SETTINGS.worst),
        _at_least("same decision", agree.mean(), SETTINGS.agreement),
    ]


def _voice_embedding(expected: NDArray[Any], found: NDArray[Any]) -> list[Accuracy]:
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
    cosine = np.sum(expected * found, axis=1) / np.maximum(lengths, np.finfo(np.float32).tiny)
    return [
        _at_least("cosine, mean", cosine.mean(), SETTINGS.cosine),
        _at_least("cosine, 5th percentile", np.percentile(cosine, 5), SETTINGS.cosine),
    ]


MEASURES: dict[str, Callable[[NDArray[Any], NDArray[Any]], list[Accuracy]]] = {
    "voice_activity": _voice_activity,
    "voice_embedding": _voice_embedding,
}


def _at_most(metric: str, value: Any, limit: float) -> Accuracy:
    return Accuracy(metric=metric, value=round(float(value), 5), at_most=limit)


def _at_least(metric: str, value: Any, limit: float) -> Accuracy:
    return Accuracy(metric=metric, value=round(float(value), 5), at_least=limit)
