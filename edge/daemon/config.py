"""The settings of daemon and demo: `config.yaml`, which documents every key in place."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from edge.actions.table import Broker, Table
from edge.actions.table import read as read_rules
from edge.document import Document, read_text, read_yaml
from edge.errors import UserError
from edge.graph.spec import Budget
from edge.paths import config_dir, resource

NAME = "config.yaml"
AUTO = "auto"
Port = Annotated[int, Meta(ge=0, lt=65536)]


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts have in common: nothing unknown, nothing changed."""


class Mute(_Record, frozen=True):
    """Which devices are closed."""

    camera: bool = False
    microphone: bool = False


class View(_Record, frozen=True):
    """How the picture is shown. `background`: what becomes of what is no person."""

    boxes: bool = True
    landmarks: bool = True
    gaze: bool = True
    framing: bool = False
    background: Literal["keep", "dim", "blur", "replace"] = "keep"


class Picture(_Record, frozen=True):
    """What watchers get. `width`: pixels at most. `quality`: of JPEG, 1 to 100."""

    width: Annotated[int, Meta(ge=64, le=3840)] = 960
    quality: Annotated[int, Meta(ge=1, le=100)] = 75


class Server(_Record, frozen=True):
    """Where clients come. Anything but loopback needs a token: in the environment variable
    `token_variable`. `certificate`, `key`: PEM files for TLS. `names`: by which the device is
    called, beside its addresses. `clients`: who may listen at once."""

    host: str = "127.0.0.1"
    port: Port = 8765
    token_variable: str = "EDGE_TOKEN"
    certificate: str | None = None
    key: str | None = None
    names: list[str] = []
    clients: Annotated[int, Meta(ge=1, le=1000)] = 64


class HomeAssistant(_Record, frozen=True):
    """What is told to an MQTT broker. `name`: of this device, part of all topics. `prefix`: under
    which Home Assistant discovers. `kept`: messages that wait while the broker is away."""

    broker: Broker = Broker()
    name: Annotated[str, Meta(pattern="^[a-z0-9_-]+$")] = "edge"
    prefix: Annotated[str, Meta(pattern="^[^+#]+$")] = "homeassistant"
    kept: Annotated[int, Meta(ge=1, le=100_000)] = 1000


class Log(_Record, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"
    """auto: text for a terminal, JSON for all else."""


class Config(_Record, frozen=True):
    """What runs, and who is told. `config.yaml` says what each key means."""

    source: int | str = AUTO
    audio: int | str = AUTO
    graph: str = "smart_display"
    settings: dict[str, Any] = {}
    max_people: Annotated[int, Meta(ge=1, le=20)] | None = None
    mirrored: bool = False
    budget: Budget | None = None
    mute: Mute = Mute()
    view: View = View()
    picture: Picture = Picture()
    virtual_camera: str | None = None
    server: Server = Server()
    home_assistant: HomeAssistant | None = None
    rules: str | None = None
    log: Log = Log()


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A config that was read, and the rules that it names.

    `instead`: what the command line says, also when the file is read again.
    """

    path: Path
    config: Config
    rules: Table
    instead: dict[str, Any] = {}

    def changed(self, port: int | None = None, **instead: Any) -> "Loaded":
        """Return the same with what the command line says of a config's keys; None: nothing."""
        given = {key: value for key, value in instead.items() if value is not None}
        config = msgspec.structs.replace(self.config, **given)
        if port is not None:
            server = msgspec.structs.replace(config.server, port=port)
            config = msgspec.structs.replace(config, server=server)
            given["port"] = port
        return msgspec.structs.replace(self, config=config, instead=given)

    def again(self) -> "Loaded":
        """Read it again. Raises UserError that names the file and the line."""
        return read(self.path).changed(**self.instead)


def default_path() -> Path:
    """Return where the settings are: this device's, else those that edge comes with."""
    own = config_dir() / NAME
    return own if own.exists() else resource(NAME)


def read(path: Path) -> Loaded:
    """Read settings and rules. Raises UserError that names the file and the line."""
    document, lines = read_yaml(read_text(path, "config"), str(path))
    whole = Document(lines, str(path), "the config")
    config = whole.convert({} if document is None else document, Config)
    if (config.server.certificate is None) != (config.server.key is None):
        whole.fail("server: certificate and key need each other", "server")
    rules = Table(rules=[])
    if config.rules is not None:
        try:
            rules = read_rules(path.parent / config.rules)
        except UserError as error:
            whole.fail(f"rules: {error}", "rules")
    return Loaded(path=path, config=config, rules=rules)


def needs_restart(old: Config, new: Config) -> list[str]:
    """Return which changed keys of the server hold only from its next start."""
    return [
        f"server.{field}"
        for field in ("host", "port", "token_variable", "certificate", "key", "names", "clients")
        if getattr(old.server, field) != getattr(new.server, field)
    ]


def needs_new_graph(old: Config, new: Config) -> bool:
    """Whether the engine has to begin its graph again for what has changed."""
    fields = ("source", "audio", "graph", "settings", "max_people", "mirrored", "virtual_camera")
    return any(getattr(old, field) != getattr(new, field) for field in fields)
