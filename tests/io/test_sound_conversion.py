from itertools import pairwise

import av
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.io.sound_conversion import GAP_US, Chunker, SoundConverter
from edge.io.sounds import Sound


def frame(samples, rate):
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    made = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", layout)
    made.sample_rate = rate
    return made


def numbered(count):
    return np.arange(count, dtype=np.int16)[:, None]


@given(
    sizes=st.lists(st.integers(0, 700), min_size=1, max_size=20),
    rate=st.sampled_from([8000, 11025, 16000, 44100, 48000]),
    size=st.integers(40, 500),
    start=st.integers(0, 10**12),
)
def test_chunks_hold_every_sample_in_order_at_its_time(sizes, rate, size, start):
    samples = numbered(sum(sizes))
    chunker = Chunker(rate, 1, size)
    chunks = list(chunker.begin(start))
    for piece in np.split(samples, np.cumsum(sizes)[:-1]):
        chunks += chunker.add(piece)
    chunks += chunker.flush()
    assert {len(chunk.samples) for chunk in chunks} <= {size}
    joined = np.concatenate([chunk.samples for chunk in chunks] or [samples[:0]])
    np.testing.assert_array_equal(joined[: len(samples)], samples)
    assert not joined[len(samples) :].any()  # filled up with silence
    assert len(joined) - len(samples) < size
    for number, chunk in enumerate(chunks):
        assert 0 <= start + number * size * 1e6 / rate - chunk.t < 1


@given(
    pieces=st.lists(
        st.tuples(st.integers(160, 2000), st.sampled_from([0, 0, 0, GAP_US + 100, 5_000_000])),
        min_size=1,
        max_size=12,
    )
)
def test_gaps_stay_gaps_and_time_only_rises(pieces):
    converter = SoundConverter(16_000, 1, 20)
    chunks: list[Sound] = []
    starts: list[int] = []
    t = 0
    for count, gap in pieces:
        t += gap
        if gap or not starts:
            starts.append(t)
        chunks += converter.add(frame(np.full((count, 1), 7, np.int16), 16_000), t)
        t += round(count * 1e6 / 16_000)
    chunks += converter.finish()
    times = [chunk.t for chunk in chunks]
    assert all(later - earlier >= 19_999 for earlier, later in pairwise(times))
    for start in starts:
        assert min(abs(time - start) for time in times) <= 100  # rounding of the pieces' lengths
    assert sum(np.count_nonzero(chunk.samples == 7) for chunk in chunks) == sum(
        c for c, _ in pieces
    )


def test_jittering_timestamps_do_not_tear_the_sound():
    converter = SoundConverter(16_000, 1, 20)
    rng = np.random.default_rng(0)
    chunks: list[Sound] = []
    for number in range(100):
        jitter = int(rng.integers(-20_000, 20_000))
        chunks += converter.add(
            frame(np.ones((320, 1), np.int16), 16_000), number * 20_000 + jitter
        )
    steps = {b.t - a.t for a, b in pairwise(chunks)}
    assert steps == {20_000}


def test_sound_that_overlaps_is_left_out():
    converter = SoundConverter(16_000, 1, 20)
    chunks: list[Sound] = []
    for t in (0, 100_000, 0, 200_000):  # the third repeats the first
        chunks += converter.add(frame(np.ones((1600, 1), np.int16), 16_000), t)
    assert [chunk.t for chunk in chunks] == [20_000 * i for i in range(15)]


def test_live_sound_that_had_waited_in_a_socket_is_soon_at_its_time():
    converter = SoundConverter(16_000, 1, 20)
    chunks: list[Sound] = []
    arrivals = [2_000_000] * 20 + [2_000_000 + 100_000 * i for i in range(1, 20)]
    for number, arrived in enumerate(arrivals):  # 100 ms each, the first 2 s of them at once
        samples = np.full((1600, 1), number, np.int16)
        chunks += converter.add(frame(samples, 16_000), arrived - 100_000, 500_000, live=True)
    for chunk in chunks[-20:]:
        number = int(chunk.samples[0, 0])
        assert arrivals[number] - 100_000 <= chunk.t < arrivals[number]


def test_an_impulse_keeps_its_time_through_resampling():
    for rate in (8000, 44_100, 48_000):
        samples = np.zeros((rate, 2), np.int16)
        samples[rate // 2] = 20_000
        converter = SoundConverter(16_000, 1, 20)
        chunks: list[Sound] = []
        for start in range(0, rate, 1024):
            piece = frame(np.ascontiguousarray(samples[start : start + 1024]), rate)
            chunks += converter.add(piece, 3_000_000 + round(start * 1e6 / rate))
        chunks += converter.finish()
        loudest = max(chunks, key=lambda chunk: int(np.abs(chunk.samples).max()))
        place = int(np.abs(loudest.samples[:, 0]).argmax())
        t = loudest.t + place * 1e6 / 16_000
        assert abs(t - 3_500_000) <= 1e6 / 16_000
