"""Voices with names: what is kept of them, and what they are known by."""

from pathlib import Path

import numpy as np
import pytest

from edge.audio.enrolled import SIZE, check_name, enrol, enrolled, forget
from edge.errors import UserError


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGE_CONFIG", str(tmp_path / "own"))
    return tmp_path / "own"


def voice(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(9, SIZE)).astype(np.float32)


def test_a_voice_is_kept_replaced_and_forgotten(own_folder: Path) -> None:
    assert enrolled() == {}
    enrol("anna", voice(1))
    enrol("Jean-Luc P.", voice(2))
    enrol("anna", voice(3))
    known = enrolled()
    assert sorted(known) == ["Jean-Luc P.", "anna"]
    np.testing.assert_array_equal(known["anna"], voice(3))
    forget("anna")
    assert list(enrolled()) == ["Jean-Luc P."]
    assert [path.name for path in (own_folder / "voices").iterdir()] == ["Jean-Luc P..npy"]


@pytest.mark.parametrize("name", ["voice-1", "offscreen-2", "../anna", "", ".hidden", "a/b", "-x"])
def test_what_a_voice_cant_be_called(name: str, own_folder: Path) -> None:
    with pytest.raises(UserError, match="can't be a voice's name"):
        check_name(name)
    with pytest.raises(UserError):
        enrol(name, voice(1))
    assert not own_folder.exists()


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_voice_is_said_by_its_name(content: bytes, own_folder: Path) -> None:
    (own_folder / "voices").mkdir(parents=True)
    (own_folder / "voices" / "anna.npy").write_bytes(content)
    with pytest.raises(UserError, match="edge voices add anna"):
        enrolled()


def test_an_array_of_something_else_is_no_voice(own_folder: Path) -> None:
    enrol("anna", voice(1)[:, :9])
    with pytest.raises(UserError, match="holds no voice"):
        enrolled()


def test_forgetting_who_isnt_known_says_who_is() -> None:
    enrol("anna", voice(1))
    with pytest.raises(UserError, match="did you mean 'anna'"):
        forget("ana")
