"""From sound as it is decoded to chunks of one rate, one size and true timestamps."""

from collections.abc import Iterator

import av
import numpy as np
from numpy.typing import NDArray

from edge.io.sounds import Sound

GAP_US = 40_000
"""Timestamps of decoded sound are rounded, and a packet is 20 to 30 ms long. What differs more
from the count of samples is a real gap, and longer than a chunk may be."""
EARLY_US = 60_000
"""Live sound can't be there before it was made. Where it comes so much sooner than its samples
account for, more than drivers' stamps jitter by, what came before had waited: in a socket, or while
the run began."""
LAYOUTS = {1: "mono", 2: "stereo"}


class Chunker:
    """Cuts samples into chunks of `size`, each stamped at its first sample.

    Timestamps are counted in samples from the segment's start, so they neither jitter nor drift.
    """

    def __init__(self, rate: int, channels: int, size: int) -> None:
        self._rate = rate
        self._size = size
        self._held = np.empty((0, channels), np.int16)
        self._start = 0
        self._cut = 0

    def begin(self, t: int) -> Iterator[Sound]:
        """Begin a segment at t, µs; yields the rest of the one before it."""
        yield from self.flush()
        self._start, self._cut = t, 0

    def add(self, samples: NDArray[np.int16]) -> Iterator[Sound]:
        """`samples`: shape (samples, channels), right after those added before."""
        samples = np.concatenate([self._held, samples])
        whole = len(samples) - len(samples) % self._size
        self._held = samples[whole:]
        for start in range(0, whole, self._size):
            yield self._stamped(samples[start : start + self._size])

    def flush(self) -> Iterator[Sound]:
        """Yields what is held, filled up with silence: every chunk has the full size."""
        if missing := -len(self._held) % self._size:
            held, self._held = self._held, self._held[:0]
            yield self._stamped(np.pad(held, ((0, missing), (0, 0))))

    def _stamped(self, samples: NDArray[np.int16]) -> Sound:
        t = self._start + self._cut * 1_000_000 // self._rate
        self._cut += len(samples)
        samples.flags.writeable = False
        return Sound(samples, self._rate, t)


class SoundConverter:
    """Decoded sound in, chunks of int16 at one rate out.

    A gap in the timestamps stays a gap; what overlaps with sound already given is left out.
    """

    def __init__(self, rate: int, channels: int, chunk_ms: float) -> None:
        self.rate = rate
        self.channels = channels
        self.size = round(rate * chunk_ms / 1000)
        self._chunker = Chunker(rate, channels, self.size)
        self._resampler: av.AudioResampler | None = None
        self._end = 0.0

    def add(
        self, frame: av.AudioFrame, t: int, gap_us: int = GAP_US, live: bool = False
    ) -> Iterator[Sound]:
        """`t`: µs of the frame's first sample; `gap_us`: by how much it may be late. Where it is
        early, `live` sound is stamped anew, at the cost of chunks that overlap."""
        length = frame.samples * 1e6 / frame.sample_rate
        late = t - self._end
        if self._resampler is None or late > gap_us or (live and late < -EARLY_US):
            yield from self.finish()
            yield from self._chunker.begin(t)
            self._resampler = self._new_resampler()
            self._end = t
        elif late < -gap_us:
            return
        self._end += length
        frame.pts = None  # the resampler is to count samples, not to follow timestamps
        yield from self._resample(frame)

    def finish(self) -> Iterator[Sound]:
        """Yields what is still held back."""
        if self._resampler is not None:
            yield from self._resample(None)
            self._resampler = None
        yield from self._chunker.flush()

    def _resample(self, frame: av.AudioFrame | None) -> Iterator[Sound]:
        assert self._resampler is not None
        for converted in self._resampler.resample(frame):
            samples = np.asarray(converted.to_ndarray(), np.int16)
            yield from self._chunker.add(samples.reshape(-1, self.channels))

    def _new_resampler(self) -> av.AudioResampler:
        layout = LAYOUTS.get(self.channels, f"{self.channels}c")
        return av.AudioResampler(format="s16", layout=layout, rate=self.rate)
