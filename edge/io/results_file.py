"""Results as one JSON object a line."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec
import numpy as np

from edge.errors import UserError
from edge.io.part_file import PartFile


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} has no place in a result")


ENCODER = msgspec.json.Encoder(enc_hook=_plain)


class ResultsWriter:
    """Writes lines as they come; a file only gets its name with its summary.

    Until then it is NAME.part: whole lines, to be read while it grows, but seen to be unfinished.
    `path` None: standard output.
    """

    def __init__(self, path: str | Path | None) -> None:
        """Raises UserError where it can't be written."""
        self._target = PartFile(path, buffered=False) if path is not None else None
        self._file: IO[bytes] = self._target.file if self._target else sys.stdout.buffer
        self._size = 0

    def write(self, line: Any) -> None:
        """Append a struct or dict. Raises UserError where the disk is full, say; all lines
        written before stay whole."""
        data = memoryview(ENCODER.encode(line) + b"\n")
        if self._target is None:
            self._file.write(data)
            self._file.flush()
            return
        written = 0
        try:
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            if self._target.part.is_file():
                os.ftruncate(self._file.fileno(), self._size)
            raise UserError(
                f"can't go on writing {self._target.path} ({error.strerror}): the results up to "
                f"here are in {self._target.part}"
            ) from error
        self._size += written

    def finish(self, summary: Any) -> None:
        """Write the last line and give the file its name."""
        self.write(summary)
        if self._target:
            self._target.complete()

    def close(self) -> None:
        """Without `finish` before, the file stays NAME.part."""
        if self._target:
            self._file.close()

    def __enter__(self) -> "ResultsWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
