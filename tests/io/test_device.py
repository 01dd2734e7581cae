"""Cameras that stop and come back. No camera is here: FakeVideoCapture stands for OpenCV's."""

import itertools
import threading
import time

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.io import device, live
from edge.io.camera import LivePicture
from edge.io.device import CameraDevice
from edge.io.live import LiveReader

PATIENCE_S = 20.0


class World:
    """What FakeVideoCapture delivers, to be changed by the test as it runs."""

    def __init__(self, node):
        self.node = node
        self.mode = "well"  # or: repeats, blocks, fails
        self.openable = True
        self.opened = 0
        self.release = threading.Event()
        self.numbers = itertools.count(1)

    def plug(self):
        self.node.touch()
        self.openable, self.mode = True, "well"

    def unplug(self, mode):
        """OpenCV keeps returning pictures, hangs, or says so: all three have been seen."""
        self.openable, self.mode = False, mode


class FakeVideoCapture:
    world: World

    def __init__(self, source, backend):
        self.world.opened += 1
        self.last = np.zeros((48, 64, 3), np.uint8)
        self.asked = {}

    def isOpened(self):
        return self.world.openable

    def set(self, option, value):
        self.asked[option] = value

    def get(self, option):
        assert option == cv2.CAP_PROP_POS_MSEC
        return (time.monotonic() - 0.05) * 1000

    def read(self):
        time.sleep(0.005)
        if self.world.mode == "fails":
            return False, None
        if self.world.mode == "blocks":
            self.world.release.wait()
            return False, None
        if self.world.mode == "well":
            self.last = np.full((48, 64, 3), next(self.world.numbers) % 251, np.uint8)
        return True, self.last.copy()

    def release(self):
        pass


@pytest.fixture
def world(tmp_path, monkeypatch):
    made = World(tmp_path / "video0")
    made.node.touch()
    monkeypatch.setattr(FakeVideoCapture, "world", made, raising=False)
    monkeypatch.setattr(device.cv2, "VideoCapture", FakeVideoCapture)
    yield made
    made.release.set()


@pytest.fixture
def camera(world, context):
    made = CameraDevice(str(world.node), (64, 48), 30, context.now)
    picture = LivePicture(LiveReader(made, context), rotate=0)
    yield picture
    picture.close()


class Reading(threading.Thread):
    """Reads frames as the scheduler does, on a thread of its own."""

    def __init__(self, camera):
        super().__init__()
        self.frames = []
        self.camera = camera
        self.start()

    def run(self):
        for frame in self.camera.frames():
            self.frames.append(frame)

    def wait_for(self, condition):
        patience = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < patience
            time.sleep(0.005)


@pytest.fixture
def reading(camera):
    thread = Reading(camera)
    thread.wait_for(lambda: len(thread.frames) > 3)
    yield thread
    camera.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("repeats", "repeats one picture"),
        ("blocks", "has delivered nothing for 0.9 s"),
        ("fails", "delivers no more pictures"),
    ],
)
def test_a_camera_that_stops_is_told_and_used_again_when_it_returns(
    world, reading, events, mode, reason
):
    stopped = time.monotonic()
    world.unplug(mode)
    reading.wait_for(lambda: events.states == ["lost"])
    assert time.monotonic() - stopped < 1.0 + 0.5  # noticed within 1 s; half for a busy machine
    assert events[0]["kind"] == "device"
    assert events[0]["name"] == "camera"
    assert reason in events[0]["reason"]
    before = len(reading.frames)
    returned = time.monotonic()
    world.plug()
    reading.wait_for(lambda: events.states == ["lost", "back"])
    reading.wait_for(lambda: len(reading.frames) > before + 3)
    assert time.monotonic() - returned < 3.0
    indexes = [frame.index for frame in reading.frames]
    assert indexes == list(range(len(indexes)))
    times = [frame.t for frame in reading.frames]
    assert times == sorted(times)


def test_a_device_file_that_vanishes_is_a_lost_camera(world, reading, events):
    world.node.unlink()
    reading.wait_for(lambda: events.states == ["lost"])
    assert "is gone" in events[0]["reason"]
    world.plug()
    reading.wait_for(lambda: events.states == ["lost", "back"])


