"""How far a run has come."""

import sys

from tqdm import tqdm

from edge.graph import Event, Result, Run
from edge.people.results import FrameResult


class Progress:
    """A bar on standard error: frames, their rate, and how many people are in view."""

    def __init__(self, run: Run, shown: bool, max_frames: int | None) -> None:
        self._run = run
        self._max_frames = max_frames
        self._bar = tqdm(unit=" frames", disable=not shown, file=sys.stderr, dynamic_ncols=True)

    def update(self, item: Result | Event) -> None:
        if self._bar.disable or not isinstance(item, Result):
            return
        if self._bar.total is None:
            self._bar.total = self._frames_total()
        if isinstance(item.value, FrameResult):
            self._bar.set_postfix(people=len(item.value.people), refresh=False)
            self._bar.update(item.value.frame + 1 - self._bar.n)
        else:
            self._bar.update()

    def close(self) -> None:
        self._bar.close()

    def _frames_total(self) -> int | None:
        totals = [getattr(source, "frames_total", None) for source in self._run.sources().values()]
        known = [total for total in (*totals, self._max_frames) if total]
        return min(known, default=None)
