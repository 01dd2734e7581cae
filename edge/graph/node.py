"""What a node is: a class whose one typed method declares its wires."""

import enum
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")


class Alignment(enum.Enum):
    """How an input finds its value for the timestamp t that a node works on."""

    EXACT = "exact"
    PREVIOUS = "previous"
    LATEST = "latest"
    WINDOW = "window"


Previous = Annotated[T | None, Alignment.PREVIOUS]
"""The producer's value for the preceding frame, waited for. Only this may close a loop."""
Latest = Annotated[T | None, Alignment.LATEST]
"""The producer's newest value at or before t, None at first. In real time never waited for."""
Window = Annotated[list[T], Alignment.WINDOW]
"""The producer's values in (previous t, t]. In real time waited for at most `Node.wait_ms`."""


class Packet(msgspec.Struct, Generic[T], frozen=True):
    """One value in a stream.

    `t`: µs since the graph started; file sources: µs since the start of the file.
    `born`: µs on the graph's clock at which the frame behind this value was captured.
    """

    t: int
    value: T
    born: int = 0


class Context(NamedTuple):
    """What the runtime hands to a node as it opens."""

    name: str
    """The node's name in the graph."""
    now: Callable[[], int]
    """The graph's clock, µs."""
    live: bool
    """True in real time, where frames may be dropped; False where every frame is processed."""
    event: Callable[..., None]
    """`event(kind, **fields)` publishes an event of the graph, such as a lost device; `at`: when
    that was, µs, where it isn't now."""
    instant: Callable[..., None]
    """`instant(name, **fields)` marks a moment in the trace; free when no trace is written."""
    simulated: bool = False
    """True on the virtual clock: nothing may depend on how fast this machine happens to be."""
    work: Callable[[str], None] = lambda unit: None
    """`work(unit)` notes a piece of work that costs by itself, such as a model's call: a device
    profile says how much."""
    frugal: bool = False
    """True where the run is held to a power: more threads for one thing are done sooner, but take
    more CPU time in all."""


class Node:
    """A step of a graph. Subclass it and give `process` a type for every parameter.

    A parameter typed `T` is called with the value at exactly t, `T | None` with None where
    there is none; `Previous[T]`, `Latest[T]` and `Window[T]` are described beside them.
    The return type is the output. Returning None says that there is nothing at t.
    `process` runs on one thread at a time, not always the same one. Whatever it raises fails
    that t alone; five failures in a row make a fresh node of the same settings.
    """

    class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
        """A node's YAML options (`with:`): a subclass's fields, their types and their defaults.

        >>> class Settings(Node.Settings):
        ...     max_faces: int = 4
        """

    limit_ms: ClassVar[float] = 1000
    """A call that takes longer is stuck: it is named, and the node switched off for a while."""
    wait_ms: ClassVar[float] = 100
    """How long, in real time, a `Window` waits for values that are late."""
    lookahead_ms: ClassVar[float] = 0
    """How far behind the newest input the output may stay; see `process`'s return of packets."""

    changeable: ClassVar[tuple[str, ...]] = ()
    """Options that `process` reads each time: `Run.set` may change them meanwhile."""

    t: int = 0
    """The timestamp of the present call, µs. Set by the runtime."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.counts: Counter[str] = Counter()
        """What the node counts of its own, for the account of the run."""

    @classmethod
    def unread(cls, settings: Any) -> tuple[str, ...]:
        """Return the inputs that such a node doesn't read: nobody works for them. They may well be
        wired, for an option that isn't on."""
        return ()

    def open(self, context: Context) -> None:
        """Take devices, load models, allocate buffers. Called once, before the first `process`.
        What it raises ends the run; `close` is then not called."""
        self.context = context

    process: Callable[..., Any]
    """`process(self, name: Type, …) -> Type | None`. A node that looks ahead returns
    `list[Packet[Type]]` with earlier timestamps, no older than `lookahead_ms`."""

    def finish(self) -> list[Packet[Any]] | None:
        """Return what is still held back once all inputs have ended."""
        return None

    def close(self) -> None:
        """Give everything back. Called once after `open`, however the run ended."""


class Source(Node):
    """A node without inputs: `packets` yields what it captures.

    A live source's timestamps are `context.now()` at capture, and `packets` may block; any
    other source's count from the start of its file. `packets` ends where the source ends. A
    `UserError` raised there is reported after all earlier packets have been processed.
    """

    medium: ClassVar[str] = ""
    """"picture" or "sound"; see `replaced_by`."""
    keep: ClassVar[str] = "newest"
    """What a live source does with a packet nobody has room for: "newest" keeps the newest and
    drops older ones; "all" queues up to `queue` packets."""
    queue: ClassVar[int] = 4
    """How many packets each reader's queue holds."""
    live: bool = False
    """Set in `__init__`: the source delivers in its own time, whether or not anyone is ready.
    A live source is closed from another thread while `packets` may still be reading."""

    @classmethod
    def replaced_by(cls, source: Any, medium: str) -> dict[str, Any]:
        """Return the settings that change where `run` is given a `source` ("picture") or an
        `audio` ("sound"); none where that says nothing about this node."""
        return {"device": source} if medium == cls.medium else {}

    def packets(self) -> Iterator[Packet[Any]]:
        raise NotImplementedError
