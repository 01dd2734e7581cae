"""Telling voices apart as they are heard, without knowing how many there are."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class ClusteringSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When two stretches of speech are of one voice. Likeness is a cosine about a common mean."""

    same: float = 0.0
    """So alike are stretches of one voice; two strangers' are about 0 or below."""
    one: float = 0.5
    """Voices that have become so alike were one all along: it was first heard in two moods."""
    sure: int = 4
    """Stretches in a row that are like no voice known begin a new one: a single one is laughter, a
    cough, or two people at once."""
    prior: float = 2.0
    """So many seconds of speech the mean of all voices counts beside the mean of those heard here,
    which has the room and the microphone in it, too. Without it the first voice would be the mean;
    if it counts more, two of one sex in one room are one."""
    memory: float = 20.0
    """A voice is the mean of about so many stretches: colds and moods pass."""
    most: int = 32
    """Voices kept; beyond, who was heard longest ago is forgotten."""


class Clustering:
    """Voices met so far, each the running mean of its embeddings; the nearest one is it."""

    def __init__(self, mean: Floats, settings: ClusteringSettings) -> None:
        """`mean`: of the embeddings of many voices."""
        self.settings = settings
        self._sum = mean.astype(np.float64) * settings.prior
        self._seconds = settings.prior
        self._centres: dict[int, Floats] = {}
        self._counts: dict[int, float] = {}
        self._unlike: list[Floats] = []
        self._last = 0

    def voice(self, embedding: Floats, new_s: float) -> int:
        """Return whose voice an embedding is, counted from 1, and learn from it.

        `new_s`: seconds of the sound behind it that weren't behind the one before.
        """
        self._sum += embedding * new_s
        self._seconds += new_s
        found, likeness = self._nearest(embedding)
        if found and likeness >= self.settings.same:
            self._unlike.clear()
            self._learn(found, embedding)
        else:
            self._unlike.append(embedding)
            if found and len(self._unlike) < self.settings.sure:
                return found
            found = self._begin()
        return self._joined(found)

    def _nearest(self, embedding: Floats, but: int = 0) -> tuple[int, float]:
        """Return the voice most like an embedding and how much, (0, -1) where there is none."""
        numbers = [number for number in self._centres if number != but]
        if not numbers:
            return 0, -1.0
        mean = (self._sum / self._seconds).astype(np.float32)
        about = embedding - mean
        centres = np.stack([self._centres[number] for number in numbers]) - mean
        lengths = np.linalg.norm(centres, axis=1) * np.linalg.norm(about)
        likeness = centres @ about / np.maximum(lengths, 1e-9)
        best = int(likeness.argmax())
        return numbers[best], float(likeness[best])

    def _learn(self, number: int, embedding: Floats) -> None:
        share = 1 / min(self._counts[number] + 1, self.settings.memory)
        self._counts[number] += 1
        centre = self._centres.pop(number)  # to the end: the one heard last
        self._centres[number] = (1 - share) * centre + share * embedding

    def _begin(self) -> int:
        if len(self._centres) >= self.settings.most:
            oldest = next(iter(self._centres))
            del self._centres[oldest], self._counts[oldest]
        self._last += 1
        self._centres[self._last] = np.mean(self._unlike, axis=0)
        self._counts[self._last] = len(self._unlike)
        self._unlike.clear()
        return self._last

    def _joined(self, number: int) -> int:
        """Return the older of a voice and one that is as good as it, which it then becomes."""
        other, likeness = self._nearest(self._centres[number], but=number)
        if not other or likeness < self.settings.one:
            return number
        older, newer = sorted((number, other))
        counts = [self._counts[voice] for voice in (older, newer)]
        pair = [self._centres.pop(voice) for voice in (older, newer)]
        del self._counts[newer]
        self._centres[older] = np.average(pair, axis=0, weights=counts).astype(np.float32)
        self._counts[older] = sum(counts)
        return older
