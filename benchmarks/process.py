"""A process that is measured, from the measuring side."""

import json
import os
import subprocess
import threading
from pathlib import Path

from benchmarks.worker import Round

CHECKOUT = Path(__file__).parents[1]
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 26),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 29),
}
"""Have glibc keep what is freed. FaceMesh copies each frame; whether that memory goes back to the
system, to be had again page by page, depends on chance and doubles its time."""
PATIENCE_S = 180.0
"""For an answer; before the first a process loads its model, or even fetches it."""


class Dead(RuntimeError):
    """A process has ended, or been ended, without an answer."""


class Process:
    """Runs `command` in the checkout, which is to call `benchmarks.worker.serve`.

    `log`: a file for what it says beside its answers.
    """

    def __init__(self, command: list[str], log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=os.environ | KEEP_MEMORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def play(self, frames: int) -> Round:
        """Have a round played. Raises Dead, with its last words, where none came back."""
        assert self._process.stdin
        assert self._process.stdout
        patience = threading.Timer(PATIENCE_S, self._process.kill)
        patience.start()
        try:
            print(json.dumps({"frames": frames}), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            patience.cancel()
            patience.join()
        if not answer:
            words = self._log.read_text(errors="replace").strip().splitlines()
            command = " ".join(map(str, self._process.args))  # type: ignore[arg-type]
            raise Dead(f"no answer from {command}: {words[-1] if words else 'no words'}")
        return Round(**json.loads(answer))

    def close(self) -> None:
        """Tell it that no round follows, and wait until it has ended."""
        try:
            self._process.communicate(timeout=PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
