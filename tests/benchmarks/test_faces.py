"""The faces graph and its peer play the same frames. Who is faster isn't tested."""

import json
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from benchmarks import faces
from benchmarks.clip import FRAMES, SAMPLE, SAMPLE_ONE_FACE_S, decode
from benchmarks.faces import OURS, PEER_PYTHON, PEERS, measure
from benchmarks.process import Process
from benchmarks.worker import Round, there_and_back
from edge.errors import UserError


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return decode(SAMPLE, SAMPLE_ONE_FACE_S, tmp_path_factory.mktemp("clip"))


def test_both_orders_of_colours_hold_the_same_pictures(clip):
    bgr, rgb = np.load(clip.bgr, mmap_mode="r"), np.load(clip.rgb, mmap_mode="r")
    assert bgr.shape == rgb.shape == (clip.frames, clip.size[1], clip.size[0], 3)
    assert 2 <= clip.frames <= FRAMES
    assert np.array_equal(cv2.cvtColor(bgr[3], cv2.COLOR_BGR2RGB), rgb[3])


def test_a_start_behind_the_end_is_the_users_error(tmp_path):
    with pytest.raises(UserError, match="earlier --start"):
        decode(SAMPLE, 1000, tmp_path)


def test_an_unknown_variant_is_the_users_error():
    with pytest.raises(UserError, match="face_far has no variant 'flaot'"):
        measure(SAMPLE, SAMPLE_ONE_FACE_S, frames=6, rounds=2, variant="flaot")


def test_the_clip_is_played_without_a_jump():
    order = there_and_back(4)
    assert [next(order) for _ in range(9)] == [0, 1, 2, 3, 2, 1, 0, 1, 2]


@pytest.fixture
def few(monkeypatch):
    """Only our light contestant, and the peer's, if it is there."""
    monkeypatch.setattr(faces, "OURS", OURS[:1])
    monkeypatch.setattr(faces, "PEERS", PEERS[:1])
    monkeypatch.setattr(faces, "WARM_UP", 5)


@pytest.mark.usefixtures("few")
def test_without_the_peer_the_graph_is_measured_alone(monkeypatch):
    monkeypatch.setattr(faces, "PEER_PYTHON", Path("nowhere"))
    found = measure(SAMPLE, SAMPLE_ONE_FACE_S, frames=6, rounds=2)
    (row,) = found.rows
    assert row.faces == 1
    assert row.ratio is None
    assert found.goals == []
    parts = {name: part.median for name, part in row.parts_ms.items()}
    assert set(parts) == {"faces", "meshes", "meshes: model", "people", "graph"}
    assert min(parts.values()) > 0
    assert parts["meshes: model"] < row.cpu_ms.high
    json.loads(msgspec.json.encode(found))


@pytest.mark.usefixtures("few")
@pytest.mark.skipif(not PEER_PYTHON.exists(), reason="no FaceMesh here: make bench installs it")
def test_beside_the_peer_there_are_ratios_and_goals():
    found = measure(SAMPLE, SAMPLE_ONE_FACE_S, frames=6, rounds=2)
    peer, ours = found.rows
    assert peer.faces == ours.faces == 1
    assert peer.ratio
    assert ours.ratio
    assert (peer.ratio.low, peer.ratio.high) == (1, 1)
    (goal,) = found.goals
    assert goal.figure == ours.ratio.median
    assert goal.limit == 0.8


def test_the_parts_add_up_to_the_whole():
    played = Round(10, 10, 0.1, {"meshes": 0.06, "meshes: model": 0.04, "people": 0.01})
    parts_ms = faces._parts_ms(played)
    assert parts_ms == pytest.approx(
        {"meshes": 2, "meshes: model": 4, "people": 1, "graph": 3}
    )  # 10 ms a frame


def test_a_process_that_dies_is_named_with_its_last_words(tmp_path):
    process = Process(["python3", "-c", "raise SystemExit('no model here')"], tmp_path / "log")
    try:
        with pytest.raises(RuntimeError, match="no model here"):
            process.play(1)
    finally:
        process.close()
