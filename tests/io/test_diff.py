import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UserError
from edge.io.diff import compare
from edge.io.frames import Frame
from edge.io.recording import Recorder


def person(number, yaw=10.0):
    return {"id": number, "box": [1.0, 2.0, 3.0, 4.0], "face": {"yaw": yaw}}


def frame(number, *people, age_ms=20.0):
    t = number / 25
    return {"type": "frame", "frame": number, "t": t, "age_ms": age_ms, "people": list(people)}


def event(t, name, person=1):
    return {"type": "event", "t": t, "kind": "gesture", "person": person, "name": name}


SUMMARY = {"type": "summary", "frames": 3, "latency_ms": {"p50": 14.0}}
LINES = [
    frame(0, person(1)),
    frame(1, person(1), person(2)),
    event(0.04, "wave"),
    frame(2),
    SUMMARY,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("diff")


@pytest.fixture(scope="module")
def report(folder):
    def run(a, b, **options):
        for name, lines in (("a.jsonl", a), ("b.jsonl", b)):
            (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return compare(folder / "a.jsonl", folder / "b.jsonl", **options)

    return run


def test_a_result_is_the_same_as_itself_whenever_it_was_made(report):
    later = copy.deepcopy(LINES)
    later[0]["age_ms"] = 99.0
    later[-1]["latency_ms"] = {"p50": 15.0}
    found = report(LINES, later)
    assert found.same
    assert (found.lines, found.first, found.largest) == (5, None, {})


def test_the_place_where_two_results_part_is_named(report):
    other = copy.deepcopy(LINES)
    other[1]["people"][1]["face"]["yaw"] = 12.5
    other[1]["people"][0]["box"][2] = 3.5
    found = report(LINES, other)
    assert not found.same
    assert (found.first.line, found.first.t) == ("frame 1", 0.04)
    assert (found.first.key, found.first.a, found.first.b) == ("people[id 1].box[2]", 3.0, 3.5)
    assert found.differing == 1
    assert found.largest == {"people[].box[]": 0.5, "people[].face.yaw": 2.5}


def test_small_differences_count_within_the_tolerance_only(report):
    other = copy.deepcopy(LINES)
    other[1]["people"][1]["face"]["yaw"] = 10.25
    assert report(LINES, other, tolerance=0.25).same
    assert report(LINES, other, tolerance=0.25).largest == {"people[].face.yaw": 0.25}
    assert not report(LINES, other, tolerance=0.24).same


def test_one_more_person_shifts_nobody(report):
    other = copy.deepcopy(LINES)
    other[1]["people"].insert(0, person(7))
    found = report(LINES, other)
    assert (found.first.key, found.first.a) == ("people[id 7]", None)
    assert found.differing == 1


def test_lines_that_only_one_has_are_listed(report):
    found = report([LINES[0], *LINES[2:]], LINES[:2] + LINES[3:])
    assert found.only_a == ["event gesture 1 wave"]
    assert found.only_b == ["frame 1"]
    assert found.first.line in ("frame 1", "event gesture 1 wave")
    assert found.lines == 3


def test_a_result_that_was_cut_off_lacks_its_summary(report):
    assert report(LINES, LINES[:-1]).only_a == ["summary"]


def test_a_line_that_is_none_is_an_error_with_its_number(folder, report):
    (folder / "a.jsonl").write_text('{"type": "frame", "frame": 0}\n{"type": "fra')
    (folder / "b.jsonl").write_text('{"type": "frame", "frame": 0}\n')
    with pytest.raises(UserError, match=r"a\.jsonl, line 2: not a line of results"):
        compare(folder / "a.jsonl", folder / "b.jsonl")
    with pytest.raises(UserError, match="no such file"):
        compare(folder / "zzz.jsonl", folder / "b.jsonl")


numbers = st.floats(-1e3, 1e3) | st.integers(-1000, 1000)
values = st.recursive(
    numbers | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
frames = st.dictionaries(
    st.integers(0, 40), st.dictionaries(st.text(max_size=3), values, max_size=3), min_size=1
)


def as_lines(by_number):
    return [
        {"type": "frame", "frame": n, "t": n / 25, "people": [content]}
        for n, content in sorted(by_number.items())
    ]


@settings(max_examples=50)
@given(frames, frames)
def test_what_one_has_and_what_differs_is_the_same_seen_from_either_side(report, a, b):
    there, back = report(as_lines(a), as_lines(b)), report(as_lines(b), as_lines(a))
    assert there.only_a == back.only_b == [f"frame {n}" for n in sorted(set(a) - set(b))]
    assert there.only_b == back.only_a
    assert there.lines == back.lines == len(set(a) & set(b))
    assert there.differing == back.differing
    assert there.largest == back.largest
    differ = [n for n in a.keys() & b.keys() if a[n] != b[n]]
    assert there.differing == len(differ)
    first = min([*differ, *(a.keys() ^ b.keys())], default=None)
    assert (there.first and there.first.line) == (None if first is None else f"frame {first}")


def recording(folder, context, name, level=0):
    path = folder / name
    recorder = Recorder(Recorder.Settings(path=str(path), picture="png"))
    recorder.open(context)
    for number in range(3):
        shade = level if number == 1 else 0
        picture = np.full((8, 8, 3), shade, np.uint8)
        recorder.process(Frame(picture, number, number * 40_000), [], frame(number, person(1)))
    recorder.close()
    return path


def test_recordings_are_compared_picture_by_picture(tmp_path, context):
    a = recording(tmp_path, context, "a.mcap")
    assert compare(a, recording(tmp_path, context, "b.mcap")).same
    found: Any = compare(a, recording(tmp_path, context, "c.mcap", level=9))
    assert (found.first.line, found.first.key, found.first.t) == ("picture 1", "content", 0.04)
    assert (found.lines, found.differing) == (6, 1)


def test_a_recording_is_compared_with_results_by_its_results(tmp_path, context):
    results = tmp_path / "r.jsonl"
    lines = [frame(n, person(1, yaw=11.0 if n == 2 else 10.0)) for n in range(3)] + [SUMMARY]
    results.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found: Any = compare(recording(tmp_path, context, "a.mcap"), results)
    assert (found.first.line, found.first.key) == ("frame 2", "people[id 1].face.yaw")
    assert (found.lines, found.only_a, found.only_b) == (3, [], [])
