"""Trains the classifier of motions, with JAX, in .venv-training.

`python -m calibration.gestures.train WINDOWS.npz OUT.npz`
WINDOWS: `windows` (n, steps, features), `labels` (n,), -1 where any answer would do, and `classes`.
OUT: the layers, `weights_0`, `bias_0` and so on; weights (taps, in, out) or (in, out).
"""

import sys
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from calibration.gestures.layout import CHANNELS, HIDDEN, STRIDES, TAPS

SCALE = {0: 0.5, 1: 0.5, 16: 0.2}
"""Places and distances are of several hands, all else is about 1."""
EPOCHS, BATCH = 8, 256
RATE, DECAY = 2e-3, 1e-3
SMOOTH = 0.03
DROPPED = 0.2
NONE_WEIGHS = 1.5
"""A gesture that is told of and wasn't made is worse than one that has to be made again."""
MOST = 8.0
"""A rare class weighs no more than so many times as much."""


def begin(key, features: int, steps: int, classes: int):
    """Return layers with random weights (He et al. 2015)."""
    layers, last = [], features
    sizes = [(TAPS, last, channels) for last, channels in
             zip((features, *CHANNELS), CHANNELS, strict=False)]  # fmt: skip
    for stride in STRIDES:
        steps = -(-steps // stride)
    last = steps * CHANNELS[-1]
    for size in (*sizes, (last, HIDDEN), (HIDDEN, classes)):
        key, draw = jax.random.split(key)
        spread = np.sqrt(2 / np.prod(size[:-1])) if size[-1] != classes else 0.05
        layers.append((jax.random.normal(draw, size) * spread, jnp.zeros(size[-1])))
    return layers


def logits(layers, windows, scale, draw=None):
    x = windows.astype(jnp.float32) * scale
    for (weights, bias), stride in zip(layers, STRIDES, strict=False):
        dimensions = ("NWC", "WIO", "NWC")
        x = jax.lax.conv_general_dilated(
            x, weights, (stride,), "SAME", dimension_numbers=dimensions
        )
        x = jax.nn.relu(x + bias)
    x = x.reshape(len(x), -1)
    if draw is not None:
        x = x * jax.random.bernoulli(draw, 1 - DROPPED, x.shape) / (1 - DROPPED)
    (weights, bias), (last, last_bias) = layers[-2:]
    return jax.nn.relu(x @ weights + bias) @ last + last_bias


def loss(layers, windows, labels, importance, scale, draw):
    likely = jax.nn.log_softmax(logits(layers, windows, scale, draw))
    classes = likely.shape[1]
    wanted = jax.nn.one_hot(labels, classes) * (1 - SMOOTH) + SMOOTH / classes
    weights = jnp.where(labels < 0, 0, importance[jnp.maximum(labels, 0)])
    return -(weights * (wanted * likely).sum(axis=1)).sum() / weights.sum()


def main(source: str, out: str) -> None:
    with np.load(source) as file:
        windows, labels, classes = file["windows"], file["labels"], int(file["classes"])
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    importance = np.minimum(MOST, np.sqrt(counts[0] / np.maximum(counts, 1)))
    importance[0] = NONE_WEIGHS
    scale = np.ones(windows.shape[2], np.float32)
    for column, factor in SCALE.items():
        scale[column] = factor
    shuffle = np.random.default_rng(0)
    key = jax.random.PRNGKey(0)
    layers = begin(key, windows.shape[2], windows.shape[1], classes)
    rate = optax.cosine_decay_schedule(RATE, len(labels) // BATCH * EPOCHS)
    optimizer = optax.adamw(rate, weight_decay=DECAY)
    state = optimizer.init(layers)
    cost = partial(loss, importance=jnp.asarray(importance), scale=jnp.asarray(scale))

    @jax.jit
    def step(layers, state, windows, labels, draw):
        value, slope = jax.value_and_grad(cost)(layers, windows, labels, draw=draw)
        change, state = optimizer.update(slope, state, layers)
        return optax.apply_updates(layers, change), state, value

    for epoch in range(EPOCHS):
        order, total = shuffle.permutation(len(labels)), 0.0
        for start in range(0, len(labels) - BATCH + 1, BATCH):
            key, draw = jax.random.split(key)
            rows = np.sort(order[start : start + BATCH])
            layers, state, value = step(layers, state, windows[rows], labels[rows], draw)
            total += float(value)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total * BATCH / len(labels):.4f}", flush=True)
    # The scale of what goes in becomes part of the first layer.
    weights, bias = layers[0]
    layers[0] = weights * scale[None, :, None], bias
    named: dict[str, Any] = {f"weights_{i}": np.asarray(w) for i, (w, _) in enumerate(layers)}
    named |= {f"bias_{i}": np.asarray(b) for i, (_, b) in enumerate(layers)}
    np.savez(out, **named)


if __name__ == "__main__":
    main(*sys.argv[1:])
