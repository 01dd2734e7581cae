"""The microphone node. No microphone is here: FakeSounddevice stands for the library."""

import itertools
import threading
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.graph.node import Packet
from edge.io import sound_device
from edge.io.microphone import Microphone

PATIENCE_S = 20.0
RATE = 16_000


def listen(context, source, **settings):
    microphone = Microphone(Microphone.Settings(device=str(source), **settings))
    microphone.open(context)
    try:
        assert not microphone.live
        return [packet.value for packet in microphone.packets()]
    finally:
        microphone.close()


def ramp(count):
    return (np.arange(count) % 20_000).astype(np.int16)[:, None]


@pytest.mark.parametrize("name", ["sound.wav", "sound.mkv"])
def test_the_sound_of_a_file_comes_whole_in_chunks(clip, context, name):
    samples = ramp(RATE)
    chunks = listen(context, clip(name, [], sound=samples))
    assert [chunk.t for chunk in chunks] == [20_000 * i for i in range(50)]
    assert {chunk.samples.shape for chunk in chunks} == {(320, 1)}
    np.testing.assert_array_equal(np.concatenate([chunk.samples for chunk in chunks]), samples)


def test_rate_channels_and_chunks_are_as_set(clip, context):
    stereo = np.concatenate([ramp(RATE), ramp(RATE)], axis=1)
    chunks = listen(context, clip("s.wav", [], sound=stereo), rate=48_000, channels=2, chunk_ms=10)
    assert {chunk.samples.shape for chunk in chunks} == {(480, 2)}
    assert {chunk.rate for chunk in chunks} == {48_000}
    assert len(chunks) == 100


def test_sound_that_starts_late_is_stamped_against_the_same_zero_as_the_picture(clip, context):
    chunks = listen(context, clip("late.mkv", sound=ramp(RATE), sound_at=700))
    assert chunks[0].t == 700_000


def test_no_sound_is_an_error_unless_it_is_not_required(clip, tmp_path, context):
    image = tmp_path / "photo.png"
    cv2.imwrite(str(image), np.zeros((8, 8, 3), np.uint8))
    for source in (clip(), image, tmp_path):
        with pytest.raises(UserError, match=r"has no sound: .*camera\.required=false"):
            listen(context, source)
        assert listen(context, source, required=False) == []


def test_a_missing_file_is_not_taken_for_a_microphone(tmp_path, context):
    with pytest.raises(UserError, match="no such file"):
        listen(context, tmp_path / "speech.wav")


def test_a_real_meeting_comes_whole(data, context):
    chunks = listen(context, data / "speech" / "sample.wav")
    assert len(chunks) == 1500
    assert chunks[-1].t == 29_980_000


class PortAudioError(Exception):
    pass


class FakeSounddevice:
    """Calls back with numbered samples from a thread of its own, as PortAudio does."""

    PortAudioError = PortAudioError

    def __init__(self):
        self.plugged = True
        self.listed = True  # PortAudio lists devices as it starts, and only then
        self.overflow = False
        self.latency_s = 0.03
        self.rate = RATE  # the only one it has
        self.channels = 1
        self.lost_s = 0.0  # sound that the system lost
        self.jitter_s = 0.0

    def query_devices(self, device=None, kind=None):
        microphone = {
            "index": 3,
            "name": "Blue Yeti: USB",
            "max_input_channels": self.channels,
            "default_samplerate": float(self.rate),
        }
        if kind:
            if not self.listed:
                raise PortAudioError("Error querying device -1")
            return microphone
        speaker = {"index": 4, "name": "Speaker", "max_input_channels": 0}
        return [microphone, speaker] if self.listed else [speaker]

    def check_input_settings(self, device, channels, dtype, extra_settings, samplerate):
        if (samplerate, channels) != (self.rate, self.channels):
            raise PortAudioError("Invalid sample rate")

    def _terminate(self):
        self.listed = False

    def _initialize(self):
        self.listed = self.plugged

    def InputStream(self, **options):
        if not self.listed or not self.plugged:
            raise PortAudioError("Error querying device -1")
        return FakeStream(self, **options)


class FakeStream:
    def __init__(self, fake, *, samplerate, blocksize, device, channels, dtype, callback):
        assert (channels, dtype, samplerate) == (fake.channels, "int16", fake.rate)
        self.fake, self.size, self.callback = fake, blocksize, callback
        self.seconds = blocksize / samplerate
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.run)

    @property
    def time(self):
        return time.monotonic() + 1000  # a clock of its own

    def start(self):
        self.thread.start()

    def run(self):
        lent = np.zeros((self.size, self.fake.channels), np.int16)
        begun = time.monotonic()
        for number in itertools.count():
            begun += self.seconds + self.fake.lost_s
            self.fake.lost_s = 0.0
            if self.closed.wait(max(0.0, begun - time.monotonic())):
                return
            if not self.fake.plugged:
                continue
            lent[:] = number
            times = SimpleNamespace(inputBufferAdcTime=self.time - self.fake.latency_s)
            status = SimpleNamespace(input_overflow=self.fake.overflow)
            self.callback(lent, self.size, times, status)

    def close(self, ignore_errors):
        self.closed.set()
        self.thread.join()


