"""The window. No screen is here: FakeScreen stands for OpenCV's window calls."""

import threading

import numpy as np
import pytest

from edge.errors import UserError
from edge.io import window
from edge.io.frames import Frame
from edge.io.window import Display


class FakeScreen:
    def __init__(self):
        self.keys = []
        self.visible = 1.0
        self.shown = []
        self.threads = set()
        self.drawn = threading.Event()

    def call(self, *_):
        self.threads.add(threading.current_thread().name)

    def imshow(self, title, picture):
        self.call()
        self.shown.append(int(picture[0, 0, 0]))
        self.drawn.set()

    def wait_key(self, ms):
        self.call()
        threading.Event().wait(0.005)
        return self.keys.pop(0) if self.keys else -1

    def property(self, *_):
        self.call()
        return self.visible


@pytest.fixture
def screen(monkeypatch):
    fake = FakeScreen()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(window.cv2, "currentUIFramework", lambda: "QT5")
    monkeypatch.setattr(window.cv2, "namedWindow", fake.call)
    monkeypatch.setattr(window.cv2, "destroyWindow", fake.call)
    monkeypatch.setattr(window.cv2, "imshow", fake.imshow)
    monkeypatch.setattr(window.cv2, "waitKey", fake.wait_key)
    monkeypatch.setattr(window.cv2, "getWindowProperty", fake.property)
    return fake


@pytest.fixture
def display(screen, context):
    node = Display(Display.Settings())
    node.open(context)
    yield node
    node.close()


def frame(level):
    return Frame(np.full((4, 4, 3), level, np.uint8), 0, 0)


def test_frames_are_shown_on_one_thread_of_their_own(screen, display):
    display.process(frame(7))
    assert screen.drawn.wait(10)
    assert screen.shown == [7]
    display.close()
    assert screen.threads == {"window"}


@pytest.mark.parametrize("key", [ord("q"), 27])
def test_q_and_escape_ask_to_quit(screen, display, events, key):
    screen.keys = [-1, ord("x"), key]
    display._thread.join(10)
    assert [event["kind"] for event in events] == ["quit"]


def test_the_close_button_asks_to_quit(screen, display, events):
    screen.visible = 0.0
    display._thread.join(10)
    assert [event["kind"] for event in events] == ["quit"]


def test_no_screen_and_no_toolkit_are_errors_that_say_what_to_do(monkeypatch, context):
    monkeypatch.setattr(window.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(UserError, match="there is no screen"):
        Display(Display.Settings()).open(context)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(window.cv2, "currentUIFramework", lambda: "")
    with pytest.raises(UserError, match="pip install opencv-python"):
        Display(Display.Settings()).open(context)
