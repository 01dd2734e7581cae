"""Where two results or two recordings part."""

import hashlib
import re
from collections import Counter
from collections.abc import Hashable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import UserError
from edge.io.containers import existing_file
from edge.io.playback import is_recording, messages

TIMING = frozenset(("age_ms", "latency_ms", "cpu_ms_per_frame", "energy_mj_per_frame"))
"""Measured anew in every run."""
Line = dict[str, Any]


class Difference(msgspec.Struct):
    """One value that differs; `a` or `b` is None where its side has no such key or line."""

    line: str
    """Which line: "frame 37", "event gesture", "summary"."""
    t: float | None
    """Seconds, where the line has a time."""
    key: str
    """Path within the line, such as "people[id 3].face.yaw"; empty for the whole line."""
    a: Any
    b: Any


class Report(msgspec.Struct):
    """How two results compare."""

    lines: int = 0
    """Lines that both have."""
    differing: int = 0
    """… of which so many differ by more than the tolerance."""
    first: Difference | None = None
    """The earliest difference."""
    only_a: list[str] = []
    """Lines that only the first has."""
    only_b: list[str] = []
    largest: dict[str, float] = {}
    """Key path → the largest numeric difference, also within the tolerance."""

    @property
    def same(self) -> bool:
        return not (self.differing or self.only_a or self.only_b)


def compare(
    a: str | Path, b: str | Path, tolerance: float = 0, ignore: frozenset[str] = TIMING
) -> Report:
    """Compare two results (.jsonl), two recordings, or the results of one with the other.

    Lines are matched by their frame, events by their kind, person and name in order. Numbers
    that differ by up to `tolerance` count as equal; the keys in `ignore` aren't compared.
    Raises UserError where one of them can't be read.
    """
    paths = existing_file(str(a)), existing_file(str(b))
    recordings = [is_recording(path) for path in paths]
    topics = ("/picture", "/sound", "/result") if all(recordings) else ("/result",)
    results_alone = any(recordings) and not all(recordings)
    report = Report()
    waiting: tuple[dict[Hashable, Line], dict[Hashable, Line]] = ({}, {})
    seen: tuple[Counter[Hashable], Counter[Hashable]] = (Counter(), Counter())
    for pair in zip_longest(*(_lines(path, topics) for path in paths)):
        for side, line in enumerate(pair):
            if line is None or (results_alone and line.get("type") != "frame"):
                continue
            name = _name(line)
            seen[side][name] += 1
            key = name, seen[side][name]
            if key in waiting[1 - side]:
                other = waiting[1 - side].pop(key)
                first, second = (other, line) if side else (line, other)
                _match(report, first, second, tolerance, ignore)
            else:
                waiting[side][key] = line
    _add_missing(report, list(waiting[0].values()), list(waiting[1].values()))
    return report


def _lines(path: Path, topics: tuple[str, ...]) -> Iterator[Line]:
    """`topics`: what to read of a recording."""
    if is_recording(path):
        yield from _recorded(path, topics)
        return
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            try:
                yield msgspec.json.decode(text, type=Line)
            except msgspec.DecodeError as error:  # noqa: PERF203
                raise UserError(
                    f"{path}, line {number}: not a line of results ({error}): compare results "
                    "(.jsonl) or recordings (.mcap)"
                ) from None


def _recorded(path: Path, topics: tuple[str, ...]) -> Iterator[Line]:
    for channel, message in messages(path, *topics):
        line = {"type": channel.topic[1:], "frame": message.sequence, "t": message.log_time / 1e9}
        if channel.topic == "/result":
            result = msgspec.json.decode(message.data)
            yield result if isinstance(result, dict) and "type" in result else {**line, "": result}
        else:
            content = hashlib.sha256(message.data).hexdigest()
            yield {**line, "encoding": channel.message_encoding, "content": content}


def _name(line: Line) -> str:
    """What a line is about."""
    kind = line.get("type", "line")
    about = ("kind", "person", "name") if kind == "event" else ("frame",)
    return " ".join([str(kind), *(str(line[key]) for key in about if key in line)])


def _match(report: Report, a: Line, b: Line, tolerance: float, ignore: frozenset[str]) -> None:
    report.lines += 1
    differs = False
    for key, ours, theirs in _differences(a, b, "", ignore) if a != b else ():
        if _is_number(ours) and _is_number(theirs):
            amount = abs(ours - theirs)
            kind = re.sub(r"\[[^]]*\]", "[]", key)
            report.largest[kind] = max(amount, report.largest.get(kind, 0))
            if amount <= tolerance:
                continue
        differs = True
        _note(report, Difference(_name(a), a.get("t"), key, ours, theirs))
    report.differing += differs


def _differences(
    a: Any, b: Any, path: str, ignore: frozenset[str]
) -> Iterator[tuple[str, Any, Any]]:
    """Key path and both values of each leaf that isn't equal."""
    if isinstance(a, list) and isinstance(b, list):
        a, b = _by_place(a), _by_place(b)
        separator = "{}[{}]"
    else:
        separator = "{}.{}" if path else "{}{}"
    if not (isinstance(a, dict) and isinstance(b, dict)):
        if a != b:
            yield path, a, b
        return
    for key in dict.fromkeys([*a, *b]):
        if key not in ignore:
            yield from _differences(a.get(key), b.get(key), separator.format(path, key), ignore)


def _by_place(items: list[Any]) -> dict[Any, Any]:
    """Items by their id where all have one, so that one more person shifts nobody."""
    by_id = {
        f"id {item['id']}": item
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), int)
    }
    return by_id if len(by_id) == len(items) else dict(enumerate(items))


def _add_missing(report: Report, only_a: list[Line], only_b: list[Line]) -> None:
    report.only_a = [_name(line) for line in only_a]
    report.only_b = [_name(line) for line in only_b]
    for line in only_a:
        _note(report, Difference(_name(line), line.get("t"), "", line, None))
    for line in only_b:
        _note(report, Difference(_name(line), line.get("t"), "", None, line))


def _note(report: Report, found: Difference) -> None:
    """Keep the earliest; what has no time is last."""
    if report.first is None or _time(found) < _time(report.first):
        report.first = found


def _time(difference: Difference) -> float:
    return float("inf") if difference.t is None else difference.t


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
