"""Cameras, found without switching on anything."""

import os
from pathlib import Path

import pytest

from edge.io import camera_list
from edge.io.camera_list import CAPABILITY, Camera, cameras


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

    monkeypatch.setattr(camera_list.fcntl, "ioctl", ioctl)
    assert cameras(tmp_path) == [
        Camera(tmp_path / "video0", "HD Webcam", True),
        Camera(tmp_path / "video10", "Raspberry", True),
    ]


def test_a_plain_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert cameras(tmp_path) == []
