"""How many faces are found on degraded frames, one by one and by evidence over time.

`python -m benchmarks.recall` moves a face over real backgrounds, so that the truth is known by
construction, degrades the frames, and prints recall at equal precision as JSON.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import cv2
import numpy as np

from edge.graph.node import Context
from edge.io.frames import Frame, Picture
from edge.vision.anchors import FACE_FAR, FACE_NEAR
from edge.vision.detection import intersection_over_union
from edge.vision.detector import Detector
from edge.vision.face_detector import FaceDetector
from edge.vision.face_landmarks import FaceLandmarks
from edge.vision.faces import Meshes
from edge.vision.lookout import LookSettings
from edge.vision.motion import MotionDetector
from edge.vision.regions import whole
from edge.vision.targets import Floats, corners

PRECISION = 0.95
SIZE = (640, 360)
FACE_PX = 48.0
"""Width of the face: 14 pixels of the far detector's input, which finds it undegraded."""
STRENGTHS = {
    "noise": (20, 40, 60, 80),
    "blur": (1.5, 2.5, 3.5, 5),
    "dark": (0.2, 0.1, 0.05, 0.03),
    "small": (0.8, 0.6, 0.45, 0.35),
}
"""Standard deviation of the noise in levels; of the blur in pixels; what is left of the light, at
a sensor's noise of 3 levels; what is left of the size."""
SAME = 0.3
"""Overlap from which on a box is a face's: a mesh's box and a detector's differ in what they
bound."""

Rows = list[tuple[float, bool]]


def scenes(face: Picture, width: float, background: Picture, scale: float, frames: int, seed: int
) -> Iterator[tuple[Picture, Floats]]:  # fmt: skip
    """Yield pictures (360, 640, 3) and the face's box (1, 4: left, top, right, bottom).

    `face`: a square around a head whose face, in its middle, is `width` of its side wide.
    """
    random = np.random.default_rng(seed)
    side = round(FACE_PX * scale / width)
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    mask = cv2.GaussianBlur(_ellipse(side), (0, 0), side / 30)[..., None]
    room = np.array(SIZE) - side
    start, end = random.uniform(0, 1, (2, 2)) * room
    wall = cv2.resize(background, SIZE, interpolation=cv2.INTER_AREA)
    for index in range(frames):
        x, y = np.round(start + (end - start) * index / max(frames - 1, 1) * 0.5).astype(int)
        picture = wall.copy()
        part = picture[y : y + side, x : x + side]
        part[:] = part * (1 - mask) + small * mask
        half = FACE_PX * scale / 2
        middle = np.array((x + side / 2, y + side / 2))
        yield picture, np.concatenate((middle - half, middle + half))[None].astype(np.float32)


def degrade(picture: Picture, kind: str, strength: float, random: np.random.Generator) -> Picture:
    values = picture.astype(np.float32)
    if kind == "blur":
        values = cv2.GaussianBlur(values, (0, 0), strength)
    if kind == "dark":
        values = values * strength
    sigma = strength if kind == "noise" else 3
    noisy = values + random.normal(0, sigma, picture.shape).astype(np.float32)
    return noisy.clip(0, 255).astype(np.uint8)


def recall(rows: Rows, faces: int) -> float:
    """Return the best recall at a threshold of the score with which the precision is enough."""
    rows = sorted(rows, key=lambda row: -row[0])
    best = right = 0
    for count, (score, good) in enumerate(rows, 1):
        right += good
        last = count == len(rows) or rows[count][0] < score
        if last and right >= PRECISION * count:
            best = right
    return best / faces


def matched(boxes: Floats, scores: Floats, truth: Floats) -> Rows:
    """Return score and rightness of each box; a second one on the same face is wrong."""
    rows: Rows = []
    taken = False
    shared = intersection_over_union(boxes, truth)
    for row in np.argsort(-scores, kind="stable"):
        good = bool(shared[row].max(initial=0) > SAME) and not taken
        taken |= good
        rows.append((float(scores[row]), good))
    return rows


