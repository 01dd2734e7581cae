"""The virtual camera. No loopback device is here: a file stands for it, which FFmpeg writes the
same raw pictures to."""

from pathlib import Path

import numpy as np
import pytest

from edge.errors import UserError
from edge.graph.node import Context
from edge.io import virtual_camera
from edge.io.frames import Frame
from edge.io.virtual_camera import VirtualCamera


def test_frames_come_at_one_size_with_bars(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_camera, "FORMAT", "rawvideo")
    device = tmp_path / "device"
    device.touch()
    node = VirtualCamera(VirtualCamera.Settings(device=str(device), size=(160, 90)))
    node.open(context)
    for index, (width, height) in enumerate(((160, 90), (90, 160), (320, 180))):
        node.t = 40_000 * index
        node.process(Frame(np.full((height, width, 3), 255, np.uint8), index, node.t))
    node.close()
    raw = np.frombuffer(device.read_bytes(), np.uint8).reshape(3, 135, 160)  # I420
    luma = raw[:, :90]
    assert (luma[[0, 2]] == 235).all()
    assert (luma[1, :, 60:100] == 235).all()
    assert (luma[1, :, :50] == 16).all()  # bars


def test_where_there_is_none_it_says_how_to_make_one(context: Context) -> None:
    node = VirtualCamera(VirtualCamera.Settings(device="/dev/video93"))
    with pytest.raises(UserError, match="modprobe v4l2loopback"):
        node.open(context)


def test_what_is_no_loopback_device_is_said_to_be_none(context: Context) -> None:
    node = VirtualCamera(VirtualCamera.Settings(device="/dev/null"))
    with pytest.raises(UserError, match="/dev/null takes no pictures"):
        node.open(context)
