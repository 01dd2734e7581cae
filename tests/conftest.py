"""What every test gets: real data where it is, and a watch on threads left behind."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tqdm
from hypothesis import settings

CHECKOUT = Path(__file__).parents[1]
THREAD_GRACE_S = 2.0

# A slow machine is no failure, and CI has to find the same thing twice.
settings.register_profile("edge", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("edge")
# A progress bar's monitor thread outlives its bar.
tqdm.tqdm.monitor_interval = 0


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, which is not part of the project."""
    folder = Path(os.environ.get("EDGE_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: EDGE_DATA=FOLDER says where it is")
    return folder


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread running."""
    before = _ours()
    yield
    patience = time.monotonic() + THREAD_GRACE_S
    while left := _ours() - before:
        if time.monotonic() > patience:
            pytest.fail(f"threads left running: {', '.join(sorted(t.name for t in left))}")
        time.sleep(0.01)


def _ours() -> set[threading.Thread]:
    """Return all threads but those of the browser's event loop, which stay with the browser."""
    return {t for t in threading.enumerate() if not t.name.startswith("asyncio_")}