def test_a_picture_that_is_honestly_still_makes_no_events(world, reading, events):
    world.mode = "repeats"  # and the camera can be opened: a virtual camera, a covered lens
    opened = world.opened
    reading.wait_for(lambda: world.opened > opened)
    before = len(reading.frames)
    reading.wait_for(lambda: len(reading.frames) > before + 20)
    assert not events


def test_a_still_camera_is_left_alone_for_longer_each_time(world, context, monkeypatch, events):
    monkeypatch.setattr(device.Limits, "REPEATS_S", 0.05)
    world.mode = "repeats"
    reader = LiveReader(CameraDevice(str(world.node), None, None, context.now), context)
    thread = threading.Thread(target=list, args=(reader.values(),))
    thread.start()
    time.sleep(1.0)  # twenty times its patience, which lasts for four of them when doubled
    reader.close()
    thread.join(PATIENCE_S)
    assert 2 <= world.opened <= 6
    assert not events


def test_frames_are_stamped_when_the_driver_took_them(world, context):
    capture = CameraDevice(str(world.node), None, None, context.now).connect()
    before = context.now()
    t, _ = capture.read()
    assert t <= context.now() - 50_000
    assert t >= before - 51_000


def test_a_driver_on_another_clock_is_not_believed(world, context, monkeypatch):
    monkeypatch.setattr(FakeVideoCapture, "get", lambda self, option: 5.0)
    before = context.now()
    t, _ = CameraDevice(str(world.node), None, None, context.now).connect().read()
    assert before <= t <= context.now()


def test_the_camera_is_asked_for_its_size_after_the_format_that_allows_it(world, context):
    capture = CameraDevice(str(world.node), (1280, 720), 30, context.now).connect()
    asked = vars(capture._capture)["asked"]
    assert next(iter(asked)) == cv2.CAP_PROP_FOURCC
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert asked[cv2.CAP_PROP_FPS] == 30


def test_no_camera_is_an_error_that_says_what_to_do(tmp_path, context, monkeypatch):
    monkeypatch.setattr(device, "cameras", list)
    missing = CameraDevice(str(tmp_path / "video7"), None, None, context.now)
    with pytest.raises(UserError, match=r"video7 isn't connected; no camera is connected: connect"):
        LiveReader(missing, context)


def test_a_camera_that_never_delivers_is_an_error(world, context, monkeypatch):
    monkeypatch.setattr(live.Limits, "FIRST_S", 0.2)
    world.mode = "blocks"
    with pytest.raises(UserError, match=r"has delivered nothing for 0\.2 s; cameras here|nothing"):
        LiveReader(CameraDevice(str(world.node), None, None, context.now), context)


class HangingDevice:
    """Delivers once, is lost, and then hangs in its driver whenever it is opened again."""

    label, advice, silent_s = "camera x", "", 0.05

    def __init__(self):
        self.opened = 0
        self.release = threading.Event()

    def connect(self):
        self.opened += 1
        if self.opened > 1:
            self.release.wait()
        return self

    def read(self):
        if self.opened > 1:
            raise live.Lost("is gone")
        return 1

    def close(self):
        pass


def test_attempts_that_hang_in_a_driver_are_limited(context, monkeypatch, events):
    for limit in ("BACK_S", "RETRY_S", "RETRY_MAX_S"):
        monkeypatch.setattr(live.Limits, limit, 0.01)
    hanging = HangingDevice()
    reader = LiveReader(hanging, context)
    monkeypatch.setattr(hanging, "read", lambda: hanging.release.wait())
    thread = threading.Thread(target=list, args=(reader.values(),))
    thread.start()
    patience = time.monotonic() + PATIENCE_S
    while hanging.opened < live.Limits.STUCK and time.monotonic() < patience:
        time.sleep(0.01)
    time.sleep(0.3)  # time for ten more
    assert hanging.opened == live.Limits.STUCK
    reader.close()
    hanging.release.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert events.states == ["lost"]


def test_closing_returns_although_the_driver_hangs(context, monkeypatch, events):
    hanging = HangingDevice()
    reader = LiveReader(hanging, context)
    monkeypatch.setattr(hanging, "read", lambda: hanging.release.wait())
    thread = threading.Thread(target=list, args=(reader.values(),))
    thread.start()
    started = time.monotonic()
    reader.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert time.monotonic() - started < 2.0
    hanging.release.set()
    assert events == []