@pytest.fixture
def fake(monkeypatch):
    made = FakeSounddevice()
    monkeypatch.setattr(sound_device, "load", lambda: made)
    return made


@pytest.fixture
def recording(fake, context):
    microphone = Microphone(Microphone.Settings(device="yeti"))
    microphone.open(context)
    packets: list[Packet] = []
    thread = threading.Thread(target=lambda: packets.extend(microphone.packets()))
    thread.start()
    wait_for(lambda: len(packets) > 5)
    yield packets
    microphone.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def wait_for(condition):
    patience = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_a_chunk_is_stamped_at_its_first_sample(fake, context):
    microphone = Microphone(Microphone.Settings(device="default"))
    before = context.now()
    microphone.open(context)
    assert microphone.live
    first = next(microphone.packets())
    microphone.close()
    # The first chunk is complete 20 ms after the start, and 30 ms old by the driver's account.
    assert before + 20_000 - 30_000 <= first.t <= context.now() - 30_000
    assert first.born == first.t
    assert first.value.samples.shape == (320, 1)


def test_chunks_are_copies_of_what_portaudio_lends(recording):
    first, *values = [int(packet.value.samples[0, 0]) for packet in recording[:6]]
    assert values == list(range(first + 1, first + 6))


def test_what_came_while_the_run_began_is_not_heard_late(fake, context):
    microphone = Microphone(Microphone.Settings(device="default"))
    microphone.open(context)
    time.sleep(0.3)  # models load
    before = context.now()
    chunks = list(itertools.islice(microphone.packets(), 5))
    microphone.close()
    assert chunks[0].t > before - 60_000
    assert [b.t - a.t for a, b in itertools.pairwise(chunks)] == [20_000] * 4


def test_a_microphone_that_stops_is_told_and_used_again_when_it_returns(fake, recording, events):
    fake.plugged = False
    wait_for(lambda: events.states == ["lost"])
    fake.plugged = True
    before = len(recording)
    wait_for(lambda: events.states == ["lost", "back"])
    wait_for(lambda: len(recording) > before + 3)
    times = [packet.t for packet in recording]
    assert times == sorted(times)


def test_a_wrong_name_is_answered_with_the_nearest(fake, context):
    with pytest.raises(UserError, match="no microphone 'Blue Yety: USB'; did you mean 'Blue Yeti"):
        Microphone(Microphone.Settings(device="Blue Yety: USB")).open(context)


def test_overruns_are_counted_and_told(fake, context, caplog):
    fake.overflow = True
    microphone = Microphone(Microphone.Settings())
    microphone.open(context)
    next(microphone.packets())
    microphone.close()
    assert "microphone default: " in caplog.text
    assert "overruns, sound was lost" in caplog.text


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_a_microphone_of_another_format_is_converted(fake, context, rate, channels):
    fake.rate, fake.channels = rate, channels
    microphone = Microphone(Microphone.Settings(chunk_ms=32, channels=min(channels, 2)))
    microphone.open(context)
    chunks = [packet.value for packet, _ in zip(microphone.packets(), range(6), strict=False)]
    microphone.close()
    assert {(chunk.rate, chunk.samples.shape) for chunk in chunks} == {
        (RATE, (512, min(channels, 2)))
    }
    assert {b.t - a.t for a, b in itertools.pairwise(chunks)} == {32_000}


def test_after_lost_sound_time_is_right_again_within_a_fifth_of_a_second(fake, context):
    microphone = Microphone(Microphone.Settings())
    microphone.open(context)
    packets = microphone.packets()
    for _ in range(5):
        before = next(packets)
    fake.lost_s = 0.5
    for _ in range(10):  # 0.2 s of sound
        after = next(packets)
    age_us = context.now() - after.t
    microphone.close()
    assert after.t - before.t >= 500_000 + 9 * 20_000
    assert age_us < 20_000 + 30_000 + 200_000


def test_without_portaudio_the_fix_is_named(monkeypatch, context):
    def missing(name):
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(sound_device.importlib, "import_module", missing)
    with pytest.raises(UserError, match="apt-get install libportaudio2"):
        Microphone(Microphone.Settings()).open(context)
    quiet = Microphone(Microphone.Settings(required=False))
    quiet.open(context)
    assert list(quiet.packets()) == []


@pytest.mark.parametrize("camera", [0, "1", "/dev/video0"])
def test_a_camera_leaves_the_microphone_as_it_is(camera):
    assert Microphone.replaced_by(camera, "picture") == {}


def test_a_clip_brings_its_own_sound_if_it_has_any_and_audio_has_to():
    assert Microphone.replaced_by("a.mp4", "picture") == {"device": "a.mp4", "required": False}
    assert Microphone.replaced_by("a.wav", "sound") == {"device": "a.wav", "required": True}
