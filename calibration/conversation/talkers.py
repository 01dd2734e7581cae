"""Ten people who say one sentence each: how their lips move, and what is heard of them."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.samples.sources import data_folder
from calibration.samples.voices import read
from edge.audio.voice_activity import RATE, SECOND, WINDOW, VoiceActivity
from edge.graph import Graph
from edge.graph.node import Context
from edge.io.sounds import Sound
from edge.people.lips import lip_shapes
from edge.vision.targets import Floats

TICKS = 75
"""Of each clip, one a frame: 3 s."""
TICK_SAMPLES = 640
NAMES = (
    *("bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "lrwp9a"),
    *("lwbsza", "pwij3p", "sbia1a", "sbwe5n", "swiz3n"),
)
FACES = {
    "nodes": {
        "camera": {"uses": "camera"},
        "faces": {"uses": "face_detector", "inputs": {"frame": "camera", "last": "meshes"}},
        "meshes": {"uses": "face_landmarks", "inputs": {"frame": "camera", "faces": "faces"}},
    },
    "outputs": ["meshes"],
}


class Talker(NamedTuple):
    """`lips` (75, 168): in face widths. `sound` (48000,). `speaks` (75,): a voice is heard."""

    lips: Floats
    sound: Floats
    speaks: NDArray[np.bool_]


@functools.cache
def talker(name: str) -> Talker:
    """Read one clip. Raises UserError where the real data is missing."""
    path = data_folder() / "talkers" / f"{name}.mpg"
    graph = Graph.parse(FACES)
    meshes = [result.value.landmarks[0] for result in graph.run(str(path), offline=True)]
    shapes, sizes = lip_shapes(np.array(meshes, np.float32))
    sound = read(f"talkers/{name}.mpg")
    sound = np.pad(sound, (0, max(0, TICKS * TICK_SAMPLES - len(sound))))[: TICKS * TICK_SAMPLES]
    lips = shapes / np.median(sizes)
    return Talker(lips[:TICKS], sound, speaks(sound))


def speaks(sound: Floats) -> NDArray[np.bool_]:
    """Return for each tick whether a voice is heard in sound, by the voice activity's network."""
    node = VoiceActivity(VoiceActivity.Settings(gate=0))
    node.open(Context("voice", lambda: 0, False, lambda *_, **__: None, lambda *_, **__: None))
    samples = (sound * 32767).clip(-32768, 32767).astype(np.int16)[:, None]
    heard = []
    for start in range(0, len(samples) - WINDOW + 1, WINDOW):
        chunk = Sound(samples[start : start + WINDOW], RATE, start * SECOND // RATE)
        heard.append(node.process(chunk).probability > node.settings.onset)
    node.close()
    windows = np.arange(len(sound) // TICK_SAMPLES) * TICK_SAMPLES // WINDOW
    return np.array(heard)[np.minimum(windows, len(heard) - 1)]
