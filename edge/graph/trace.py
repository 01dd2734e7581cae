"""A record of a run that https://ui.perfetto.dev opens: the Trace Event Format of Chrome."""

import threading
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import UserError

BATCH = 4096
"""Events kept in memory before they go to the file: a second or so of a busy graph."""


class Recorder:
    """Is told what happens in a run; what it doesn't care for it leaves as it is here."""

    def span(self, node: str, start: int, duration: int, t: int, **details: Any) -> None:
        """`node` worked from `start` for `duration` µs on the frame of time `t`."""

    def instant(self, name: str, node: str, now: int, details: dict[str, Any]) -> None:
        """Something happened at a node: a drop and its reason, a decision and its ground."""

    def depth(self, stream: str, reader: str, now: int, packets: int) -> None:
        """The queue from `stream` to `reader` now holds so many packets."""

    def close(self) -> None:
        """The run is over."""


class Trace(Recorder):
    """Collects spans, instants and queue depths, and writes them as it goes.

    Each node is a row. Times are µs on the graph's clock. Raises UserError where `path` can't
    be written.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            self._file = open(path, "wb")  # noqa: SIM115  (closed by close)
        except OSError as error:
            raise UserError(f"can't write the trace {path}: {error.strerror}") from None
        self._file.write(b'{"displayTimeUnit":"ms","traceEvents":[\n')
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._events: list[dict[str, Any]] = []
        self._separator = b""

    def span(self, node: str, start: int, duration: int, t: int, **details: Any) -> None:
        self._add(node, ph="X", name=node, ts=start, dur=duration, args={"t": t, **details})

    def instant(self, name: str, node: str, now: int, details: dict[str, Any]) -> None:
        self._add(node, ph="i", s="t", name=name, ts=now, args=details)

    def depth(self, stream: str, reader: str, now: int, packets: int) -> None:
        self._add(reader, ph="C", name=f"{stream} → {reader}", ts=now, args={"packets": packets})

    def close(self) -> None:
        with self._lock:
            self._write()
            self._file.write(b"\n]}\n")
            self._file.close()

    def _add(self, node: str, **event: Any) -> None:
        with self._lock:
            row = self._rows.get(node)
            if row is None:
                row = self._rows[node] = len(self._rows) + 1
                name = {"ph": "M", "name": "thread_name", "pid": 1, "tid": row}
                self._events.append({**name, "args": {"name": node}})
            self._events.append({**event, "pid": 1, "tid": row})
            if len(self._events) >= BATCH:
                self._write()

    def _write(self) -> None:
        if self._events:
            lines = b",\n".join(map(msgspec.json.encode, self._events))
            self._file.write(self._separator + lines)
            self._separator = b",\n"
            self._events.clear()
