"""How well the movement of lips explains the sound that is heard, against how well chance would."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.vision.targets import Floats

FILE = "models/lip_sync.npz"
WINDOWS = (12, 20, 32, 50)
"""Ticks of 40 ms that are compared: half a second, with which a listener is told from a speaker, to
two, which it takes where all lips move."""
LONGEST = WINDOWS[-1]
SHIFTS = np.arange(12, 52, 4)
"""By so many ticks sound is shifted to see how well chance would do: less than 0.5 s and syllables
still overlap."""
LEAD = 4
"""Ticks before the onset of speech that are compared, too: lips open first."""
LEAST = 4
DOUBT = 6.0
"""So many shifts' worth are believed of chance before any shift could be tried."""
CHANCE = 0.16
"""The standard deviation of chance, from talkers with another's sound."""
STILLNESS = (0.08, 0.4)
"""What is added to a window's energy, for each tick and once: movement as small as the landmarks'
own noise correlates with nothing."""
COMPARED = (1, 2, 6, 7)
"""Of the statistics, those in which people in view are compared: likeness in two windows, movement
in two."""
NOBODY = np.array((0.0, 0.0, -3.0, -3.0), np.float32)
"""What these are of nobody: no likeness, no movement."""


class LipSync(NamedTuple):
    """What was learned of lips and sound (`calibration/conversation`).

    `lips` (168, k), `sound` (20, k): canonical correlation analysis, the k ways in which movement
    and loudness go together best, by their correlations `weights` (k,), squared, of sum 1. `flow`
    (4, k): the same ways, as far as the lower face's flow has them.
    `layers`: weights and biases of the network that turns `statistics` into log odds.
    """

    lips: Floats
    flow: Floats
    sound: Floats
    weights: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    @classmethod
    def load(cls, path: str | Path) -> "LipSync":
        with np.load(path) as file:
            count = sum(name.startswith("weight_") for name in file)
            layers = tuple((file[f"weight_{i}"], file[f"bias_{i}"]) for i in range(count))
            return cls(file["lips"], file["flow"], file["sound"], file["weights"], layers)

    def log_odds(self, statistics: Floats) -> Floats:
        """Return (n,) log odds that each person is heard, of `compared` statistics (n, 14)."""
        values = statistics
        for weights, bias in self.layers[:-1]:
            values = np.maximum(values @ weights + bias, 0)
        weights, bias = self.layers[-1]
        return np.asarray((values @ weights + bias)[:, 0])


def statistics(
    moves: Floats, sound: Floats, weights: Floats, spoken: int, known: int, heard: int
) -> Floats:
    """Return what tells whether lips and sound go together, (10,), now.

    `moves` (50 or more, k), `sound` (as many and 48 more, k): ticks, newest last. `spoken`: for so
    many ticks speech has been going on; `known`, `heard`: so many of either are real.
    Correlations in each window; how far that of 1.3 s stands out from those with shifted sound, and
    the best of those; how much lips move, in that window and just now; how much sound varies; the
    window's length.
    """
    lengths = [max(LEAST, min(size, spoken + LEAD, known)) for size in WINDOWS]
    found = [correlation(moves[-n:], sound[None, -n:], weights)[0] for n in lengths]
    n = lengths[2]
    rows = len(sound) - n - SHIFTS[:, None] + np.arange(n)
    chance = correlation(moves[-n:], sound[rows], weights)[heard >= SHIFTS + n // 2]
    count = len(chance) + DOUBT
    mean = float(chance.sum()) / count
    variance = (float(((chance - mean) ** 2).sum()) + DOUBT * CHANCE**2) / count
    moved, recent, varied = moves[-n:], moves[-8:], sound[-n:]
    total = varied.sum(axis=0) / n
    return np.array(
        (
            *found,
            (found[2] - mean) / math.sqrt(variance) / 5,
            float(chance.max(initial=0.0)),
            math.log(math.sqrt(float((moved * moved).sum(axis=0) @ weights) / n) + 0.05),
            math.log(math.sqrt(float((recent * recent).sum(axis=0) @ weights) / 8) + 0.05),
            math.log(
                math.sqrt(
                    max(0.0, float(((varied * varied).sum(axis=0) / n - total * total) @ weights))
                )
                + 0.05
            ),
            math.log(n),
        ),
        np.float32,
    )


def compared(statistics: Floats) -> Floats:
    """Return statistics (people, …, 10) with how far each exceeds the others in view, (people, …,
    14): who alone moves their lips to the sound is more likely heard than one of three who do."""
    own = statistics[..., COMPARED]
    best = np.broadcast_to(NOBODY, own.shape).copy()
    for index in range(len(own)):
        others = np.delete(own, index, axis=0)
        best[index] = np.maximum(best[index], others.max(axis=0)) if len(others) else best[index]
    return np.concatenate((statistics, own - best), axis=-1)


def correlation(moves: Floats, sounds: Floats, weights: Floats) -> NDArray[np.float32]:
    """Return how each of (m, n, k) sounds correlates with (n, k) moves, weighted over k: (m,)."""
    n = len(moves)
    least = STILLNESS[0] * n + STILLNESS[1]
    moves = moves - moves.sum(axis=0) / n
    totals = sounds.sum(axis=1)
    together = np.einsum("nk,mnk->mk", moves, sounds)  # what isn't centred in sounds cancels out
    sound_energies = np.einsum("mnk,mnk->mk", sounds, sounds) - totals * totals / n
    energies = (np.einsum("nk,nk->k", moves, moves) + least) * (sound_energies + least)
    return np.asarray((together / np.sqrt(energies)) @ weights)


def competed(log_odds: Floats, share: float) -> Floats:
    """Return the probabilities (n,) that each person is heard, or nobody in view.

    `share`: how much one's odds count against another's; below 1, for two may speak at once.
    """
    odds = np.exp(np.clip(log_odds, -12, 12))
    return np.asarray(odds / (1 + odds + share * (odds.sum() - odds)))
