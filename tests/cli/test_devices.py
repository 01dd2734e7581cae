"""Devices, found without opening what isn't one."""

from pathlib import Path

import pytest

from edge.cli.checks import JOIN_VIDEO, all_checks
from edge.cli.devices import edge_tpus
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


def test_an_edge_tpu_is_known_by_its_ids(tmp_path: Path) -> None:
    for place, vendor, product in (("1-1", "18d1", "9302"), ("1-2", "18d1", "4ee7")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "idVendor").write_text(f"{vendor}\n")
        (tmp_path / place / "idProduct").write_text(f"{product}\n")
    (tmp_path / "apex_0").touch()
    assert edge_tpus(tmp_path, tmp_path) == [str(tmp_path / "apex_0"), "USB 1-1"]
