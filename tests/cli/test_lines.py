"""In which order lines are written, and how a run is summed up."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from edge.cli.lines import Lines, percentile, summary
from edge.graph import Event, Result, Statistics
from edge.people.results import FrameResult, Value

START, STEP = 700, 40_000
"""µs: the first frame's time, and from one to the next."""


def result(number: int, age_us: int | None = 1500) -> Result:
    t = START + number * STEP
    value = FrameResult(frame=number, t=number * STEP / 1e6, size=[4, 3], people=[])
    return Result("people", t, value, age_us)


def event(number: int) -> Event:
    return Event(START + number * STEP, "person_entered", "people", {"person": number + 1})


def time(line: Any) -> float:
    return line["t"] if isinstance(line, dict) else line.t


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(-1, 6), max_size=8), st.randoms())
def test_every_line_comes_once_in_the_order_of_time(
    frames: list[int], events: list[int], random: Any
) -> None:
    """Wherever a run puts its events, as long as they don't come after their frames."""
    items: list[Result | Event] = [result(number) for number in sorted(set(frames))]
    for number in events:
        until = [i for i, item in enumerate(items) if item.t >= event(number).t]
        items.insert(random.randint(0, until[0] if until else len(items)), event(number))
    lines = Lines()
    written = [line for item in items for line in lines.of(item)] + list(lines.rest())
    assert len(written) == len(items)
    assert sorted(written, key=time) == written
    people = [line["person"] for line in written if isinstance(line, dict)]
    assert sorted(people) == sorted(number + 1 for number in events)


def test_a_result_waits_for_nothing_and_carries_its_age() -> None:
    lines = Lines()
    (line,) = lines.of(result(0))
    assert line.age_ms == 1.5
    (line,) = lines.of(result(1, age_us=None))
    assert line.age_ms is UNSET


def test_an_event_is_timed_from_the_first_frame_also_if_that_one_was_dropped() -> None:
    lines = Lines()
    assert list(lines.of(event(2))) == []
    line, frame = lines.of(result(2))
    assert line == {"type": "event", "t": 0.08, "kind": "person_entered", "person": 3}
    assert frame.t == line["t"]


def test_a_lost_device_is_told_at_once() -> None:
    lines = Lines()
    list(lines.of(result(0)))
    assert list(lines.of(event(4))) == []
    (line,) = lines.of(Event(START + 5 * STEP, "device", "camera", {"state": "lost"}))
    assert line == {"type": "event", "t": 0.2, "kind": "device", "state": "lost"}


def test_other_values_are_written_with_their_output() -> None:
    (line,) = Lines().of(Result("level", START, 0.5, None))
    assert line == Value(t=0.0, name="level", value=0.5)


@given(st.lists(st.integers(0, 10**7), min_size=1).map(sorted), st.sampled_from([50, 95, 99]))
def test_percentiles_are_those_of_numpy(ages_us: list[int], percent: int) -> None:
    expected = np.percentile(ages_us, percent, method="inverted_cdf") / 1000
    assert percentile(ages_us, percent) == expected


def statistics(**given: Any) -> Statistics:
    account: dict[str, Any] = {
        "frames": 10, "results": 8, "dropped": {"busy": 2}, "ages_us": [1000, 3000],
        "cpu_s": 0.05, "nodes": {}, "queues": {}, "events_dropped": 0, "counts": {},
        "models": {},
    }  # fmt: skip
    return Statistics(**{**account, **given})


def test_the_summary_counts_drops_and_processor_time() -> None:
    account = summary(statistics())
    assert (account.frames, account.dropped, account.dropped_by) == (10, 2, {"busy": 2})
    assert account.cpu_ms_per_frame == pytest.approx(5)
    assert account.latency_ms is not UNSET
    assert (account.latency_ms.p50, account.latency_ms.p99) == (1, 3)


def test_what_is_not_known_is_absent() -> None:
    assert summary(statistics(ages_us=[])).latency_ms is UNSET
    assert summary(statistics(cpu_s=0.0)).cpu_ms_per_frame is UNSET
    assert summary(statistics(frames=0)).cpu_ms_per_frame is UNSET
    assert summary(statistics()).counts is UNSET


def test_the_summary_tells_of_answers_that_could_not_be_used() -> None:
    counts = {"meshes.invalid": 3, "hands.invalid": 0, "faces.detect:first": 1}
    assert summary(statistics(counts=counts)).counts == {"meshes.invalid": 3}
    assert summary(statistics(counts={"faces.detect:beat": 1})).counts is UNSET
