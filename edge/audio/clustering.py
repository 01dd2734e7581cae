"""Telling voices apart as they are heard, without knowing how many there are."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float32]
UNLIKE = 0
"""The label of a stretch that is like no voice known."""


class ClusteringSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When two stretches of speech are of one voice. Likeness is a cosine about a common mean."""

    same: float = 0.1
    """So alike are stretches of one voice; two strangers' are about 0."""
    one: float = 0.5
    """Voices that have become so alike were one all along: it was first heard in two moods."""
    sure: int = 6
    """Stretches in a row that are like no voice known begin a new one: a single one is laughter, a
    cough, or two people at once."""
    prior: float = 3.0
    """So many stretches the mean of all voices counts beside those heard here, which have the room
    and the microphone in them, too. Without it the first voice would be the mean; if it counts
    more, two of one sex in one room are one."""
    equal: int = 10
    """A voice counts for at most so many in that mean: it isn't who talks most."""
    memory: int = 40
    """Stretches kept of each voice, the newest: moods pass."""
    most: int = 32
    """Voices kept; beyond, who was heard longest ago is forgotten."""


class Clustering:
    """Voices met so far: of each the newest stretches, which are dealt out anew whenever another
    has come, each to the voice whose mean is nearest. So early mistakes don't last."""

    def __init__(self, mean: Floats, settings: ClusteringSettings) -> None:
        """`mean`: of the embeddings (256,) of many voices."""
        self.settings = settings
        self._mean = mean
        self._stretches = np.empty((0, len(mean)), np.float32)
        self._labels = np.empty(0, np.int64)
        self._unlike = 0  # so many of the newest are like no voice
        self._last = 0
        self._voices: list[int] = []  # by when they were last heard
        self._centres = self._stretches

    def voice(self, embedding: Floats, whole: bool = True) -> int:
        """Return whose voice an embedding is, from 1 on, and learn from it; 0: none is known.

        Not `whole`: of so short a stretch that it is like others of its length rather than like
        its voice; nothing is learned of it.
        """
        nearest, likeness = self._nearest(embedding)
        if not whole or not np.isfinite(likeness):
            return nearest
        alike = nearest != 0 and likeness >= self.settings.same
        self._stretches = np.concatenate((self._stretches, embedding[None]))
        self._labels = np.append(self._labels, nearest if alike else UNLIKE)
        self._unlike = 0 if alike else self._unlike + 1
        if not alike and (nearest == 0 or self._unlike >= self.settings.sure):
            nearest = self._begin()
        found = self._dealt_out(nearest)
        self._forget(found)
        return found

    def stretches(self, voice: int) -> Floats:
        """Return (n, 256) what is kept of a voice."""
        return self._stretches[self._labels == voice]

    def _nearest(self, embedding: Floats) -> tuple[int, float]:
        """Return the voice most like an embedding and how much, (0, -1) where there is none."""
        if not self._voices:
            return 0, -1.0
        (likeness,) = self._likeness(embedding[None])
        best = int(likeness.argmax())
        return self._voices[best], float(likeness[best])

    def _likeness(self, stretches: Floats) -> Floats:
        """Return (n, voices) cosines about what all voices have in common."""
        centres = np.stack([self._stretches[self._labels == v].mean(axis=0) for v in self._voices])
        counts = [min((self._labels == v).sum(), self.settings.equal) for v in self._voices]
        weights = (self.settings.prior, *counts)
        common = np.average(np.vstack((self._mean, centres)), axis=0, weights=weights)
        self._centres = _unit(centres - common.astype(np.float32))
        return _unit(stretches - common.astype(np.float32)) @ self._centres.T

    def _begin(self) -> int:
        self._last += 1
        self._labels[-self._unlike :] = self._last
        self._unlike = 0
        self._voices.append(self._last)
        return self._last

    def _dealt_out(self, found: int) -> int:
        """Give every stretch to the nearest voice, join voices that are one; return whose the
        newest is, `found` if it is still waiting to be somebody's."""
        if len(self._voices) < 2:
            return found
        likeness = self._likeness(self._stretches)
        labels = np.array(self._voices)[likeness.argmax(axis=1)]
        labels[likeness.max(axis=1) < self.settings.same] = UNLIKE
        settled = len(labels) - self._unlike
        self._labels[:settled] = labels[:settled]
        self._voices = [voice for voice in self._voices if (self._labels == voice).any()]
        if self._labels[-1] != UNLIKE:
            found = int(self._labels[-1])
        return self._joined(found)

    def _joined(self, found: int) -> int:
        if len(self._voices) < 2:
            return found if found in self._voices else self._voices[0]
        self._likeness(self._stretches[:0])
        pairs = self._centres @ self._centres.T
        np.fill_diagonal(pairs, -1)
        one, other = np.unravel_index(pairs.argmax(), pairs.shape)
        if pairs[one, other] >= self.settings.one:
            older, newer = sorted((self._voices[one], self._voices[other]))
            self._labels[self._labels == newer] = older
            self._voices.remove(newer)
            found = older if found == newer else found
        return found if found in self._voices else self._voices[-1]

    def _forget(self, heard: int) -> None:
        self._voices.remove(heard)
        self._voices.append(heard)
        gone = self._voices[: -self.settings.most]
        self._voices = self._voices[-self.settings.most :]
        keep = ~np.isin(self._labels, gone)
        for voice in (heard, UNLIKE):
            rows = np.flatnonzero(self._labels == voice)
            keep[rows[: -self.settings.memory]] = False
        self._stretches, self._labels = self._stretches[keep], self._labels[keep]


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9))
