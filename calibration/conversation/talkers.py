"""Ten people who say one sentence each: how their lips move, and what is heard of them."""

import functools
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from calibration.samples.sources import data_folder
from calibration.samples.voices import read
from edge.audio.voice_activity import RATE, SECOND, WINDOW, VoiceActivity
from edge.graph import Graph
from edge.graph.node import Context
from edge.io.sounds import Sound
from edge.people.lip_flow import LipFlow
from edge.people.lips import TICK_US, lip_shapes
from edge.people.smoothing import Smoother, SmoothingSettings
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


SHIFTS = (-0.1, -0.05, 0.0, 0.05, 0.1)
"""Of the face's box, in its height: it is less exact where landmarks fail."""


CAMERAS = ((0.5, 23), (0.75, 28), (1.25, 20), (1.8, 18))
"""Pictures as others would take them: how large, and the rate factor of x264 that they are
compressed by. Landmarks tremble differently in each."""


class Talker(NamedTuple):
    """`lips` (75, 168): in face widths; `looks`: as one or more cameras have them. `flows`:
    of each of `SHIFTS` (75, 4), see `LipFlow`. `sound` (48000,). `speaks` (75,): a voice is
    heard."""

    lips: Floats
    looks: list[Floats]
    flows: list[Floats]
    sound: Floats
    speaks: NDArray[np.bool_]


@functools.cache
def talker(name: str) -> Talker:
    """Read one clip. Raises UserError where the real data is missing."""
    path = data_folder() / "talkers" / f"{name}.mpg"
    lips, boxes = lips_of(str(path))
    sound = read(f"talkers/{name}.mpg")
    sound = np.pad(sound, (0, max(0, TICKS * TICK_SAMPLES - len(sound))))[: TICKS * TICK_SAMPLES]
    with av.open(str(path)) as file:
        greys = [frame.to_ndarray(format="gray") for frame in file.decode(video=0)][:TICKS]
    flows = [flow(greys, boxes, shift) for shift in SHIFTS]
    return Talker(lips, [lips], flows, sound, speaks(sound))


@functools.cache
def talker_of_all_cameras(name: str) -> Talker:
    """Read one clip, and as each of `CAMERAS` has it."""
    known = talker(name)
    path = data_folder() / "talkers" / f"{name}.mpg"
    with tempfile.TemporaryDirectory() as folder:
        copies = [copied(path, folder, *camera) for camera in CAMERAS]
        looks = [lips_of(copy)[0] for copy in copies]
    return known._replace(looks=[known.lips, *looks])


def lips_of(path: str) -> tuple[Floats, NDArray[Any]]:
    """Return lips (75, 168), in face widths, and the face's boxes (75, 4), smoothed, pixels."""
    looks = [result.value for result in Graph.parse(FACES).run(path, offline=True)][:TICKS]
    shapes, sizes = lip_shapes(np.array([look.landmarks[0] for look in looks], np.float32))
    return shapes / np.median(sizes), smoothed(np.array([look.boxes[0] for look in looks]))


def copied(path: Path, folder: str, scale: float, factor: int) -> str:
    """Write a video anew, scaled and compressed, and return where."""
    copy = f"{folder}/{scale}.mkv"
    with av.open(str(path)) as given, av.open(copy, "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"crf": str(factor)})
        (source,) = given.streams.video
        stream.width, stream.height = (round(side * scale / 2) * 2
                                       for side in (source.width, source.height))  # fmt: skip
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(given.decode(source)):
            scaled = frame.reformat(stream.width, stream.height, "yuv420p", interpolation="AREA")
            scaled.pts, scaled.time_base = index, Fraction(1, 25)
            file.mux(stream.encode(scaled))
        file.mux(stream.encode())
    return copy


def flow(greys: list[NDArray[Any]], boxes: Floats, shift: float) -> Floats:
    """Return how far the lower face has gone at each frame, (75, 4)."""
    follower = LipFlow()
    moved = boxes + boxes[:, 3:] * np.array((0, shift, 0, 0))
    return np.array(
        [follower.see(grey, box) for grey, box in zip(greys, moved.tolist(), strict=True)]
    )


def smoothed(boxes: NDArray[Any]) -> NDArray[Any]:
    """Return boxes (n, 4) as results have them: they don't tremble."""
    smoother = Smoother(SmoothingSettings())
    corners = [np.array((b[:2], b[:2] + b[2:]), np.float32) for b in boxes]
    size = float(np.median(boxes[:, 2:]))
    found = [smoother.smoothed("box", i * TICK_US, c, size, 0.0) for i, c in enumerate(corners)]
    return np.array([(*low, *(high - low)) for low, high in found])


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
