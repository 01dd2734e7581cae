import av
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.frames import Frame
from edge.io.sounds import Sound
from edge.io.video_writer import VideoWriter

RATE = 16_000
Calls = list[tuple[Frame, list[Sound]]]


@pytest.fixture
def write(tmp_path, context):
    """Writes (frame, sounds) pairs; returns the file's path."""

    def run(calls, name="out.mp4", **settings):
        path = tmp_path / name
        writer = VideoWriter(VideoWriter.Settings(path=str(path), **settings))
        writer.open(context)
        for frame, sounds in calls:
            writer.process(frame, sounds)
        writer.close()
        assert list(tmp_path.glob("*.part")) == []
        return path

    return run


def frame(level, t, size=(64, 48)):
    return Frame(np.full((size[1], size[0], 3), level, np.uint8), 0, t)


def chunks(start, stop, level=3000):
    """Sound from `start` to `stop`, µs, in pieces of 20 ms."""
    wave = np.full((320, 1), level, np.int16)
    wave[::2] *= -1
    return [Sound(wave, RATE, t) for t in range(start, stop, 20_000)]


def decode(path, kind):
    with av.open(str(path)) as container:
        return list(container.decode(**{kind: 0}))


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
def test_frames_keep_their_order_colour_and_irregular_times(write, name):
    times = [0, 33_333, 66_667, 200_000, 1_500_000, 1_510_000]
    calls: Calls = [(frame(40 * i, 5_000_000 + t), []) for i, t in enumerate(times)]
    got = decode(write(calls, name, quality=1), "video")
    assert [f.time for f in got] == pytest.approx([t / 1e6 for t in times], abs=0.001)
    for number, picture in enumerate(got):
        pixels = picture.to_ndarray(format="bgr24").astype(int)
        assert np.abs(pixels - 40 * number).max() <= 4


def test_colours_are_written_as_they_are_flagged(write):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:] = (40, 90, 200)
    (got,) = decode(write([(Frame(picture, 0, 0), [])], quality=1), "video")
    np.testing.assert_allclose(got.to_ndarray(format="bgr24")[20, 20], (40, 90, 200), atol=4)


def test_odd_sizes_lose_a_row_and_other_shapes_get_borders(write):
    calls: Calls = [(frame(200, 0, (65, 49)), []), (frame(200, 40_000, (49, 130)), [])]
    first, second = decode(write(calls, quality=1), "video")
    assert (first.width, first.height) == (64, 48)
    pixels = second.to_ndarray(format="bgr24")
    assert pixels[:, 28:36].min() > 180
    assert pixels[:, :16].max() < 20
    assert pixels[:, -16:].max() < 20


def loudness(path):
    samples = np.concatenate([f.to_ndarray()[0] for f in decode(path, "audio")])
    return np.abs(samples)


def test_sound_stays_with_its_picture(write):
    silence, loud = chunks(0, 1_000_000, 0), chunks(1_000_000, 2_000_000)
    calls: Calls = []
    sounds = silence + loud
    for number in range(50):
        t = 40_000 * number
        calls.append((frame(200 if t >= 1_000_000 else 0, t), [s for s in sounds if s.t <= t]))
        sounds = [s for s in sounds if s.t > t]
    path = write(calls)
    pictures = decode(path, "video")
    bright = next(f.time for f in pictures if f.to_ndarray(format="gray").mean() > 100)
    starts = int((loudness(path) > 0.03).argmax()) / RATE
    assert bright == pytest.approx(1.0, abs=0.001)
    assert starts == pytest.approx(1.0, abs=0.02)


def test_a_gap_in_the_sound_becomes_silence(write):
    first, second = chunks(0, 400_000), chunks(800_000, 1_200_000)
    calls: Calls = [
        (frame(0, 0), first[:1]),
        (frame(0, 400_000), first[1:]),
        (frame(0, 1_200_000), second),
    ]
    loud = loudness(write(calls))
    assert loud[RATE // 10 : 3 * RATE // 10].mean() > 0.05
    assert loud[5 * RATE // 10 : 7 * RATE // 10].max() < 0.02
    assert loud[9 * RATE // 10 : 11 * RATE // 10].mean() > 0.05


def test_sound_that_begins_long_after_the_picture_is_left_out(write):
    calls: Calls = [(frame(0, t), []) for t in range(0, 4_000_000, 500_000)]
    calls.append((frame(0, 4_000_000), chunks(3_500_000, 4_000_000)))
    path = write(calls)
    with av.open(str(path)) as container:
        assert not container.streams.audio
    assert len(decode(path, "video")) == 9


def test_the_index_is_at_the_front_so_that_players_can_start(write):
    data = write([(frame(0, 0), [])]).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_nothing_is_left_if_no_frame_came(write, tmp_path):
    write([])
    assert list(tmp_path.iterdir()) == []


def test_places_and_names_that_cannot_be_written_are_refused(tmp_path, context):
    for name, advice in [("x.txt", r"name it \.m4v, \.mkv"), ("no/x.mp4", "create the folder")]:
        writer = VideoWriter(VideoWriter.Settings(path=str(tmp_path / name)))
        with pytest.raises(UserError, match=advice):
            writer.open(context)
        writer.close()
