"""A window on the screen."""

import logging
import os
import re
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import cv2

from edge.errors import UserError
from edge.graph.node import Context, Node
from edge.io.frames import Frame

KEY_MS = 20
"""How long the window waits for a key between pictures: a key feels immediate below 50 ms."""
QUIT_KEYS = frozenset((ord("q"), 27))
"""q and Escape."""
CONNECT_S = 2.0
"""For a screen on another machine to answer."""
CLOSE_S = 2.0
"""What closing waits for the window's thread."""

WINDOW_THREAD = ThreadPoolExecutor(1, thread_name_prefix="window")
"""All window calls of the process: Qt works on the thread that called it first, and no other."""

log = logging.getLogger(__name__)


class Display(Node):
    """Shows frames in a window, the newest whenever it has drawn the one before.

    Emits the event `quit` when q, Escape or the window's close button is pressed, and the event
    `key` (key: a letter) for other letters.
    """

    class Settings(Node.Settings):
        title: str = "edge"

    settings: Settings

    def open(self, context: Context) -> None:
        """Raises UserError where there is no screen or OpenCV can't make windows."""
        super().open(context)
        check_screen()
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._closing = False
        self._showing = WINDOW_THREAD.submit(self._show)

    def process(self, frame: Frame) -> None:
        with self._lock:
            self._frame = frame

    def close(self) -> None:
        if hasattr(self, "_showing"):
            self._closing = True
            wait([self._showing], CLOSE_S)

    def _show(self) -> None:
        title = self.settings.title
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
            while self._wanted(title):
                with self._lock:
                    frame, self._frame = self._frame, None
                if frame is not None:
                    cv2.imshow(title, frame.bgr)
            cv2.destroyWindow(title)
        except cv2.error:
            log.exception("the window failed; going on without")

    def _wanted(self, title: str) -> bool:
        """Let the window handle what the user does; False once it should close."""
        key = cv2.waitKey(KEY_MS) & 0xFF
        if key in QUIT_KEYS or cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) == 0:
            self.context.event("quit")
            return False
        if chr(key).isalpha() and chr(key).isascii():
            self.context.event("key", key=chr(key).lower())
        return not self._closing


def check_screen() -> None:
    """Raises UserError where there is no screen or OpenCV can't make windows."""
    display = os.environ.get("DISPLAY", "")
    if sys.platform.startswith("linux") and not answers(display):
        reason = f"DISPLAY={display} doesn't answer" if display else "DISPLAY is not set"
        raise UserError(f"there is no screen ({reason}): write a video instead")
    try:
        toolkit = cv2.currentUIFramework()
    except cv2.error:
        toolkit = ""
    if not toolkit:
        raise UserError(
            "this OpenCV was built without windows: `pip uninstall opencv-python-headless` and "
            "`pip install opencv-python`, or write a video instead"
        )


def answers(display: str) -> bool:
    """Whether an X server is there: where none is, Qt ends the whole process.

    `display`: host:number.screen, without a host for this machine.
    """
    parts = re.fullmatch(r"(?:unix)?(.*):(\d+)(?:\.\d+)?", display)
    if not parts:
        return False
    host, number = parts[1], int(parts[2])
    try:
        if host:
            socket.create_connection((host, 6000 + number), CONNECT_S).close()
        else:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(f"/tmp/.X11-unix/X{number}")
    except OSError:
        return False
    return True
