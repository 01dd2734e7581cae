"""The window. No screen is here: FakeScreen stands for OpenCV's window calls."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

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
    monkeypatch.setattr(window, "answers", lambda display: True)
    monkeypatch.setattr(window.cv2, "currentUIFramework", lambda: "QT5")
    monkeypatch.setattr(window.cv2, "namedWindow", fake.call)
    monkeypatch.setattr(window.cv2, "destroyWindow", fake.call)
    monkeypatch.setattr(window.cv2, "imshow", fake.imshow)
    monkeypatch.setattr(window.cv2, "waitKey", fake.wait_key)
    monkeypatch.setattr(window.cv2, "getWindowProperty", fake.property)
    with ThreadPoolExecutor(1, thread_name_prefix="window") as thread:
        monkeypatch.setattr(window, "WINDOW_THREAD", thread)
        yield fake


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
    assert screen.threads == {"window_0"}


def test_a_window_can_be_opened_again_on_the_same_thread(screen, context):
    for level in (7, 8):
        again = Display(Display.Settings())
        again.open(context)
        screen.drawn.clear()
        again.process(frame(level))
        assert screen.drawn.wait(10)
        again.close()
        assert again._showing.done()
    assert screen.shown == [7, 8]
    assert screen.threads == {"window_0"}


@pytest.mark.parametrize("key", [ord("q"), 27])
def test_q_and_escape_ask_to_quit(screen, display, events, key):
    screen.keys = [-1, ord("x"), key]
    display._showing.result(10)
    assert [event["kind"] for event in events] == ["key", "quit"]
    assert events[0]["key"] == "x"


def test_the_close_button_asks_to_quit(screen, display, events):
    screen.visible = 0.0
    display._showing.result(10)
    assert [event["kind"] for event in events] == ["quit"]


def refused(context):
    with pytest.raises(UserError) as caught:
        Display(Display.Settings()).open(context)
    return str(caught.value)


def test_no_screen_is_an_error_that_says_what_to_do(monkeypatch, context):
    monkeypatch.setattr(window.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert refused(context) == "there is no screen (DISPLAY is not set): write a video instead"
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1] - 6000
        monkeypatch.setenv("DISPLAY", f"127.0.0.1:{number}.0")
        monkeypatch.setattr(window.cv2, "currentUIFramework", lambda: "")
        assert "pip install opencv-python" in refused(context)  # the screen itself answered
    assert f"DISPLAY=127.0.0.1:{number}.0 doesn't answer" in refused(context)
    monkeypatch.setenv("DISPLAY", ":987")
    assert "DISPLAY=:987 doesn't answer" in refused(context)
