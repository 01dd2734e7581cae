"""What was recorded: fingertips on their ways, and hands in clips; replayed otherwise.

Of `gestures/` in the shared data: ai-forever/dynamic_gestures and kinivi's hand gesture recognition
(both Apache-2.0).
"""

import csv
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.random import Generator
from numpy.typing import NDArray

from calibration.gestures.actor import Done
from calibration.gestures.hand import BENDS, POSE, TURN, UP, Floats, pictured
from calibration.gestures.motions import MIRRORED, POINT
from calibration.gestures.scenes import Looks, Scene, judged, windows_of
from calibration.samples.sources import data_folder
from edge import Graph
from edge.paths import resource
from edge.people.gestures import wrist_places
from edge.people.hand_motion import SECOND
from edge.people.moving_gestures import MOVING
from edge.people.results import FrameResult
from edge.people.rows import hand_rows
from edge.vision.bodies import Bodies
from edge.vision.hands import Hands

Motion = tuple[str, float, float]
CLIPS: dict[str, tuple[Motion, ...]] = {
    "swipe2_left_right": (("swipe_right", 1.0, 1.5), ("swipe_left", 2.65, 3.2)),
    "swipe_up_down": (("swipe_down", 1.3, 1.73), ("swipe_up", 3.2, 3.65)),
    "zoom_in_out": (("zoom_in", 0.28, 0.5), ("zoom_out", 1.15, 1.42)),
    "clicks": (("tap", 0.15, 0.42), ("tap", 0.55, 0.84)),
}
"""When which motion begins and ends, s."""
TURNED = {
    "swipe_right": "swipe_down",
    "swipe_down": "swipe_left",
    "swipe_left": "swipe_up",
    "swipe_up": "swipe_right",
}
"""A quarter, clockwise."""
BLOCKS, GAP = 4, 50
"""The tracks of each kind are split into so many runs; rows beside each other are near copies."""
TRACK_PICTURE = np.array((960, 540))
TRACKS = {"0": "none", "1": "circle_clockwise", "2": "circle_counter_clockwise"}
"""Of the file's classes; "3", any other motion, may be a swipe or nothing."""


class Tracks(NamedTuple):
    """Ways of a fingertip, `points` (n, 16, 2), pixels from the first; `labels` (n,) into MOVING;
    `blocks` (n,): which run of its kind each is in, and `inner` (n,): is not near another's."""

    points: Floats
    labels: NDArray[np.int64]
    blocks: NDArray[np.int64]
    inner: NDArray[np.bool_]


