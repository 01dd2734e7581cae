"""What the measures have in common: outputs side by side, agreement, figures with limits."""

from collections.abc import Sequence
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from edge.inference.manifest import Accuracy

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Outputs = Sequence[Sequence[NDArray[Any]]]
"""Of each sample, the model's outputs in the manifest's order, as float32."""

SURE = 0.1
"""How far from its threshold a probability of the parent has to be before it binds a variant:
noise of ±2 grey levels in the picture moves the parent's own, where it is between 0.1 and 0.9,
by 0.02 to 0.11 on average and by up to 0.15 in a tenth of the pictures."""
AGREEMENT = 0.99
"""Share of yes and no that has to stay: the point that detectors may lose."""


def stacked(outputs: Outputs, index: int) -> Floats:
    """Return one output of all samples, (samples, values)."""
    return np.stack([np.asarray(sample[index], np.float32).reshape(-1) for sample in outputs])


def sigmoid(logits: Floats) -> Floats:
    """Return the probabilities that logits stand for."""
    return np.float32(0.5) * (1 + np.tanh(logits / 2))


def most(metric: str, value: SupportsFloat, limit: float) -> Accuracy:
    """Return a figure that may be at most `limit`."""
    return Accuracy(metric=metric, value=round(float(value), 5), at_most=limit)


def least(metric: str, value: SupportsFloat, limit: float) -> Accuracy:
    """Return a figure that has to be at least `limit`."""
    return Accuracy(metric=metric, value=round(float(value), 5), at_least=limit)


def agreement(metric: str, expected: Floats, found: Floats, threshold: float = 0.5) -> Accuracy:
    """Return in what share of probabilities both say the same, among those that are `SURE`."""
    sure = np.abs(expected - threshold) >= SURE
    if not sure.any():
        raise ValueError(f"{metric}: the parent is sure of nothing in these samples")
    same = (expected[sure] >= threshold) == (found[sure] >= threshold)
    return least(metric, same.mean(), AGREEMENT)


def seen(presence: Floats) -> Mask:
    """Return where the parent sees what it is for, by its probability (n,); never nowhere."""
    kept = presence >= 0.5
    if not kept.any():
        raise ValueError("the parent sees in no sample what it is for")
    return kept
