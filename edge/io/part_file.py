"""Output files that have their name only once they are whole."""

import contextlib
from pathlib import Path
from typing import IO

from edge.errors import UserError


class PartFile:
    """A file that is NAME.part while it is written, and NAME once it is whole.

    What has no end of its own (a pipe, /dev/null) is written under its name.
    """

    def __init__(self, name: str | Path, *, buffered: bool = True) -> None:
        """Open it for writing. Raises UserError where that can't be."""
        self.path = Path(name)
        special = self.path.exists() and not self.path.is_file() and not self.path.is_dir()
        self.part = self.path if special else self.path.with_name(self.path.name + ".part")
        if self.path.is_dir():
            raise UserError(f"can't write {name}: it is a folder, give a file's name")
        try:
            self.file: IO[bytes] = open(self.part, "wb", buffering=-1 if buffered else 0)  # noqa: SIM115
        except OSError as error:
            if not self.path.parent.exists():
                raise UserError(
                    f"can't write {name}: create the folder {self.path.parent}"
                ) from None
            raise UserError(
                f"can't write {name} ({error.strerror}): choose a place where you may write"
            ) from None

    def complete(self) -> None:
        """Give it its name, in place of what had that name before."""
        self.file.close()
        if self.part != self.path:
            self.part.replace(self.path)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.file.close()
        if self.part != self.path:
            with contextlib.suppress(FileNotFoundError):
                self.part.unlink()
