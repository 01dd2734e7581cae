"""Where faces, hands and bodies are in a picture, found by the float models as a graph would."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.samples.variation import steady
from edge.inference import Model, load_model
from edge.vision import bodies, faces, hands
from edge.vision.anchors import FACE_FAR, PALM, PERSON, Head, anchors
from edge.vision.detection import Detections, decode, merge_overlapping
from edge.vision.faces import eye_angles
from edge.vision.regions import Cropper, Matrix, project, whole
from edge.vision.targets import bounds

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Settings(NamedTuple):
    detected: float = 0.5
    """A detector's score from which on there is something to look at."""
    present: float = 0.5
    """A landmark model's score from which on it is what was looked for."""
    merge_overlap: float = 0.3
    """Detections that share more are one, as in the graphs."""
    tile: float = 0.6
    """Side of the tiles that are searched beside the whole picture, so that faces and hands are
    found across a room: they overlap by a third of their side."""


SETTINGS = Settings()
THREADS = 2


class Subject(NamedTuple):
    """A face, hand or body. `found` and `followed`: its region by the detector, and by its own
    landmarks. `box`: x, y, width, height of its landmarks."""

    found: Floats
    followed: Floats
    box: Floats


@functools.cache
def parent(name: str) -> Model:
    """Return a float model by its name in the manifest."""
    return load_model(name, "float", THREADS)


def run(model: Model, cut: Cropper, bgr: Picture, region: Floats) -> tuple[list[Floats], Matrix]:
    """Return a model's outputs for a region, and the matrix from the crop to the picture."""
    rgb, matrix = cut.cut(bgr, region)
    model.write_picture(rgb)
    return model.invoke(), matrix


@functools.cache
def cropper(side: int, edges: bool = True) -> Cropper:
    """Return the cropper of a landmark model, or of a detector (`edges` False: letterboxed)."""
    return Cropper(side, side, edges=edges, keep_aspect=True)


def find_faces(bgr: Picture) -> list[Subject]:
    """Return the faces in a picture (H, W, 3)."""
    boxes, keypoints = _detect("face_far", FACE_FAR, bgr, tiles=True)
    regions = faces.regions_of_boxes(boxes, eye_angles(keypoints))
    return list(_confirmed("face_landmarks_478", bgr, regions))


def find_hands(bgr: Picture) -> list[Subject]:
    """Return the hands in a picture (H, W, 3)."""
    regions = hands.regions_of_palms(*_detect("palm", PALM, bgr, tiles=True))
    return list(_confirmed("hand_landmarks_full", bgr, regions))


def find_bodies(bgr: Picture) -> list[Subject]:
    """Return the bodies in a picture (H, W, 3)."""
    _, keypoints = _detect("person", PERSON, bgr, tiles=False)
    regions = bodies.regions_of_persons(keypoints)
    return list(_confirmed("body_landmarks_full", bgr, regions))


def landmarks(name: str, bgr: Picture, region: Floats) -> tuple[Floats, list[Floats], float]:
    """Return a model's landmarks in the picture (k, 2), all its outputs, and its presence, 0 to 1.

    `name` is one of the face, hand or body landmark models.
    """
    model = parent(name)
    outputs, matrix = run(model, cropper(model.inputs[0].shape[1]), bgr, region)
    points = outputs[0].reshape(-1, 5 if name.startswith("body") else 3)
    score = float(outputs[1].reshape(-1)[0])
    if name.startswith("face"):
        score = 1 / (1 + np.exp(-score))
    return project(points[:, :2], matrix), outputs, score


def _confirmed(name: str, bgr: Picture, regions: Floats) -> Iterator[Subject]:
    """Yield what the landmark model takes for one of its kind."""
    for region in map(steady, regions):
        points, _, score = landmarks(name, bgr, region)
        if score < SETTINGS.present:
            continue
        box = bounds(points[None, :33] if name.startswith("body") else points[None])[0]
        yield Subject(region, steady(_followed(name, points)), box)


def _followed(name: str, points: Floats) -> Floats:
    """Return where the same would be looked for in the next frame."""
    if name.startswith("hand"):
        return hands.regions_of_landmarks(points[None])[0]
    if name.startswith("body"):
        return bodies.regions_of_landmarks(points[None])[0]
    angles = eye_angles(points[None, faces.KEYPOINTS].mean(axis=2))
    return faces.regions_of_landmarks(points[None], angles)[0]


def _detect(name: str, head: Head, bgr: Picture, tiles: bool) -> tuple[Floats, Floats]:
    """Return boxes (n, 4) and keypoints (n, k, 2) found in the picture, and in tiles of it."""
    model, cut = parent(name), cropper(head.size, edges=False)
    parts = []
    for region in (whole((bgr.shape[1], bgr.shape[0])), *(_tiles(bgr) if tiles else ())):
        (boxes, scores), matrix = run(model, cut, bgr, region)
        found = decode(boxes[0], scores[0, :, 0], anchors(head), head.size, SETTINGS.detected)
        ends = project(found.boxes.reshape(-1, 2, 2), matrix).reshape(-1, 4)
        parts.append(Detections(ends, project(found.keypoints, matrix), found.scores))
    found = Detections(*map(np.concatenate, zip(*parts, strict=True)))
    found = merge_overlapping(found, SETTINGS.merge_overlap)
    sizes = found.boxes[:, 2:] - found.boxes[:, :2]
    return np.concatenate((found.boxes[:, :2], sizes), axis=1), found.keypoints


def _tiles(bgr: Picture) -> Iterator[Floats]:
    """Yield the regions of the picture's four corners."""
    height, width = bgr.shape[:2]
    side = SETTINGS.tile
    for y in (side / 2, 1 - side / 2):
        for x in (side / 2, 1 - side / 2):
            yield np.array((x * width, y * height, side * width, side * height, 0), np.float32)
