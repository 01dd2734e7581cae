import json

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.results import (
    SCHEMA,
    Event,
    Face,
    FrameResult,
    Hand,
    Line,
    Percentiles,
    Person,
    Summary,
    rounded,
    schema,
    schema_text,
)

BOX = [1.0, 2.0, 3.0, 4.0]


def frame(**changes) -> FrameResult:
    face = Face(box=BOX, score=0.98, landmarks=[[1.0, 2.0, -3.5]], yaw=4.0)
    person = Person(id=3, box=BOX, score=0.97, fresh=True, face=face)
    return msgspec.structs.replace(
        FrameResult(frame=37, t=1.48, size=[1280, 720], people=[person]), **changes
    )


LINES = [
    frame(),
    frame(people=[], age_ms=21.4),
    frame(people=[Person(id=1, box=BOX, score=1, fresh=False,
                         hands=[Hand(box=BOX, score=0.5, side="left", gesture="thumb_up")])]),
    Event(t=1.5, kind="gesture", person=3, name="swipe_left", score=0.93),
    Event(t=0, kind="device"),
    Summary(frames=375, dropped=0, dropped_by={}),
    Summary(frames=5, dropped=2, dropped_by={"busy": 2}, latency_ms=Percentiles(14, 22, 30.1)),
]  # fmt: skip


def test_the_schema_in_docs_is_up_to_date():
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "python -m edge.people.results"


@pytest.mark.parametrize("line", LINES, ids=lambda line: type(line).__name__)
def test_lines_follow_the_schema_and_come_back_as_they_were(line):
    written = msgspec.json.encode(line)
    jsonschema.validate(json.loads(written), schema())
    assert msgspec.json.decode(written, type=Line) == line


def test_a_frame_is_spelled_as_agreed():
    assert json.loads(msgspec.json.encode(frame(age_ms=21.4))) == {
        "type": "frame", "frame": 37, "t": 1.48, "size": [1280, 720], "age_ms": 21.4,
        "people": [{
            "id": 3, "box": BOX, "score": 0.97, "fresh": True,
            "face": {"box": BOX, "score": 0.98, "landmarks": [[1, 2, -3.5]], "yaw": 4},
        }],
    }  # fmt: skip


def test_what_is_not_known_is_absent():
    assert b"null" not in b"".join(msgspec.json.encode(line) for line in LINES)
    assert b"age_ms" not in msgspec.json.encode(frame())


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "frame", "frame": -1, "t": 0, "size": [1, 1], "people": []},
        {"type": "frame", "frame": 0, "t": 0, "size": [1, 1], "people": None},
        {"type": "frame", "frame": 0, "t": 0, "size": [1], "people": []},
        {"type": "event", "t": 0, "kind": "Gesture"},
        {"type": "event", "t": 0, "kind": "gesture", "score": 1.5},
        {"type": "summary", "frames": 1},
        {"type": "other"},
    ],
)
def test_the_schema_refuses_what_is_wrong(wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())


def test_keys_may_be_added():
    line = {"type": "event", "t": 0, "kind": "device", "device": "/dev/video0", "state": "lost"}
    jsonschema.validate(line, schema())


@given(st.lists(st.floats(-1e4, 1e4, width=32), max_size=20))
def test_numbers_are_rounded_and_short(values):
    short = rounded(np.array(values, np.float32).reshape(-1, 1), 1)
    assert [len(f"{value!r}".partition(".")[2]) for (value,) in short] == [1] * len(values)
    assert all(abs(a - b) <= 0.0501 for (a,), b in zip(short, values, strict=True))
