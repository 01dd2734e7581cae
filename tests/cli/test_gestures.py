"""`edge gestures`: taught from photos, shown in the next run, forgotten."""

from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.program import Edge, is_one_line, lines_of


@pytest.fixture
def photos(data: Path, tmp_path: Path) -> Path:
    for kind in ("call", "rock"):
        copytree(data / "gestures/photos" / kind, tmp_path / "photos" / kind)
    for kind in ("call", "rock"):  # five are kept for the test
        for path in sorted((tmp_path / "photos" / kind).iterdir())[5:]:
            (tmp_path / "others" / kind).mkdir(parents=True, exist_ok=True)
            path.rename(tmp_path / "others" / kind / path.name)
    return tmp_path / "photos"


def test_what_is_taught_is_known_in_the_next_run(edge: Edge, photos: Path, tmp_path: Path) -> None:
    own = {"EDGE_CONFIG": str(tmp_path / "own")}
    done = edge("gestures", "train", photos, **own)
    assert done.returncode == 0, done.stderr
    assert "rock: learned from 5 of 5 photos" in done.stdout
    listed = edge("gestures", "list", **own).stdout
    assert "call" in listed.splitlines()[0]
    assert "thumb_up" in listed
    out = tmp_path / "out.jsonl"
    edge("run", "gestures", "--source", tmp_path / "others/rock", "--out", out, **own)
    shown = [
        {hand["gesture"] for person in line["people"] for hand in person.get("hands", [])}
        for line in lines_of(out)
        if line["type"] == "frame"
    ]
    assert sum("rock" in gestures for gestures in shown) >= 4
    assert edge("gestures", "remove", "rock", **own).returncode == 0
    assert "rock" not in edge("gestures", "list", **own).stdout
    wrong = edge("gestures", "remove", "cal", **own)
    assert is_one_line(wrong)
    assert "did you mean 'call'" in wrong.stderr


def test_what_cannot_be_taught_is_said_in_one_line(edge: Edge, tmp_path: Path) -> None:
    own = {"EDGE_CONFIG": str(tmp_path / "own")}
    folder = tmp_path / "photos"
    folder.mkdir()
    assert "no folders" in edge("gestures", "train", folder, **own).stderr
    (folder / "Thumb Up").mkdir()
    wrong = edge("gestures", "train", folder, **own)
    assert is_one_line(wrong)
    assert "small letters" in wrong.stderr
    assert not (tmp_path / "own/gestures").exists()


def test_photos_without_hands_teach_nothing(edge: Edge, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos/call"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes((data / "geometry/input.jpg").read_bytes())
    done = edge("gestures", "train", tmp_path / "photos", EDGE_CONFIG=str(tmp_path / "own"))
    assert done.returncode == 2
    assert "call: a hand was found in 0 of 3 photos" in done.stderr
    assert not (tmp_path / "own/gestures").exists()
