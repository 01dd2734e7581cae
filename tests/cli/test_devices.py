"""Devices, found without opening what isn't one."""

import os
from pathlib import Path

import pytest

from edge.cli import devices
from edge.cli.checks import JOIN_VIDEO, all_checks
from edge.cli.devices import CAPABILITY, Camera, cameras, edge_tpus


def capability(card: bytes, flags: int) -> bytes:
    return CAPABILITY.pack(b"uvcvideo", card, b"usb", 0, 0x84A00001, flags)


def test_only_what_captures_is_a_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "video0": capability(b"HD Webcam\0junk", 0x04200001),
        "video1": capability(b"HD Webcam", 0x04A00000),  # its metadata
        "video10": capability(b"Raspberry", 0x04201000),
    }
    for name in answers:
        (tmp_path / name).touch()

    def ioctl(file: int, request: int, argument: bytes) -> bytes:
        assert (request, len(argument)) == (0x80685600, 104)
        return answers[Path(os.readlink(f"/proc/self/fd/{file}")).name]

    monkeypatch.setattr(devices.fcntl, "ioctl", ioctl)
    assert cameras(tmp_path) == [
        Camera(tmp_path / "video0", "HD Webcam", True),
        Camera(tmp_path / "video10", "Raspberry", True),
    ]


def test_a_plain_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert cameras(tmp_path) == []


def test_a_camera_that_may_not_be_opened_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "video0").touch()

    def refuse(*_: object) -> int:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(devices.os, "open", refuse)
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
