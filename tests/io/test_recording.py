import numpy as np
import pytest
from mcap.reader import make_reader

from edge.errors import UserError
from edge.io.camera import Camera
from edge.io.frames import Frame
from edge.io.microphone import Microphone
from edge.io.recording import Recorder
from edge.io.sounds import Sound

TIMES = [100_001, 133_334, 166_667, 400_003, 433_337]
INDEXES = [0, 1, 2, 9, 10]  # six frames were dropped


def picture(number):
    return np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)


def sound(number):
    samples = np.random.default_rng(number).integers(-9999, 9999, (320, 1), np.int16)
    return Sound(samples, 16_000, 100_000 + 20_000 * number)


@pytest.fixture
def record(tmp_path, context):
    def run(still=False, **settings):
        path = tmp_path / "recording.mcap"
        recorder = Recorder(Recorder.Settings(path=str(path), **settings))
        recorder.open(context)
        sounds = [sound(number) for number in range(16)]
        for number, (index, t) in enumerate(zip(INDEXES, TIMES, strict=True)):
            due = [s for s in sounds if s.t <= t]
            sounds = sounds[len(due) :]
            frame = Frame(picture(number), index, t, still=still)
            recorder.process(frame, due, {"type": "frame", "frame": index, "people": []})
        recorder.close()
        assert list(tmp_path.glob("*.part")) == []
        return path

    return run


def play(source, context, settings):
    node = source(settings)
    node.open(context)
    assert not node.live
    values, error = [], None
    try:
        for packet in node.packets():
            assert packet.t == packet.value.t
            values.append(packet.value)
    except UserError as broken:
        error = str(broken)
    node.close()
    return values, error, node


def test_a_lossless_recording_plays_back_exactly_as_it_happened(record, context):
    path = record(picture="png")
    frames, error, camera = play(Camera, context, Camera.Settings(device=str(path), rotate=90))
    assert [frame.index for frame in frames] == INDEXES
    assert [frame.t for frame in frames] == TIMES
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.bgr, picture(number))
    assert camera.frames_total == 5
    assert error is None


def test_recorded_sound_plays_back_sample_by_sample(record, context):
    chunks, error, _ = play(Microphone, context, Microphone.Settings(device=str(record())))
    assert len(chunks) == 16
    for number, chunk in enumerate(chunks):
        expected = sound(number)
        assert (chunk.t, chunk.rate) == (expected.t, 16_000)
        np.testing.assert_array_equal(chunk.samples, expected.samples)
    assert error is None


def test_recorded_sound_is_converted_where_another_shape_is_wanted(record, context):
    settings = Microphone.Settings(device=str(record()), rate=48_000, channels=2, chunk_ms=10)
    chunks, *_ = play(Microphone, context, settings)
    assert chunks[0].t == 100_000
    assert {(chunk.rate, chunk.samples.shape) for chunk in chunks} == {(48_000, (480, 2))}
    assert len(chunks) == 32


def test_jpeg_is_close_and_much_smaller(record, context):
    smooth = np.zeros((48, 64, 3), np.uint8)
    smooth[:] = np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None]
    path = record(quality=95)
    frames, *_ = play(Camera, context, Camera.Settings(device=str(path)))
    assert [frame.index for frame in frames] == INDEXES
    assert np.abs(frames[0].bgr.astype(int).mean((0, 1)) - picture(0).mean((0, 1))).max() < 3


@pytest.mark.parametrize("still", [True, False])
def test_a_still_image_stays_one(record, context, still):
    frames, *_ = play(Camera, context, Camera.Settings(device=str(record(still=still))))
    assert {frame.still for frame in frames} == {still}


def test_the_file_is_what_other_readers_of_the_format_expect(record):
    path = record(source="rtsp://camera/")
    with path.open("rb") as file:
        reader = make_reader(file)
        rows = [(c.topic, m.log_time, m.sequence) for _, c, m in reader.iter_messages()]
        (metadata,) = reader.iter_metadata()
    pictures = [row for row in rows if row[0] == "/picture"]
    assert pictures == [("/picture", t * 1000, i) for t, i in zip(TIMES, INDEXES, strict=True)]
    assert metadata.metadata["source"] == "rtsp://camera/"
    assert metadata.metadata["live"] == "true"
    assert "started" in metadata.metadata


def test_a_recording_that_was_cut_off_plays_up_to_the_cut(record, context, monkeypatch):
    monkeypatch.setattr("edge.io.recording.CHUNK_BYTES", 1000)
    path = record(picture="png")
    data = path.read_bytes()
    for share in (0.3, 0.5, 0.7):
        path.write_bytes(data[: int(len(data) * share)])
        frames, error, camera = play(Camera, context, Camera.Settings(device=str(path)))
        assert 0 < len(frames) < 5
        assert camera.frames_total is None
        assert "is cut off or damaged at" in error
        for number, frame in enumerate(frames):
            assert frame.index == INDEXES[number]
            np.testing.assert_array_equal(frame.bgr, picture(number))


def test_a_damaged_recording_plays_up_to_the_damage(record, context, monkeypatch):
    monkeypatch.setattr("edge.io.recording.CHUNK_BYTES", 1000)
    path = record(picture="png")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    frames, error, _ = play(Camera, context, Camera.Settings(device=str(path)))
    assert 0 < len(frames) < 5
    assert "is cut off or damaged at" in error
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.bgr, picture(number))


def test_a_recording_without_picture_or_sound_says_so(tmp_path, context):
    path = tmp_path / "picture.mcap"
    recorder = Recorder(Recorder.Settings(path=str(path)))
    recorder.open(context)
    recorder.process(Frame(picture(0), 0, 0), [], None)
    recorder.close()
    with pytest.raises(UserError, match="has no sound"):
        Microphone(Microphone.Settings(device=str(path))).open(context)
    assert play(Microphone, context, Microphone.Settings(device=str(path), required=False))[0] == []


def test_nothing_is_left_if_nothing_came(tmp_path, context):
    recorder = Recorder(Recorder.Settings(path=str(tmp_path / "empty.mcap")))
    recorder.open(context)
    recorder.close()
    assert list(tmp_path.iterdir()) == []
