"""Runs in real time: all frames accounted for, and figures from what came of them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import trials
from benchmarks.clip import decode
from benchmarks.contests import FOUR
from benchmarks.figures import Goal
from benchmarks.findings import Findings, table
from benchmarks.live import cpu_ms, error_rows, frames_of, reasons, timing, watts
from benchmarks.process import Dead
from benchmarks.realtime import Emission, Neighbour, Played, Task, picked_up, put_down, stay_on
from benchmarks.squeeze import changes, late_until, lost
from benchmarks.streaming import accuracy
from benchmarks.trials import Length, Ours, Theirs, peer_is_here, people

CHECKOUT = Path(__file__).parents[2]
FPS = 30.0


def played(ages_ms: dict[int, float], **more: object) -> Played:
    emissions = [Emission(f, f / FPS + age / 1000, {}) for f, age in ages_ms.items()]
    empty = Played(0.0, 0.0, 0.0, 1.0, 30, {}, emissions, [])
    return empty._replace(**more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return decode(None, None, tmp_path_factory.mktemp("clip"), 10)


def test_our_side_accounts_for_every_frame(clip, tmp_path):
    task = Task(str(clip.bgr), total=45, warm_up=15, fps=FPS)
    found = people("latency_ms=50").play(task, tmp_path)
    assert frames_of(found) == 45
    assert lost(found, Length(30, 1, warm_up=15)) == 0
    assert 0 < found.cpu_s < found.all_s
    assert 0 <= found.capture_s < found.cpu_s
    assert found.measured_s == pytest.approx(found.frames / FPS)
    assert all(emission.at_s >= emission.frame / FPS for emission in found.emissions)
    assert max(len(emission.things["face"]) for emission in found.emissions) == 1


def test_the_truth_has_every_frame_and_is_off_from_itself_by_nothing(clip, tmp_path):
    truth = trials.full_rate(clip, 12, tmp_path)
    assert list(truth) == list(range(12))
    faces = [things["face"] for things in truth.values()]
    assert [len(face) for face in faces] == [1] * 12
    assert np.array(faces[-1]).shape == (1, 468, 2)
    same = [Emission(frame, frame / FPS, things) for frame, things in truth.items()]
    assert accuracy(truth, [same], FPS, 0)["emission"]["face"].mean == 0


@pytest.mark.skipif(not peer_is_here(), reason="no MediaPipe here: make bench installs it")
def test_their_side_accounts_for_every_frame(clip, tmp_path):
    task = Task(str(clip.rgb), total=30, warm_up=10, fps=FPS)
    found = Theirs(FOUR).play(task, tmp_path)
    assert frames_of(found) == 30
    assert set(found.dropped) <= {"busy"}
    assert np.array(found.emissions[-1].things["face"]).shape == (1, 468, 2)
    slow = cpu_ms([found], per_result=True)
    assert slow >= cpu_ms([found], per_result=False) > 0


def test_who_gives_no_answer_is_named_with_its_last_words(tmp_path):
    with pytest.raises(Dead, match="there is no graph 'nobody'"):
        Ours("x", {"graph": "nobody", "variant": None}).play(Task("x.npy", 2), tmp_path)


def test_what_was_played_is_read_as_it_was_written(tmp_path):
    found = played({0: 5.0, 2: 7.5}, dropped={"busy": 1}, events=[(0.5, "hands off")])
    put_down(found, str(tmp_path / "played"))
    again = picked_up(str(tmp_path / "played"))
    assert again.emissions == found.emissions
    assert again.dropped == {"busy": 1}
    assert [tuple(event) for event in again.events] == found.events


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no cores to choose here")
def test_a_neighbour_is_there_as_long_as_it_should():
    neighbour = Neighbour(Task("x.npy", 1, core=0, neighbour=(0.0, 0.4)))
    neighbour.begin()
    try:
        deadline = time.monotonic() + 5
        while neighbour._process is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process = neighbour._process
        assert process is not None
        assert os.sched_getaffinity(process.pid) == {0}
        process.wait(timeout=5)
    finally:
        neighbour.stop()


def test_without_a_neighbour_nothing_is_started():
    neighbour = Neighbour(Task("x.npy", 1))
    neighbour.begin()
    neighbour.stop()
    assert neighbour._process is None


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no cores to choose here")
def test_all_threads_stay_on_the_core():
    code = ("import threading, os, time; from benchmarks.realtime import stay_on\n"
            "thread = threading.Thread(target=time.sleep, args=(1,)); thread.start()\n"
            "stay_on(0)\n"
            "print({frozenset(os.sched_getaffinity(int(t))) for t in os.listdir('/proc/self/task')}"
            " == {frozenset({0})})")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "True"
    before = os.sched_getaffinity(0)
    stay_on(None)
    assert os.sched_getaffinity(0) == before


def test_cpu_time_is_per_frame_of_the_camera_or_per_frame_worked_on():
    found = played({0: 1.0, 2: 1.0}, cpu_s=0.12, frames=4, dropped={"busy": 2})
    assert cpu_ms([found], per_result=False) == pytest.approx(30)
    assert cpu_ms([found, found], per_result=True) == pytest.approx(60)


def test_ages_and_watts_are_of_all_rounds_and_not_of_the_warm_up():
    found = played({0: 900.0, 1: 10.0, 2: 30.0}, all_s=0.5, measured_s=2.0)
    cells = timing([found, found], Length(frames=4, rounds=2, warm_up=1))
    assert cells["age p50, ms"] == pytest.approx(20)
    assert cells["results a second"] == pytest.approx(15)
    assert watts([found, found]) == pytest.approx(7 * 0.25)


def test_drops_are_told_by_reason():
    some = played({}, dropped={"busy": 2, "rest": 1})
    assert reasons([some, some]) == "4 busy, 2 rest"
    assert reasons([played({})]) == "none"
    assert lost(some, Length(frames=2, rounds=1, warm_up=2)) == 1


def test_one_late_result_is_no_budget_missed_and_two_are():
    ages = dict.fromkeys(range(300), 10.0)
    assert late_until(played(ages | {40: 90.0}), 1.0) == 1.0
    two = late_until(played(ages | {40: 90.0, 44: 70.0}), 1.0)
    assert two == pytest.approx(49 / FPS + 0.01)  # as long as both are among the last ten
    assert late_until(played(ages | {250: 90.0, 251: 90.0}), 1.0) == 1.0  # for another reason


def test_changes_are_counted_from_the_step_on():
    found = played({}, events=[(0.9, "before"), (1.0, "at once"), (5.9, "at last"), (6.1, "after")])
    assert changes(found, 1.0) == [(1.0, "at once"), (5.9, "at last")]


def test_findings_are_tables_in_markdown_and_json():
    errors = accuracy(
        {0: {"face": [[[0.0, 0.0], [10.0, 10.0]]]}}, [[Emission(0, 0.0, {})]], FPS, warm_up=0
    )
    goals = [Goal.at_most("a", 3.0, 2.0), Goal.no_less("b", 3.0, 2.0, "W")]
    found = Findings("T", [{"": "us", "ms": 1.23456}, {"": "them", "n": 3}], goals, ["note"],
                     more={"How right": error_rows("us", errors)})  # fmt: skip
    text = found.markdown()
    assert "|  | ms | n |\n| --- | --- | --- |\n| us | 1.23 |  |\n| them |  | 3 |" in text
    assert "- a: 3 ×, goal 2: MISSED\n- b: 3 W, goal at least 2: reached" in text
    assert "### How right" in text
    assert table(found.more["How right"])[1][:4] == ("us", "capture", "face", "1")
    assert found.more["How right"][0]["missed, %"] == 100
    json.dumps(found.more)
