"""Rules: which events they are for, under which conditions, and how often."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.actions import Rules
from edge.actions.table import read
from edge.errors import UserError
from edge.people.results import Face, FrameResult, Person

STOP = {"type": "event", "t": 1.0, "kind": "gesture", "person": 1, "name": "stop", "score": 0.8}


def person(id_: int = 1, **more: Any) -> Person:
    return Person(id=id_, box=[0.0] * 4, score=1.0, fresh=True, **more)


def frame(*people: Person) -> FrameResult:
    return FrameResult(frame=0, t=0.0, size=[640, 480], people=list(people))


def followed(path: Path, text: str, *lines: Any, times: list[float] | None = None) -> list[str]:
    """Return the commands that a table calls for, one rule's program after the other."""
    (path / "rules.yaml").write_text(text)
    done: list[str] = []
    clock = iter(times or [0.0] * 99)
    rules = Rules(
        read(path / "rules.yaml"), lambda action, _: done.append(str(action.command)[2:-2]),
        lambda: next(clock),
    )  # fmt: skip
    for line in lines:
        rules.see(line)
    return done


def test_an_event_calls_for_the_rules_that_name_it(tmp_path: Path) -> None:
    text = """
rules:
  - {on: gesture, name: stop, do: [{command: [mute]}]}
  - {on: gesture, name: [wave, tap], do: [{command: [greet]}]}
  - {on: [addressed, gesture], do: [{command: [any]}]}
  - {on: gesture, at_least: 0.9, do: [{command: [sure]}]}
"""
    assert followed(tmp_path, text, STOP) == ["mute", "any"]
    assert followed(tmp_path, text, {**STOP, "name": "tap", "score": 0.95}) == [
        "greet", "any", "sure",
    ]  # fmt: skip


def test_a_rule_rests_after_it_was_followed(tmp_path: Path) -> None:
    text = "rules: [{on: gesture, cool_down_s: 2, do: [{command: [mute]}]}]"
    times = [0.0, 1.9, 2.1, 3.0]
    assert followed(tmp_path, text, STOP, STOP, STOP, STOP, times=times) == ["mute"] * 2


@pytest.mark.parametrize(
    ("when", "who", "holds"),
    [
        ("looking: true", {"attention": 0.8}, True),
        ("looking: true", {"attention": 0.2}, False),
        ("looking: true", {}, False),
        ("looking: false", {"attention": 0.2}, True),
        ("speaking: true", {"speaking": 0.9}, True),
        ("speaking: false", {}, True),
        ("voice: anna", {"voice": "anna"}, True),
        ("voice: [anna, ben]", {"voice": "voice-2"}, False),
        ("voice: anna", {}, False),
        ("alone: true", {}, True),
        ("alone: false", {}, False),
        ("nearer_than_m: 2", {"face": Face(box=[0.0] * 4, score=1.0, distance_m=1.5)}, True),
        ("nearer_than_m: 2", {"face": Face(box=[0.0] * 4, score=1.0, distance_m=2.5)}, False),
        ("nearer_than_m: 2", {}, False),
        (
            "looking_at: [0, 0, 100, 100]",
            {"face": Face(box=[0.0] * 4, score=1.0, gaze_point=[50.0, 60.0])},
            True,
        ),
        (
            "looking_at: [0, 0, 100, 100]",
            {"face": Face(box=[0.0] * 4, score=1.0, gaze_point=[150.0, 60.0])},
            False,
        ),
    ],
)
def test_conditions_are_of_the_events_person(
    tmp_path: Path, when: str, who: dict[str, Any], holds: bool
) -> None:
    text = f"rules: [{{on: gesture, when: {{{when}}}, do: [{{command: [done]}}]}}]"
    assert followed(tmp_path, text, frame(person(**who)), STOP) == ["done"] * holds


def test_what_is_asked_of_somebody_who_isnt_there_doesnt_hold(tmp_path: Path) -> None:
    text = "rules: [{on: gesture, when: {looking: false}, do: [{command: [done]}]}]"
    assert followed(tmp_path, text, frame(person(2)), STOP) == []


def test_who_was_seen_before_the_camera_was_muted_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: [{on: gesture, when: {looking: true}, do: [{command: [done]}]}]")
    done: list[Any] = []
    rules = Rules(read(path), lambda action, _: done.append(action))
    rules.see(frame(person(attention=0.9)))
    rules.see(STOP)
    assert len(done) == 1
    rules.forget()
    rules.see(STOP)
    assert len(done) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules:\n- on: gesture", "yaml:2: rules.0: object missing required field 'do'"),
        ("rules: [{on: gesture, do: [{}]}]", "one of mqtt, webhook and command"),
        ("rules: [{on: gesture, do: [{command: []}]}]", "length >= 1"),
        ("rules: [{on: gesture, do: [{webhook: 'ftp://x'}]}]", "https?"),
        ("rules: [{on: gesture, do: [{mqtt: {topic: 'a/#'}}]}]", "topic"),
        (
            "rules:\n- on: x\n  wen: {}",
            "yaml:3: rules.0.wen: unknown option 'wen'; did you mean 'when'?",
        ),
        ("rules: [", "yaml:1: not valid YAML"),
        ("- 1", "yaml:1: the table: expected 'object'"),
    ],
)
def test_a_table_that_cant_be_followed_is_refused_with_the_place(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(UserError, match=r"rules\.yaml") as refused:
        read(tmp_path / "rules.yaml")
    assert says in str(refused.value)


def test_a_table_that_isnt_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"can't read the rule table .*none\.yaml"):
        read(tmp_path / "none.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_a_clear_refusal(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with contextlib.suppress(UserError):
        read(path)
