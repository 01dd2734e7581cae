import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.io.frames import Frame
from edge.vision.motion import Motion, MotionDetector
from tests.vision.driving import clip, context

FRAME_US = 40_000


class Watch:
    """The node, driven by hand."""

    def __init__(self, **settings) -> None:
        self.node = MotionDetector(MotionDetector.Settings(**settings))
        self.node.open(context())
        self.frames = 0

    def see(self, picture: np.ndarray, still: bool = False) -> Motion:
        self.node.t = self.frames * FRAME_US
        self.frames += 1
        return self.node.process(Frame(picture.copy(), self.frames, self.node.t, still=still))


def room(width: int = 640, height: int = 360, seed: int = 0) -> np.ndarray:
    """A room: plain walls, furniture with edges."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 120, np.uint8)
    for _ in range(25):
        x, y = random.integers(0, (width, height))
        w, h = random.integers(5, (width // 3 + 6, height // 3 + 6))
        picture[y : y + h, x : x + w] = random.integers(30, 220, 3)
    return picture


def noisy(picture: np.ndarray, levels: float, random: np.random.Generator) -> np.ndarray:
    return np.clip(picture + random.normal(0, levels, picture.shape), 0, 255).astype(np.uint8)


def all_boxes(motion: Motion) -> np.ndarray:
    rows, columns = motion.moving.shape
    return np.array([[0, 0, columns * motion.cell[0], rows * motion.cell[1]]], np.float32)


@pytest.mark.parametrize("levels", [3, 10, 20])
def test_a_sensors_noise_does_not_move(levels):
    """20 levels is a webcam in the dark."""
    random, watch = np.random.default_rng(0), Watch()
    motions = [watch.see(noisy(room(), levels, random)) for _ in range(8)]
    assert motions[0].moving.all()
    assert not any(motion.moving.any() for motion in motions[1:])


def test_light_that_flickers_or_is_switched_on_does_not_move():
    """A lamp on a dimmer by a tenth, then a picture that is half as bright again."""
    random, watch = np.random.default_rng(0), Watch()
    bright = [1, 0.9, 1, 0.95, 0.9, 1.0, 1.5, 1.5, 1.5]
    motions = [watch.see(noisy(room() * (0.6 * light), 3, random)) for light in bright]
    assert not any(motion.moving.any() for motion in motions[1:])


@pytest.mark.parametrize("pixels", [2, 6])
def test_who_walks_moves_and_nothing_else_does(pixels):
    """Someone as wide as a twentieth of the picture, from a slow walk across a room on."""
    random, watch = np.random.default_rng(0), Watch()
    for index in range(12):
        picture = room()
        left = 200 + pixels * index
        picture[150:270, left : left + 32] = (200, 60, 40)
        motion = watch.see(noisy(picture, 3, random))
    walker = np.array([[left - 40, 140, left + 60, 280]], np.float32)
    assert motion.moving.any()
    assert not motion.outside(walker)
    elsewhere = np.array([[400, 0, 640, 100], [left, 180, left + 32, 200]], np.float32)
    assert motion.inside(elsewhere).tolist() == [False, True]


def test_it_stops_when_they_stop():
    watch = Watch(over_s=0.2)
    for index in range(6):
        picture = room()
        picture[100:200, 100 + 8 * index : 140 + 8 * index] = 250
        assert watch.see(picture).moving.any()
    still = [bool(watch.see(picture).moving.any()) for _ in range(8)]
    assert still[0]
    assert not any(still[5:])  # 0.2 s later


def test_a_change_of_size_and_a_picture_on_its_own_move_everywhere():
    watch = Watch()
    watch.see(room())
    assert not watch.see(room()).moving.any()
    assert watch.see(room(360, 640)).moving.all()
    assert not watch.see(room(360, 640)).moving.any()
    assert watch.see(room(360, 640), still=True).moving.all()


def test_people_on_a_square_move_and_the_square_does_not(data):
    """A camera outdoors, over a square that people cross: measured 4 % to 10 % of all cells."""
    watch, shares = Watch(), []
    for index, frame in enumerate(clip(data / "static_camera/vtest.avi")):
        watch.node.t = frame.t
        shares.append(float(watch.node.process(frame).moving.mean()))
        if index == 40:
            break
    assert min(shares[1:]) > 0
    assert max(shares[1:]) < 0.15


@given(st.integers(1, 700), st.integers(1, 700))
def test_cells_fill_a_picture_of_any_size(width, height):
    watch = Watch()
    motion = watch.see(np.zeros((height, width, 3), np.uint8))
    rows, columns = motion.moving.shape
    assert (columns * motion.cell[0], rows * motion.cell[1]) == pytest.approx((width, height))
    assert not motion.outside(all_boxes(motion))
    assert motion.inside(all_boxes(motion)).all()
    assert not watch.see(np.zeros((height, width, 3), np.uint8)).moving.any()


def test_boxes_beyond_the_picture_hold_nothing():
    motion = Motion(0, np.ones((4, 6), bool), (10, 10))
    boxes = np.array([[-50, -50, -10, -10], [60, 0, 90, 40], [55, 35, 1e9, 1e9]], np.float32)
    assert motion.inside(boxes).tolist() == [False, False, True]
    assert motion.outside(boxes)
    assert motion.outside(np.empty((0, 4), np.float32))
    assert motion.inside(np.empty((0, 4), np.float32)).shape == (0,)


def test_only_a_thumbnail_is_looked_at():
    """No colour is asked for: turning a decoded frame to BGR costs ten times as much."""
    frame = Frame(cv2.cvtColor(room(), cv2.COLOR_BGR2GRAY), 0, 0)
    watch = Watch()
    watch.node.t = 0
    watch.node.process(frame)
    assert "bgr" not in frame._made
