"""Clips made on the spot, and a graph's context that remembers its events."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.container import OutputContainer
from numpy.typing import NDArray

from edge.graph.node import Context

RATE = 16_000
Clip = Callable[..., Path]


class Events(list[dict[str, Any]]):
    """What a node told of its devices."""

    @property
    def states(self) -> list[str]:
        return [event["state"] for event in self]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def context(events: Events) -> Context:
    return Context(
        name="camera",
        now=lambda: time.monotonic_ns() // 1000,
        live=True,
        event=lambda kind, **fields: events.append({"kind": kind, **fields}),
        instant=lambda name, **fields: None,
    )


def grey_levels(count: int) -> list[NDArray[np.uint8]]:
    """Pictures that can be told apart after decoding: evenly grey, each lighter than the last."""
    return [np.full((48, 64, 3), 20 + 4 * i, np.uint8) for i in range(count)]


def tone(seconds: float, channels: int = 1, rate: int = RATE) -> NDArray[np.int16]:
    """A 440 Hz tone, shape (samples, channels)."""
    wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave.astype(np.int16)[:, None], channels, axis=1)


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """Makes a clip; its format is that of the name's suffix."""

    def make(
        name: str = "clip.mp4",
        pictures: list[NDArray[np.uint8]] | None = None,
        ticks: list[int] | None = None,
        sound: NDArray[np.int16] | None = None,
        sound_at: int = 0,
        codec: str = "libx264",
        options: dict[str, str] | None = None,
    ) -> Path:
        """`ticks`: the pictures' times in ms; `sound_at`: ms; `sound`: (samples, channels)."""
        path = tmp_path / name
        if pictures is None:
            pictures = grey_levels(30)
        ticks = ticks or [40 * i for i in range(len(pictures))]
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            packets = []
            if pictures:
                packets += encoded(container, pictures, ticks, codec, options or {"crf": "0"})
            if sound is not None:
                packets += encoded_sound(container, sound, sound_at)
            container.mux(packets)
        return path

    return make


def encoded(
    container: OutputContainer,
    pictures: list[NDArray[np.uint8]],
    ticks: list[int],
    codec: str,
    options: dict[str, str],
) -> list[av.Packet]:
    stream: Any = container.add_stream(codec, rate=25, options=options)
    stream.height, stream.width = pictures[0].shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, 1000)
    packets: list[av.Packet] = []
    for picture, tick in zip(pictures, ticks, strict=True):
        yuv = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(yuv, "yuv420p")
        frame.pts, frame.time_base = tick, Fraction(1, 1000)
        packets += stream.encode(frame)
    return packets + stream.encode()


def encoded_sound(
    container: OutputContainer, sound: NDArray[np.int16], sound_at: int
) -> list[av.Packet]:
    layout = "mono" if sound.shape[1] == 1 else "stereo"
    stream: Any = container.add_stream("pcm_s16le", rate=RATE)
    stream.layout = layout
    packets: list[av.Packet] = []
    for start in range(0, len(sound), 160):
        piece = np.ascontiguousarray(sound[start : start + 160]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, "s16", layout)
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = start + sound_at * RATE // 1000
        packets += stream.encode(frame)
    return packets + stream.encode()
