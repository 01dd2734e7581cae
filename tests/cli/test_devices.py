"""Devices, found without opening what isn't one."""

import importlib.util
from pathlib import Path

import pytest

from edge.cli import checks
from edge.cli.checks import JOIN_VIDEO, LIBRARIES, Check, _library, all_checks
from edge.cli.devices import edge_tpus
from edge.inference import backend
from edge.io import camera_list
from edge.io.camera_list import cameras


def test_a_camera_that_may_not_be_opened_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "video0").touch()

    def refuse(*_: object) -> int:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(camera_list.os, "open", refuse)
        (camera,) = cameras(tmp_path)
    assert not camera.permitted
    monkeypatch.setattr("edge.cli.checks.cameras", lambda: [camera])
    check = next(check for check in all_checks() if check.name.startswith("camera "))
    assert (check.state, check.fix) == ("problem", JOIN_VIDEO)


@pytest.mark.parametrize("installed", [("ai_edge_litert", "tflite_runtime"), ("tflite_runtime",)])
def test_either_library_for_models_will_do(
    installed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "version", lambda package: f"of {package}")
    monkeypatch.setattr(importlib.util, "find_spec", installed.__contains__)
    monkeypatch.setattr(importlib, "import_module", lambda name: name)
    expected = installed[0].replace("_", "-")
    assert _library() == Check(expected, "ok", f"{expected} of {expected}")


def test_without_a_library_for_models_litert_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named '{name}'")

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(importlib, "import_module", missing)
    check = _library()
    assert (check.name, check.state, check.needed) == ("ai-edge-litert", "problem", True)


def test_the_libraries_are_those_that_run_models() -> None:
    assert LIBRARIES == backend.LIBRARIES


def test_an_edge_tpu_is_known_by_its_ids(tmp_path: Path) -> None:
    for place, vendor, product in (("1-1", "18d1", "9302"), ("1-2", "18d1", "4ee7")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "idVendor").write_text(f"{vendor}\n")
        (tmp_path / place / "idProduct").write_text(f"{product}\n")
    (tmp_path / "apex_0").touch()
    assert edge_tpus(tmp_path, tmp_path) == [str(tmp_path / "apex_0"), "USB 1-1"]
