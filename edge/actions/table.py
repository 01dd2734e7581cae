"""The types of a rule table; `docs/meaning.md` describes it for its writers."""

from pathlib import Path
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from edge.document import Document, read_text, read_yaml

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Words = str | list[str]
Address = Annotated[str, Meta(pattern="^https?://")]


class _Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts of the table have in common: nothing unknown, nothing changed."""


class Message(_Record, frozen=True):
    """An MQTT message. `payload`: text in which {name}, {person} and the like are filled in; by
    default the event itself, as JSON."""

    topic: Annotated[str, Meta(min_length=1, pattern="^[^+#]*$")]
    payload: str | None = None
    retain: bool = False


class Action(_Record, frozen=True):
    """One thing that happens: exactly one of the three.

    `mqtt`: a message. `webhook`: an address that the event is posted to, as JSON. `command`: a
    program and its arguments, run without a shell, with the event as JSON on its standard input.
    """

    mqtt: Message | UnsetType = UNSET
    webhook: Address | UnsetType = UNSET
    command: Annotated[list[str], Meta(min_length=1)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if sum(part is not UNSET for part in (self.mqtt, self.webhook, self.command)) != 1:
            raise ValueError("an action is one of mqtt, webhook and command")


class Condition(_Record, frozen=True):
    """What has to be so for the person of the event as it happens; all that is given.

    `voice`: whose voice theirs is, as `edge voices` calls it. `looking`: whether they attend to the
    device. `looking_at`: x, y, width and height, mm, of a part of the screen that they look at.
    `speaking`: whether they are heard. `nearer_than_m`: than so far. `alone`: whether nobody else
    is in view.
    """

    voice: Words | UnsetType = UNSET
    looking: bool | UnsetType = UNSET
    looking_at: Annotated[list[float], Meta(min_length=4, max_length=4)] | UnsetType = UNSET
    speaking: bool | UnsetType = UNSET
    nearer_than_m: Positive | UnsetType = UNSET
    alone: bool | UnsetType = UNSET


class Rule(_Record, frozen=True):
    """`on`: a kind of event, or several. `name`: of the gesture, or one of several; others are
    passed over. `at_least`: the event's score. `cool_down_s`: after the rule was followed it rests
    for so long, whatever happens."""

    on: Words
    do: Annotated[list[Action], Meta(min_length=1)]
    name: Words | UnsetType = UNSET
    at_least: Share = 0.0
    when: Condition = Condition()
    cool_down_s: Annotated[float, Meta(ge=0)] = 1.0


class Broker(_Record, frozen=True):
    """Where MQTT messages go. `password_variable`: the environment variable that has it."""

    host: str = "localhost"
    port: Annotated[int, Meta(gt=0, lt=65536)] = 1883
    tls: bool = False
    user: str | None = None
    password_variable: str | None = None


class Table(_Record, frozen=True):
    rules: list[Rule]
    broker: Broker = Broker()

    @property
    def sends_messages(self) -> bool:
        return any(action.mqtt is not UNSET for rule in self.rules for action in rule.do)


def read(path: Path) -> Table:
    """Raises UserError for a file that can't be read or isn't a table, with where in it."""
    document, lines = read_yaml(read_text(path, "rule table"), str(path))
    return Document(lines, str(path), "the table").convert(document, Table)
