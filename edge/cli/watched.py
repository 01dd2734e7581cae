"""A run that a signal may end, but not in the middle of a line."""

import signal
from collections.abc import Iterator
from contextlib import closing
from types import FrameType

from edge.errors import UserError
from edge.graph import Event, Result, Run

SIGNALS = (signal.SIGINT, signal.SIGTERM)
QUIT = "quit"
"""The event of a window that was closed."""


class Watched:
    """The results of a run up to its end.

    `failure`: what the run ended with, `signal`: what was sent to end it (Ctrl-C is SIGINT);
    None where it just ended. A signal ends it between two results, so that each is written
    whole; further ones don't disturb what is being closed.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting = False
        self.failure: UserError | None = None
        self.signal: int | None = None

    def __iter__(self) -> Iterator[Result | Event]:
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            with closing(self._run.items()) as items:  # type: ignore[type-var]
                while self.signal is None and (item := self._next(items)) is not None:
                    if isinstance(item, Event) and item.kind == QUIT:
                        return
                    yield item
        except UserError as error:
            self.failure = error
        except KeyboardInterrupt:
            pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _next(self, items: Iterator[Result | Event]) -> Result | Event | None:
        self._waiting = True
        try:
            return next(items, None)
        finally:
            self._waiting = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        first, self.signal = self.signal is None, self.signal or number
        if first and self._waiting and not _closes(frame):
            raise KeyboardInterrupt


def _closes(frame: FrameType | None) -> bool:
    """Is the run already ending by itself, and its files being closed?"""
    while frame is not None:
        if frame.f_code.co_name == "stop" and frame.f_globals["__name__"].startswith("edge.graph."):
            return True
        frame = frame.f_back
    return False
