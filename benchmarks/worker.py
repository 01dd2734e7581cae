"""The conversation with a process that is measured: a line of JSON each way for every round.

    to it: {"frames": 100}        play so many frames
    back:  {"cpu_s": 0.31, …}     a `Round`

This module runs in the peer's environment, too, and so imports nothing but Python's own.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MODEL = ": model"
"""Follows a node's name in a round's parts: what its model had of the node's time."""


class Round(NamedTuple):
    """What a round took. `cpu_s`: of all the process's threads.

    `seen`: how many faces, hands and so on, over all frames. `parts_s`: what single parts of the
    program had of `cpu_s`, where that is measured. `looks`: how often each detector ran, where
    that is known.
    """

    frames: int
    seen: dict[str, int]
    cpu_s: float
    parts_s: dict[str, float]
    looks: dict[str, int]


def there_and_back(frames: int) -> Iterator[int]:
    """Yield positions in a clip of two or more `frames`, forward and backward, for ever.

    So nobody ever jumps, and nobody has to look for it again.
    """
    while True:
        yield from range(frames - 1)
        yield from range(frames - 1, 0, -1)


class Decoder:
    """Stands in for one: writes each picture just before it is used, into one of a few buffers.

    `cpu_s`: what that took so far, which is no part of what is measured.
    """

    BUFFERS = 8
    """More than the graph has frames under way: it must not be overtaken."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self._buffers: list[Any] = []

    def picture(self, stored: Any) -> Any:
        """Return a copy of an array, which holds for `BUFFERS` calls."""
        before = time.thread_time()
        full = len(self._buffers) == self.BUFFERS
        buffer = self._buffers.pop(0) if full else stored.copy()
        buffer[:] = stored
        self._buffers.append(buffer)
        self.cpu_s += time.thread_time() - before
        return buffer.view()


def serve(
    play: Callable[[int], dict[str, int]],
    decoder: Decoder,
    parts_s: dict[str, float],
    looks: Callable[[], dict[str, int]] = dict,
) -> None:
    """Answer each line of standard input until it ends.

    `play(frames)` returns what it saw; what it adds to `parts_s` is the round's. `looks` returns
    how often each detector has run so far.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print stays out of the conversation
    for line in sys.stdin:
        frames = json.loads(line)["frames"]
        parts_s.clear()
        looks_before = looks()
        before = time.process_time() - decoder.cpu_s
        seen = play(frames)
        cpu_s = time.process_time() - decoder.cpu_s - before
        looked = {name: n - looks_before.get(name, 0) for name, n in looks().items()}
        played = Round(frames, seen, cpu_s, parts_s, looked)
        print(json.dumps(played._asdict()), file=answers)
