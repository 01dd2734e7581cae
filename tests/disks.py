"""A real disk with little room, for tests of what happens when it is full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 kB in a new folder, while this lasts."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "edge-test", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        # Lazily: what a daemon still holds open there goes with it.
        subprocess.run(["umount", "-l", str(folder)], check=True)
