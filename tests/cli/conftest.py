"""A clip and a graph that are quick, and a way to run `edge` on them."""

import os
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from tests.cli.program import FPS, FRAMES, GRAPH, NODES, PATIENCE_S, Edge, Finished, command

SIZE, RATE = (64, 48), 48_000


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    """`edge(*arguments)` runs the program in an empty folder, without a screen."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}

    def run(*arguments: object, **more: str) -> Finished:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    return run


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A graph that calls the centre of each picture a person."""
    (tmp_path / "nodes.py").write_text(NODES)
    path = tmp_path / "centre.yaml"
    path.write_text(GRAPH)
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of `FRAMES` frames, with a tone."""
    return made(tmp_path_factory.mktemp("clip") / "clip.mp4", FRAMES)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that takes a minute at its own pace."""
    return made(tmp_path_factory.mktemp("clip") / "long.mp4", 60 * FPS)


def made(path: Path, frames: int) -> Path:
    generator = np.random.default_rng(0)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        picture = container.add_stream("libx264", rate=FPS)
        picture.width, picture.height = SIZE
        picture.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=RATE)
        sound.layout = "mono"
        for _ in range(frames):
            pixels = generator.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
            container.mux(picture.encode(av.VideoFrame.from_ndarray(pixels, "bgr24")))
        samples = np.sin(np.arange(RATE * frames // FPS) / 20) * 8000
        tone = av.AudioFrame.from_ndarray(samples.astype(np.int16)[None], "s16", "mono")
        tone.sample_rate = RATE
        container.mux(sound.encode(tone))
        for stream in (picture, sound):
            container.mux(stream.encode())
    return path