def tracks() -> Tracks:
    path = data_folder() / "gestures/tracks/point_history.csv"
    with path.open(newline="") as file:
        rows = [row for row in csv.reader(file) if row[0] in TRACKS]
    labels = np.array([MOVING.index(TRACKS[row[0]]) for row in rows])
    points = np.array([row[1:] for row in rows], float).reshape(len(rows), 16, 2) * TRACK_PICTURE
    blocks, inner = np.zeros(len(rows), np.int64), np.ones(len(rows), bool)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        block = np.arange(len(mine)) * BLOCKS // len(mine)
        blocks[mine] = block
        for edge in np.flatnonzero(np.diff(block)) + 1:
            inner[mine[max(0, edge - GAP // 2) : edge + GAP // 2]] = False
    return Tracks(points, labels, blocks, inner)


def of_track(points: Floats, rng: Generator) -> NDArray[np.float32]:
    """Return the window (1, STEPS, FEATURES) after a pointing hand's fingertip went this way.

    Neither the hand's size nor how often there was a picture has been kept.
    """
    fps = rng.uniform(15, 30)
    waited = rng.integers(0, 20)
    way = np.concatenate((np.repeat(points[:1], waited, axis=0), points))
    poses = np.zeros((len(way), POSE))
    poses[:, 2] = 0.7
    poses[:, TURN] = rng.normal(0, (0.25, 0.3, 0.3)) + rng.normal(0, 0.02, (len(way), 3))
    poses[:, BENDS], poses[:, UP] = np.array(POINT) + rng.normal(0, 0.05, 5), rng.uniform(0, 1)
    left = bool(rng.random() < 0.5)
    landmarks = pictured(poses, np.ones((5, 3)), rng.uniform(450, 1000), left)
    landmarks[..., :2] += (way - landmarks[:, 8, :2])[:, None]
    landmarks += rng.normal(0, 1.0, landmarks.shape)
    unknown = np.full(len(way), np.nan)
    times = np.arange(len(way)) / fps
    looks = Looks(times, landmarks, landmarks[:, 0, :2], unknown, not left)
    return windows_of(looks)[1][-1:]


def learned_tracks(known: Tracks, rows: NDArray[np.int64], rng: Generator) -> Scene:
    """Return these tracks as they are, and in a mirror."""
    windows, labels = [], []
    for row in rows:
        name = MOVING[known.labels[row]]
        for way in (1, -1):
            windows.append(of_track(known.points[row] * (way, 1), rng))
            labels.append(MOVING.index(name if way == 1 else MIRRORED.get(name, name)))
    return Scene(np.zeros(len(labels)), np.concatenate(windows), np.array(labels))


def clip(name: str) -> Looks:
    """Return what our models see of the hand that moves in a clip."""
    document = yaml.safe_load(resource("graphs/gestures.yaml").read_text())
    document["outputs"] = ["gestures", "hands", "bodies"]
    graph = Graph.parse(document)
    graph.set("camera.mirrored", True)
    graph.set("gestures.moving", False)
    seen: dict[float, dict[str, Any]] = {}
    for result in graph.run(str(data_folder() / "gestures/clips" / f"{name}.gif")):
        seen.setdefault(result.t / SECOND, {})[result.name] = result.value
    rows = [_hands(**values) for values in seen.values()]
    key = Counter(key for row in rows for key, look in row.items() if look[2]).most_common(1)[0][0]
    found = [(t, *row[key]) for t, row in zip(seen, rows, strict=True) if key in row]
    t, landmarks, wrists, _ = (np.array(part) for part in zip(*found, strict=True))
    return Looks(t, landmarks, wrists, np.full(len(t), np.nan), key[1] == "right")


def _hands(gestures: FrameResult, hands: Hands, bodies: Bodies | None = None) -> dict[Any, Any]:
    """Return of each hand its landmarks, its wrist and whether the former are known."""
    wrists = wrist_places(True, gestures, bodies)
    found = {key: (np.full((21, 3), np.nan), wrist, False) for key, wrist in wrists.items()}
    for key, row in hand_rows(gestures, hands).items():
        landmarks = hands.landmarks[row]
        found[key] = landmarks, wrists.get(key, landmarks[0, :2]), True
    return found


def replayed(looks: Looks, gestures: Sequence[Motion], rng: Generator) -> Scene:
    """Return a clip otherwise: slower or faster, mirrored, leant or turned, with frames missing."""
    pace = rng.uniform(0.6, 1.6)
    mirrored = rng.random() < 0.5
    names = [name for name, _, _ in gestures]
    angle = rng.normal(0, 0.12)
    if names[0] in TURNED and rng.random() < 0.6:
        quarters = int(rng.integers(1, 4))
        angle += quarters * np.pi / 2
        for _ in range(quarters):
            names = [TURNED[name] for name in names]
    if mirrored:
        names = [MIRRORED.get(name, name) for name in names]
    t = looks.t * pace
    kept = (rng.random(len(t)) > rng.choice((0.0, 0.1, 0.3))) & (t >= rng.uniform(0, 0.3) * pace)
    # A mirror is put up after the turn.
    turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    turn = turn * ((-1, 1) if mirrored else (1, 1))
    landmarks = looks.landmarks + rng.normal(0, 0.4, looks.landmarks.shape)
    landmarks[..., :2] = landmarks[..., :2] @ turn
    landmarks[rng.random(len(t)) < rng.choice((0.0, 0.05, 0.2))] = np.nan
    seen = Looks(
        t[kept], landmarks[kept], (looks.wrists @ turn)[kept], looks.apart[kept],
        looks.right != mirrored,
    )  # fmt: skip
    done = [
        Done(name, pace * end, pace * end, pace * began)
        for name, (_, began, end) in zip(names, gestures, strict=True)
    ]
    return judged(seen, done)
