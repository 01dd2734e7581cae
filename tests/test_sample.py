"""The demo's clip is what samples/build.py says it is."""

import av
import numpy as np

from edge.paths import resource
from samples.build import FPS, HEIGHT, RATE, SECONDS, VOICE, WIDTH

CLIP = resource("samples/astronaut.mp4")


def test_the_clip_stays_small() -> None:
    assert CLIP.stat().st_size < 3_000_000


def test_every_frame_has_its_time() -> None:
    with av.open(str(CLIP)) as file:
        frames = [(frame.time, frame.width, frame.height) for frame in file.decode(video=0)]
    assert frames == [(n / FPS, WIDTH, HEIGHT) for n in range(SECONDS * FPS)]


def test_the_voice_is_heard_in_its_interval_and_nowhere_else() -> None:
    with av.open(str(CLIP)) as file:
        pieces = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    heard = np.flatnonzero(np.abs(np.concatenate(pieces)) > 0.003) / RATE
    assert VOICE[0] <= heard[0] < VOICE[0] + 0.05
    assert VOICE[1] - 0.05 < heard[-1] <= VOICE[1]
