"""`edge calibrate` on this very machine, and what comes of it."""

from pathlib import Path

import pytest

from calibration.conversation.talkers import NAMES
from edge.graph.profile import Profile
from tests.accuracy.tiles import monologue
from tests.cli.live import Live
from tests.cli.program import Edge, Finished, command, is_one_line

PATIENCE_S = 180


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    import subprocess

    path = tmp_path_factory.mktemp("device") / "kitchen.yaml"
    done = subprocess.run(
        command("calibrate", "device", "--out", path, "--name", "kitchen", "--watts-per-core", 1.5),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return path, done


def test_it_says_what_it_does_and_where_it_wrote(calibrated: tuple[Path, Finished]) -> None:
    path, done = calibrated
    assert done.returncode == 0
    assert done.stdout == f"wrote {path}\n"
    assert "people in real time" in done.stderr
    assert "hand_landmarks_full: int8" in done.stderr
    assert [each.name for each in path.parent.iterdir()] == ["kitchen.yaml"]


def test_the_profile_knows_models_nodes_and_how_they_scatter(
    calibrated: tuple[Path, Finished],
) -> None:
    profile = Profile.load(calibrated[0])
    assert (profile.name, profile.watts_per_core, profile.estimate) == ("kitchen", 1.5, False)
    for unit in ("face_landmarks_478/int8", "palm/int8", "body_landmarks_full/int8"):
        assert 0.1 < profile.models[unit][1] < 1000
    landmarks = {"face_landmarks", "body_landmarks"}
    assert landmarks <= set(profile.around_ms)
    assert landmarks <= set(profile.spread)
    assert all(list(spread) == sorted(spread) for spread in profile.spread.values())
    assert 0 < profile.cost_ms["people"] < 50
    assert profile.memory_mb is not None


def test_a_graph_runs_as_the_profile_says(
    calibrated: tuple[Path, Finished], edge: Edge, long_clip: Path
) -> None:
    again = [
        edge("run", "people", "--source", long_clip, "--max-frames", 25, "--offline",
             "--pace", "realtime", "--profile", calibrated[0])
        for _ in range(2)
    ]  # fmt: skip
    assert again[0].returncode == 0
    assert '"age_ms"' in again[0].stdout
    assert again[0].stdout == again[1].stdout


def test_where_nothing_can_be_written_that_is_said_at_once(edge: Edge, tmp_path: Path) -> None:
    missing = edge("calibrate", "device", "--out", "no/such/folder.yaml")
    assert is_one_line(missing)
    assert "create the folder" in missing.stderr
    (tmp_path / "file").touch()
    home = edge("calibrate", "device", EDGE_CONFIG=str(tmp_path / "file" / "config"))
    assert is_one_line(home)
    assert "EDGE_CONFIG" in home.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_how_late_a_microphone_is_is_measured_kept_and_found_again(
    data: Path, tmp_path: Path, edge: Edge
) -> None:
    clip = tmp_path / "clip.mkv"
    monologue(clip, NAMES, late_ms=240)
    of_file = edge("calibrate", "sync", "--source", clip, EDGE_CONFIG=str(tmp_path / "own"))
    assert of_file.returncode == 0
    assert abs(milliseconds(of_file) - 240) < 20
    assert not (tmp_path / "own").exists()
    live = Live(clip)
    try:
        devices = "--source", live.picture_url, "--audio", live.sound_url
        done = edge("calibrate", "sync", *devices, EDGE_CONFIG=str(tmp_path / "own"))
        assert done.returncode == 0, done.stderr
        assert abs(milliseconds(done) - 240) < 80  # servers, sockets and decoders have theirs
        assert live.sound_url in (tmp_path / "own" / "sync.yaml").read_text()
    finally:
        live.stop()


def milliseconds(done: Finished) -> int:
    return int(done.stdout.split(" ms ")[0].split()[-1])
