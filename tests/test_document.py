"""YAML as people, and worse, write it: read, or refused in one line that names the place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.document import Lines, read_yaml
from edge.errors import UserError

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MARKS = st.sampled_from(
    ["a", "b: ", "1", "- ", ": ", "? ", "[", "]", "{", "}", ",", "\n", "  ", "&x ", "*x", "!!int ",
     "!!bool ", "!!timestamp ", "!!float ", "!!binary ", "!!set ", "2026-13-01", "0x", "1:99", "''",
     "|", ">", "%", "---\n", "#", "<<: ", "~", ".inf", "\t", "\0", "é"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n? {b: c}\n: d", "f:2: a key is to be a word"),
        ("a: 1\n[b]: c", "f:2: a key is to be a word"),
        ("a: 1\nb: 2026-99-99", "f:2: '2026-99-99' isn't what it looks like: put it in quotes"),
        ("a: !!bool perhaps", "f:1: 'perhaps' isn't what it looks like"),
        ("a: 1\nb: &x [*x]", "f:2: nested too deep"),
        ("a: " + "[" * 5000, "f:1: nested too deep"),
        (LAUGHS, r"f:\d: nested too deep, or too much"),
    ],
)
def test_what_has_no_end_or_no_meaning_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_yaml(text, "f")


@given(st.one_of(st.text(), st.lists(MARKS).map("".join)))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    refusal = None
    lines: Lines = {}
    try:
        _, lines = read_yaml(text, "f")
    except UserError as error:
        refusal = str(error)
    assert refusal is None or re.match(r"f:\d+: [^\n]+$", refusal)
    last = len(re.findall("[\n\r\x85\u2028\u2029]", text)) + 1  # what YAML calls a line
    assert all(1 <= line <= last for line in lines.values())


def test_repeats_are_read_as_what_they_repeat() -> None:
    document, lines = read_yaml("a: &x {b: 1}\nc: *x\n", "f")
    assert document == {"a": {"b": 1}, "c": {"b": 1}}
    assert lines[("c",)] == 2
