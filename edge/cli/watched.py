"""A run that a signal may end, but not in the middle of a line."""

import signal
from collections.abc import Iterator
from contextlib import closing
from types import FrameType

from edge.cli.keys import Keys
from edge.errors import UserError
from edge.graph import Event, Result, Run

SIGNALS = (signal.SIGINT, signal.SIGTERM)
QUIT, KEY = "quit", "key"
"""The events of a window: it was closed; a letter was pressed."""


class Watched:
    """The results of a run up to its end.

    `failure`: what the run ended with, `signal`: what was sent to end it (Ctrl-C is SIGINT);
    None where it just ended. A signal ends it between two results, so that each is written
    whole; further ones don't disturb what is being closed.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._keys = Keys(run)
        self._opening = True
        self.failure: UserError | None = None
        self.signal: int | None = None

    def __iter__(self) -> Iterator[Result | Event]:
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            with closing(self._run.items()) as items:
                for item in items:
                    self._opening = False
                    if isinstance(item, Event) and item.kind == QUIT:
                        return
                    if isinstance(item, Event) and item.kind == KEY:
                        self._keys.press(item.fields["key"])
                        continue
                    yield item
        except UserError as error:
            self.failure = error
        except KeyboardInterrupt:  # while opening: see below
            pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        first, self.signal = self.signal is None, self.signal or number
        self._run.stop()
        if first and self._opening:  # models may be on their way from far: that isn't waited for
            raise KeyboardInterrupt
