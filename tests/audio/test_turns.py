"""Turns begin, end and change hands, told with the times at which they did."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.audio.turns import ENDED, STARTED, Said, Turns, TurnSettings
from edge.audio.voice_activity import Activity

CHUNK = 32_000
SECOND = 1_000_000


def turns(
    spans: Sequence[tuple[float, float, str | None]], length_s: float, otherwise: str | None = None
) -> list[Said[str]]:
    """Return what is told of speech in `spans` of begin, end and who, s."""
    made: Turns[str] = Turns(TurnSettings())
    told: list[Said[str]] = []
    for t in range(0, round(length_s * SECOND), CHUNK):
        end, since, who = t + CHUNK, None, None
        for begin_s, end_s, name in spans:
            if begin_s * SECOND <= end <= end_s * SECOND:
                since, who = round(begin_s * SECOND), name
        activity = Activity(t, end, -30.0, 1.0 if since is not None else 0.0, since)
        told += made.hear(activity, who, end, otherwise)
    return told + list(made.finish())


def close(said: Said[str], kind: str, t_s: float, who: str | None) -> bool:
    return said.kind == kind and said.who == who and abs(said.t - t_s * SECOND) <= CHUNK


def test_a_turn_is_told_with_its_beginning_and_its_end() -> None:
    start, end = turns([(1.0, 3.0, "anna")], 5)
    assert close(start, STARTED, 1.0, "anna")
    assert close(end, ENDED, 3.0, "anna")


def test_a_breath_ends_no_turn() -> None:
    assert len(turns([(1.0, 2.0, "anna"), (2.4, 3.0, "anna")], 5)) == 2


def test_a_pause_does() -> None:
    said = turns([(1.0, 2.0, "anna"), (2.8, 3.5, "anna")], 5)
    assert [one.kind for one in said] == [STARTED, ENDED] * 2


def test_in_mid_speech_it_goes_to_who_is_heard_for_long_enough() -> None:
    said = turns([(1.0, 2.0, "anna"), (2.01, 3.5, "berta")], 5)
    assert [(one.kind, one.who) for one in said] == [
        (STARTED, "anna"), (ENDED, "anna"), (STARTED, "berta"), (ENDED, "berta"),
    ]  # fmt: skip
    assert said[1].t == said[2].t == pytest.approx(2.0 * SECOND, abs=2 * CHUNK)


def test_a_mistake_of_a_moment_changes_nothing() -> None:
    spans = [(1.0, 2.0, "anna"), (2.01, 2.3, "berta"), (2.31, 4.0, "anna")]
    assert {one.who for one in turns(spans, 5)} == {"anna"}


def test_speech_of_nobody_known_is_told_after_a_while() -> None:
    start, end = turns([(1.0, 3.0, None)], 5)
    assert start.who is None
    assert end.who is None


def test_it_is_somebody_else_where_nobody_known_is_it() -> None:
    start, end = turns([(1.0, 3.0, None)], 5, otherwise="offscreen")
    assert start.who == end.who == "offscreen"


def test_speech_that_ends_before_it_is_known_whose_is_told_too() -> None:
    start, end = turns([(1.0, 1.5, None)], 5)
    assert close(start, STARTED, 1.0, None)
    assert close(end, ENDED, 1.5, None)


@given(
    st.lists(
        st.tuples(st.floats(0.05, 2), st.floats(0.05, 2), st.sampled_from(["a", "b", None])),
        max_size=8,
    )
)
def test_every_turn_that_begins_ends_and_none_overlap(
    parts: list[tuple[float, float, str | None]],
) -> None:
    spans, at = [], 0.0
    for pause, length, who in parts:
        spans.append((at + pause, at + pause + length, who))
        at += pause + length
    said = turns(spans, at + 1)
    assert [one.kind for one in said] == [STARTED, ENDED] * (len(said) // 2)
    times = [one.t for one in said]
    assert times == sorted(times)
    for start, end in zip(said[::2], said[1::2], strict=True):
        assert start.who == end.who
