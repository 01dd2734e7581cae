"""What engine and server say to each other, over a pair of sockets.

A message is a head, `kind` (1 byte) and `length` (4 bytes, big-endian), and so many bytes.
"""

import enum
import struct
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from edge.daemon.config import Config, Mute, View
from edge.graph.spec import Budget

HEAD = struct.Struct(">BI")
PICTURE_HEAD = struct.Struct(">I")
"""Before a JPEG: the number of its frame."""
MOST = 64 * 1024 * 1024
"""No message is longer: whatever says so isn't one of ours."""


class Kind(enum.IntEnum):
    """What a message to the server is; to the engine all are commands."""

    LINE = 1
    """A line of the results, as JSON."""
    PICTURE = 2
    STATE = 3
    REPLY = 4
    COMMAND = 5


class Configure(msgspec.Struct, frozen=True, tag=True):
    """Work by these settings from now on."""

    config: Config


class SetBudget(msgspec.Struct, frozen=True, tag=True):
    budget: Budget


class SetMute(msgspec.Struct, frozen=True, tag=True):
    mute: Mute


class SetView(msgspec.Struct, frozen=True, tag=True):
    view: View


class Watch(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """What somebody wants to have: pictures, landmarks, and what the last second was spent on."""

    picture: bool = False
    landmarks: bool = False
    trace: bool = False


Command = Configure | SetBudget | SetMute | SetView | Watch


class Request(msgspec.Struct, frozen=True):
    """A command and its number, which the reply has, too."""

    number: int
    command: Command


class Reply(msgspec.Struct, frozen=True):
    """`error`: why it couldn't be done, one line."""

    number: int
    error: str | None = None


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A camera or a microphone. `state`: `live`, `lost`, `muted`, `ended`: nothing more comes, as
    from a clip without sound, or `stuck`: it should deliver and doesn't. `reason`: of the last
    loss. `age_s`: of its newest packet."""

    state: Annotated[str, Meta(pattern="^(live|lost|muted|ended|stuck)$")]
    device: str
    reason: str = ""
    packets: int = 0
    age_s: float = 0.0


class NodeWork(msgspec.Struct, frozen=True, kw_only=True):
    """What a node did in the last seconds. `share`: of a core. `ms`: a call's mean."""

    calls: int
    failures: int
    share: float
    ms: float


class Span(msgspec.Struct, frozen=True, array_like=True):
    """One call: `begin` and `duration`, µs."""

    node: str
    begin: int
    duration: int
    frame: int


class Latency(msgspec.Struct, frozen=True):
    """Percentiles of the last seconds' results, ms."""

    p50: float
    p95: float


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """How the engine is doing. `running`: its graph is; else `error` says why not.

    `plan`: what the budget makes nodes do with less, by name. `power_w` as `power_source` has it.
    """

    running: bool
    error: str = ""
    graph: str = ""
    uptime_s: float = 0.0
    streams: dict[str, Stream] = {}
    fps: float = 0.0
    latency_ms: Latency | None = None
    frames: int = 0
    dropped: dict[str, int] = {}
    budget: Budget = Budget()
    plan: dict[str, str] = {}
    power_w: float = 0.0
    power_source: str = ""
    cpu: float = 0.0
    """Cores in use by the engine."""
    memory_mb: float = 0.0
    temperature_c: float | None = None
    mute: Mute = Mute()
    view: View = View()
    can_frame: bool = False
    can_replace: bool = False
    nodes: dict[str, NodeWork] = {}
    lost_lines: int = 0
    """Lines that the server was too slow for."""
    trace: list[Span] = []

    @property
    def blind(self) -> bool:
        """Is nothing seen: the camera is muted or lost, or nothing runs?"""
        return not self.running or self.fps == 0


def packed(kind: Kind, *parts: bytes) -> bytes:
    """Return a message of these parts, one after the other."""
    return b"".join((HEAD.pack(kind, sum(map(len, parts))), *parts))


def encoded(kind: Kind, value: Any) -> bytes:
    return packed(kind, msgspec.json.encode(value))
