"""Nobody here: almost nothing is done at all."""

from collections.abc import Sequence
from typing import NamedTuple

from edge.budget.levels import Levelled
from edge.graph.station import Station


class Settings(NamedTuple):
    after_us: int = 1_000_000
    """Quiet for so long, a room is at rest: nobody goes without a trace in a second."""
    beat_us: int = 500_000
    """Between frames on which all nodes are called nevertheless: they have beats of their own."""
    pause_us: int = 150_000
    """At rest, from a frame that the watcher sees to the next that anybody sees: who comes in is
    noticed that much later, before they have taken half a step."""
    seldom: int = 20
    """At rest those that are called on all frames look on every so many of these: once in three
    seconds or so."""
    need: float = 0.1
    """What a node asks for that has found nobody."""


SETTINGS = Settings()


class Rest:
    """Says which nodes needn't be called.

    While the watcher sees nothing move and no other node has found anything, most frames aren't
    wanted, and of the others most nodes are left out but for a beat. What moves ends that in the
    very frame in which it is seen.
    """

    def __init__(self, stations: Sequence[Station]) -> None:
        self._needs = {s: 1.0 for s in stations if isinstance(s.node, Levelled)}
        self._resting = dict.fromkeys(_restable(stations))
        watchers = [s for s in self._needs if isinstance(s.node, Levelled) and s.node.watches]
        self._watcher = watchers[0] if len(watchers) == 1 else None
        self._quiet_since: int | None = None
        self._beat_at = 0
        self.now = False
        """Is the room at rest?"""

    def called(self, station: Station, node: Levelled, now: int) -> bool:
        """A node has been called: see what it asks for, and after the watcher's turn, which this
        returns, decide."""
        self._needs[station] = node.need
        if station is not self._watcher:
            return False
        if any(need > SETTINGS.need for need in self._needs.values()):
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        quiet = self._quiet_since
        self.now = quiet is not None and now - quiet >= SETTINGS.after_us
        left_out = self.now and now - self._beat_at < SETTINGS.beat_us
        if not left_out:
            self._beat_at = now
        for other in self._resting:
            if left_out and not other.off:
                other.off = "rest"
            elif not left_out and other.off == "rest":
                other.off = ""
        return True

    @property
    def pause_us(self) -> int:
        """From one frame to the next that is wanted; 0: all are."""
        return SETTINGS.pause_us if self.now else 0

    def may_look(self, station: Station, since: int) -> bool:
        """Say whether a node may look that did so `since` calls ago."""
        called = station in self._resting or station is self._watcher
        return not self.now or called or since >= SETTINGS.seldom


def _restable(stations: Sequence[Station]) -> list[Station]:
    """Return the stations that can be left out: nobody further on needs what they give."""
    found = {s for s in stations if isinstance(s.node, Levelled) and s.node.rests}
    while True:
        missed = {
            station
            for station in found
            for inlet in station.stream.inlets
            if inlet.reader not in found
            and (not isinstance(inlet.reader, Station) or inlet.wire.required)
        }
        if not missed:
            return [station for station in stations if station in found]
        found -= missed
