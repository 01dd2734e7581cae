"""What a sitting has come to, and how two of them compare."""

import re

import msgspec
import pytest

from benchmarks.compare import compare, lines
from benchmarks.figures import Figure, Goal
from benchmarks.findings import Cell, Findings
from benchmarks.machine import Machine, this_machine
from benchmarks.outcome import Outcome, read, write
from edge.errors import UserError

MACHINE = Machine("2026-11-27", "a processor", 2, 0.5, "Linux", "3.11", versions={"numpy": "2.0"})

ROW: dict[str, Cell] = {"a": 1.0}


def outcome(row: dict[str, Cell], goal_ms: float = 10.0, short: bool = False) -> Outcome:
    rows: list[dict[str, Cell]] = [{"": "people", **row}]
    goals = [Goal.at_most("age", goal_ms, 50.0, "ms")]
    return Outcome(MACHINE, short, {"versus": Findings("Beside the peer", rows, goals)})


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "found.json"
    made = outcome({"CPU, ms a frame": Figure(8.0, 7.5, 8.5), "dropped": "none", "results": 30})
    write(path, made.json())
    assert read(path) == made


def test_the_page_names_the_machine_tables_and_goals():
    page = outcome({"CPU, ms a frame": 8.0}, short=True).markdown()
    assert "a processor" in page
    assert "| people | 8 |" in page
    assert "- age: 10 ms, goal 50: reached" in page
    assert "Short runs" in page


@pytest.mark.parametrize("text", ["", "{}", '{"machine": 3}', "[1, 2"])
def test_what_isnt_an_outcome_is_said_to_be_none(tmp_path, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"odd\.json isn't what edge bench --json writes"):
        read(path)
    with pytest.raises(UserError, match="can't read"):
        read(tmp_path / "missing.json")
    with pytest.raises(UserError, match="can't write"):
        write(tmp_path / "no" / "folder.json", "")


@pytest.mark.parametrize(
    ("key", "old", "new", "worse"),
    [
        ("CPU, ms a frame", 8.0, 8.5, False),
        ("CPU, ms a frame", 8.0, 9.5, True),
        ("CPU, ms a frame", 8.0, 4.0, False),
        ("CPU, ms a frame", Figure(8.0, 7.0, 10.0), Figure(9.5, 9.0, 10.0), False),
        ("CPU, ms a frame", Figure(8.0, 7.9, 8.1), Figure(9.5, 9.4, 9.6), True),
        ("results a second", 30.0, 20.0, True),
        ("results a second", 20.0, 30.0, False),
        ("there", 100, 900, False),
    ],
)
def test_what_has_got_worse_beyond_the_noise(key, old, new, worse):
    (change,) = compare(outcome({key: old}), outcome({key: new})).changes
    assert change.where == f"versus: people: {key}"
    assert change.worse is worse
    assert lines([change])[1][-1] == ("WORSE" if worse else "")


def test_a_goal_that_was_reached_and_is_missed_now_is_named():
    found = compare(outcome(ROW, 40.0), outcome(ROW, 60.0))
    assert found.lost == ["versus: age: 60 ms, goal 50: MISSED"]
    assert not compare(outcome(ROW, 60.0), outcome(ROW, 40.0)).lost


def test_what_makes_two_sittings_hard_to_compare_is_said():
    other = msgspec.structs.replace(MACHINE, cpu="another", versions={"numpy": "2.1"})
    new = Outcome(other, True, outcome(ROW).found)
    warnings = compare(outcome(ROW), new).warnings
    assert len(warnings) == 3
    assert re.search("a processor.*another", warnings[0])
    assert warnings[2] == "numpy 2.0, then 2.1"


def test_this_machine_is_described():
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.cpu in machine.text()
    assert machine.versions["numpy"]
