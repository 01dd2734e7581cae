"""Hands what the engine says to whoever listens: nobody waits for anybody."""

import asyncio
from collections import Counter, deque

import msgspec

from edge.daemon.wire import Watch
from edge.people.results import FrameResult

FRAMES = 8
"""Results that wait for one client: a quarter of a second. Then the oldest are dropped."""
EVENTS = 256
"""Events that wait for one client: they are few, and each happens once."""
FRAME = b'{"type":"frame"'


class Client:
    """One listener and what waits for it, bounded. `dropped`: what it was too slow for, by kind.

    `wants`: which of pictures, landmarks and traces.
    """

    def __init__(self, wants: Watch) -> None:
        self.wants = wants
        self.dropped: Counter[str] = Counter()
        self._lines: deque[tuple[bool, str]] = deque()
        self._frames = self._events = 0
        self._picture: bytes | None = None
        self._state: str | None = None
        self._ready = asyncio.Event()

    def line(self, is_frame: bool, text: str) -> None:
        """Have a line of the results wait, in order; frames make way before events do."""
        self._lines.append((is_frame, text))
        self._frames += is_frame
        self._events += not is_frame
        if self._frames > FRAMES:
            self._drop(True)
        elif self._events > EVENTS:
            self._drop(False)
        self._ready.set()

    def picture(self, data: bytes) -> None:
        """Have a picture wait; it takes the place of an older one."""
        if self._picture is not None:
            self.dropped["picture"] += 1
        self._picture = data
        self._ready.set()

    def state(self, text: str) -> None:
        """Have a state wait; older ones say nothing any more."""
        self._state = text
        self._ready.set()

    async def next(self) -> list[str | bytes]:
        """Wait for something and return all that waits."""
        await self._ready.wait()
        self._ready.clear()
        waiting: list[str | bytes] = [text for _, text in self._lines]
        if self._state is not None:
            waiting.append(self._state)
        if self._picture is not None:
            waiting.append(self._picture)
        self._lines.clear()
        self._frames = self._events = 0
        self._picture = self._state = None
        return waiting

    def _drop(self, frame: bool) -> None:
        index = next(i for i, (is_frame, _) in enumerate(self._lines) if is_frame == frame)
        del self._lines[index]
        self.dropped["frame" if frame else "event"] += 1
        if frame:
            self._frames -= 1
        else:
            self._events -= 1


class Hub:
    """All who listen."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._gone: Counter[str] = Counter()

    @property
    def dropped(self) -> Counter[str]:
        """What clients were too slow for, those that have gone included."""
        return sum((client.dropped for client in self.clients), self._gone.copy())

    @property
    def wants(self) -> Watch:
        """What at least one of them wants."""
        names = Watch.__struct_fields__
        return Watch(*(any(getattr(c.wants, name) for c in self.clients) for name in names))

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        self._gone.update(client.dropped)

    def line(self, data: bytes) -> None:
        """Give everybody a line of the results; made into text once."""
        is_frame = data.startswith(FRAME)
        whole = plain = data.decode()
        if is_frame and any(client.wants.landmarks for client in self.clients):
            plain = _without_landmarks(data)
        for client in self.clients:
            client.line(is_frame, whole if client.wants.landmarks else plain)

    def picture(self, data: bytes) -> None:
        for client in self.clients:
            if client.wants.picture:
                client.picture(data)

    def state(self, text: str) -> None:
        for client in self.clients:
            client.state(text)


def _without_landmarks(data: bytes) -> str:
    result = msgspec.json.decode(data, type=FrameResult)
    for person in result.people:
        for part in (person.face, person.body, *(person.hands or ())):
            if isinstance(part, msgspec.Struct):
                msgspec.structs.force_setattr(part, "landmarks", msgspec.UNSET)
    return msgspec.json.encode(result).decode()
