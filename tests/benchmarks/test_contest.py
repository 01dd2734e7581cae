"""Our graphs and their peer play the same frames. Who is faster isn't tested."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks import contest
from benchmarks.contest import PEER_PYTHON, Row, measure
from benchmarks.contests import CONTESTS, FACES, FOUR, HANDS, PEOPLE
from benchmarks.figures import Figure
from benchmarks.ours import fresh
from benchmarks.process import Dead, Process
from benchmarks.worker import Round, there_and_back
from edge.errors import UserError
from edge.people.results import Face, FrameResult, Hand, Person
from edge.vision.silhouette import Silhouette

BOX = [0.0, 0.0, 9.0, 9.0]


def test_an_unknown_variant_is_the_users_error():
    with pytest.raises(UserError, match="no model has a variant 'flaot'; did you mean 'float'"):
        measure(FACES, None, None, frames=6, rounds=2, variant="flaot")


def test_the_clip_is_played_without_a_jump():
    order = there_and_back(4)
    assert [next(order) for _ in range(9)] == [0, 1, 2, 3, 2, 1, 0, 1, 2]


@pytest.fixture
def few(monkeypatch):
    """The first peer, and our first contestant."""
    monkeypatch.setattr(contest, "WARM_UP", 5)

    def chosen(whole):
        peers = [c for c in whole.contestants if c.is_peer]
        ours = [c for c in whole.contestants if not c.is_peer]
        return whole._replace(contestants=[*peers[:1], *ours[:1]])

    return chosen


def test_without_the_peer_the_graph_is_measured_alone(few, monkeypatch):
    monkeypatch.setattr(contest, "PEER_PYTHON", Path("nowhere"))
    found = measure(few(FACES), None, None, frames=6, rounds=2)
    (row,) = found.rows
    assert row.seen["faces"] == 1
    assert row.ratio is None
    assert found.goals == []
    parts = {name: part.median for name, part in row.parts_ms.items()}
    assert {"faces", "meshes", "meshes: model", "people", "graph"} <= set(parts)
    assert min(parts.values()) > 0
    assert parts["meshes: model"] < row.cpu_ms.high
    assert set(row.looks) >= {"faces"}
    json.loads(msgspec.json.encode(found))


@pytest.mark.skipif(not PEER_PYTHON.exists(), reason="no MediaPipe here: make bench installs it")
def test_beside_the_peer_there_are_ratios_and_goals(few):
    found = measure(few(PEOPLE), None, None, frames=6, rounds=2)
    peer, ours = found.rows
    assert peer.name == FOUR
    assert peer.seen.keys() == ours.seen.keys() == {"faces", "hands", "bodies", "masks"}
    assert peer.seen["faces"] == ours.seen["faces"] == 1
    assert peer.seen["masks"] == ours.seen["masks"] == 1
    assert peer.ratio
    assert ours.ratio
    assert (peer.ratio.low, peer.ratio.high) == (1, 1)
    (goal,) = found.goals
    assert goal.figure == ours.ratio.median
    assert goal.limit == 0.5


def test_all_peers_that_are_named_are_there():
    for each in CONTESTS.values():
        names = {c.name for c in each.contestants}
        assert len(names) == len(each.contestants)
        assert {c.against for c in each.contestants} - {""} <= names


def test_a_goal_for_nobody_in_view_isnt_held_to_somebody():
    assert [c.without for c in HANDS.contestants if c.goal] == ["hands"]


def test_the_parts_add_up_to_the_whole():
    played = Round(10, {"faces": 10}, 0.1, {"meshes": 0.06, "meshes: model": 0.04, "x": 0.01}, {})
    assert contest._parts_ms(played) == pytest.approx(
        {"meshes": 2, "meshes: model": 4, "x": 1, "graph": 3}
    )  # 10 ms a frame


def test_what_people_cost_is_a_line():
    row = Row("", {}, Figure(5, 5, 5), None, {"faces": Figure(1, 1, 1)}, {})
    rows = [
        replace(row, cpu_ms=Figure(5.0 + 2 * n, 0, 0), parts_ms={"faces": Figure(1.0 + n, 0, 0)})
        for n in (1, 2, 3, 4)
    ]
    growth = contest._growth(rows)
    assert (growth["all"].nobody_ms, growth["all"].each_ms) == pytest.approx((5, 2))
    assert (growth["faces"].nobody_ms, growth["faces"].each_ms) == pytest.approx((1, 1))


def test_only_what_a_model_saw_in_this_frame_counts():
    hands = [Hand(box=BOX, score=1, side="left"), Hand(box=BOX, score=1, side="right", fresh=False)]
    face = Face(box=BOX, score=1)
    people = [
        Person(id=1, box=BOX, score=1, fresh=True, face=face, hands=hands),
        Person(id=2, box=BOX, score=1, fresh=False, face=face),
    ]
    result = FrameResult(frame=0, t=0, size=[9, 9], people=people)
    assert fresh(result, (9, 9)) == {"faces": 1, "hands": 1, "bodies": 0}
    mask = np.zeros((3, 3), np.uint8)
    assert fresh(Silhouette(0, mask, fresh=False), (9, 9)) == {"masks": 0}


def test_a_process_that_dies_is_named_with_its_last_words(tmp_path):
    process = Process(["python3", "-c", "raise SystemExit('no model here')"], tmp_path / "log")
    try:
        with pytest.raises(Dead, match="no model here"):
            process.play(1)
    finally:
        process.close()