class Ours:
    """The nodes of the faces graph, in their loop."""

    def __init__(self) -> None:
        self.motion = MotionDetector(MotionDetector.Settings())
        self.detector = FaceDetector(FaceDetector.Settings(threads=1))
        self.landmarks = FaceLandmarks(FaceLandmarks.Settings(threads=1))
        for node in (self.motion, self.detector, self.landmarks):
            node.open(context())
        self.last: Meshes | None = None

    def see(self, frame: Frame) -> Meshes:
        for node in (self.motion, self.detector, self.landmarks):
            node.t = frame.t
        faces = self.detector.process(frame, self.last, self.motion.process(frame))
        self.last = self.landmarks.process(frame, faces)
        return self.last

    def close(self) -> None:
        for node in (self.motion, self.detector, self.landmarks):
            node.close()


def compare(
    clips: list[Callable[[], Iterator[tuple[Picture, Floats]]]], kind: str, strength: float
) -> dict[str, float]:
    """Return the recall of both over all clips at one degradation."""
    alone, ours, faces = [], [], 0
    settings = LookSettings(threads=1)
    far = Detector("face_far", (FACE_NEAR, FACE_FAR), settings, context(), (-1, 1), "detector")
    for seed, clip in enumerate(clips):
        random = np.random.default_rng(seed)
        nodes = Ours()
        for index, (picture, truth) in enumerate(clip()):
            frame = Frame(degrade(picture, kind, strength, random), index, index * 33_333)
            found = far.look(frame, whole(frame.size)[None], 0.02)
            alone += matched(found.boxes, found.scores, truth)
            seen = nodes.see(frame)
            ours += matched(corners(seen.boxes), seen.scores, truth)
            faces += len(truth)
        nodes.close()
    far.close()
    return {"frame_by_frame": recall(alone, faces), "over_time": recall(ours, faces)}


def context() -> Context:
    return Context(
        "node",
        now=lambda: 0,
        live=False,
        event=lambda name, **fields: None,
        instant=lambda name, **fields: None,
        simulated=True,
    )


def made_up(data: Path, frames: int, seeds: int, scale: float = 1.0):  # type: ignore[no-untyped-def]
    """Return clips of the portrait's face over pictures without a face."""
    portrait = cv2.imread(str(data / "face/portrait.jpg"))
    if portrait is None:
        raise click.ClickException(f"no face/portrait.jpg in {data}")
    face = np.asarray(portrait[34:434, 201:601], np.uint8)
    walls = [cv2.imread(str(path)) for path in sorted((data / "static_camera").glob("*.jp*g"))]
    walls += [np.full((360, 640, 3), 110, np.uint8)]
    return [
        lambda seed=seed: scenes(
            face, 0.59, np.asarray(walls[seed % len(walls)], np.uint8), scale, frames, seed
        )
        for seed in range(seeds)
    ]


def _ellipse(side: int) -> Floats:
    mask = np.zeros((side, side), np.float32)
    middle = (side // 2, side // 2)
    cv2.ellipse(mask, middle, (round(side * 0.4), round(side * 0.45)), 0, 0, 360, (1.0,), -1)
    return mask


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"))
@click.option("--frames", default=45, help="Of each clip.")
@click.option("--seeds", default=4, help="Clips.")
@click.option("--kind", type=click.Choice(list(STRENGTHS)), multiple=True)
def main(data: Path, frames: int, seeds: int, kind: tuple[str, ...]) -> None:
    """Print recall at precision 0.95, frame by frame and over time."""
    for name in kind or STRENGTHS:
        for strength in STRENGTHS[name]:
            clips = made_up(data, frames, seeds, strength if name == "small" else 1.0)
            row = compare(clips, name, strength)
            click.echo(json.dumps({"kind": name, "strength": strength, **row}))


if __name__ == "__main__":
    main()
