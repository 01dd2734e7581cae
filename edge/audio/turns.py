"""Who speaks from when to when, out of what is heard bit by bit."""

from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

from edge.audio.voice_activity import SECOND, Activity

W = TypeVar("W")
STARTED, ENDED = "speech_started", "speech_ended"


class TurnSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When a turn begins, ends, and goes to somebody else."""

    pause_s: float = 0.5
    """A speaker may be silent for so long within a turn: to breathe, to look for a word."""
    patience_s: float = 1.5
    """So long after speech began it is told without knowing whose it is."""
    change_s: float = 0.6
    """Somebody else has to be heard for so long in mid-speech before the turn is theirs: a look
    at voice or lips errs for shorter."""


class Said(NamedTuple, Generic[W]):
    """A turn begins or ends. `kind`: STARTED or ENDED. `t`: when that was, µs. `who`: None where
    nobody knows."""

    kind: str
    t: int
    who: W | None


class Turns(Generic[W]):
    """Cuts what is heard into turns of one speaker each.

    Turns are told a little late, with the time at which they began or ended; a turn whose speaker
    becomes known only later is told again as theirs, from then on.
    """

    def __init__(self, settings: TurnSettings) -> None:
        self.settings = settings
        self._since: int | None = None  # of the speech at hand
        self._last = 0  # µs up to which it was heard
        self._told = False
        self._who: W | None = None
        self._other: tuple[W | None, int] | None = None  # somebody else, heard since

    def hear(
        self, activity: Activity, who: W | None, t: int, otherwise: W | None = None
    ) -> Iterator[Said[W]]:
        """Yield what is known now. `who`: was heard at `t`, None if nobody knows; `otherwise`:
        whose turn it is if that stays so."""
        settings = self.settings
        if self._since is not None and activity.end - self._last > SECOND * settings.pause_s:
            yield from self.finish()
        if activity.since is None:
            return
        if self._since is None:
            self._since = max(activity.since, self._last)
            self._who, self._told, self._other = None, False, None
        self._last = activity.end
        if not self._told:
            late = activity.end - self._since > SECOND * settings.patience_s
            if who is not None or late:
                self._who, self._told = otherwise if who is None else who, True
                yield Said(STARTED, self._since, self._who)
        elif who is not None:
            yield from self._changed(who, t, settings.change_s)
        elif otherwise is not None:
            yield from self._changed(otherwise, t, settings.patience_s)

    def _changed(self, who: W, t: int, wait_s: float) -> Iterator[Said[W]]:
        if who == self._who:
            self._other = None
            return
        if self._other is None or self._other[0] != who:
            self._other = who, t
        since = self._other[1]
        if t - since >= SECOND * wait_s:
            yield Said(ENDED, since, self._who)
            yield Said(STARTED, since, who)
            self._who, self._other, self._since = who, None, since

    def finish(self) -> Iterator[Said[W]]:
        """Yield the end of the turn at hand, if there is one."""
        if self._since is None:
            return
        if not self._told:
            yield Said(STARTED, self._since, None)
        yield Said(ENDED, self._last, self._who)
        self._since = None
