"""Whose voice is whose: people and voices that were heard together often enough."""

from collections import defaultdict

from msgspec import Struct


class BindingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When a voice is somebody's."""

    together_s: float = 1.5
    """So long a voice has to be heard while its person is seen to speak: two short sentences, or
    six looks at the voice."""
    share: float = 0.6
    """Of all the time at which that voice was heard and somebody was seen to speak: voices are
    taken for one another, lips for one another's."""


class Bindings:
    """Time that each voice was heard while each person was seen to speak."""

    def __init__(self, settings: BindingSettings) -> None:
        self.settings = settings
        self._together: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._voices: dict[int, int | None] = {}

    def add(self, voice: int, person: int, seconds: float) -> None:
        self._together[voice][person] += seconds
        self._voices.clear()

    def person(self, voice: int) -> int | None:
        """Return whose voice that is, None as long as nobody knows."""
        together = self._together.get(voice)
        if not together:
            return None
        person = max(together, key=lambda who: together[who])
        enough = max(self.settings.together_s, self.settings.share * sum(together.values()))
        return person if together[person] >= enough else None

    def voice(self, person: int) -> int | None:
        """Return the voice that was heard longest of those that are a person's."""
        if person not in self._voices:
            own = [voice for voice in self._together if self.person(voice) == person]
            best = max(own, key=lambda voice: self._together[voice][person], default=None)
            self._voices[person] = best
        return self._voices[person]
