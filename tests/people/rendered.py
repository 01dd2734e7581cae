"""A photo's face on a three-dimensional one, rendered as a camera would see it."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from edge.graph import Graph
from edge.paths import resource
from edge.people.head_pose import PLACES, POINTS
from edge.people.results import Face
from edge.vision.faces import Meshes

Floats = NDArray[Any]
SIZE, FOCAL = (1280, 720), 900.0


def mesh(path: Path) -> tuple[Floats, NDArray[np.int64]]:
    """Return vertices (468, 3), in cm and a head's axes, and triangles (898, 3), of a face geometry
    as MediaPipe writes it: that of a photo.

    How deep a face is, and which part lies deeper, one photo doesn't tell (the bas-relief
    ambiguity, Belhumeur, Kriegman and Yuille 1999): as it stands, this one looks down by 11°. So it
    is stretched and sheared until it comes nearest to the canonical face, and looks straight ahead
    as that does.
    """
    text = path.read_text()
    values = np.array(re.findall(r"vertex_buffer: (\S+)", text), float).reshape(468, 5)
    triangles = np.array(re.findall(r"index_buffer: (\d+)", text), int).reshape(-1, 3)
    vertices = values[:, :3] * (1, -1, -1)
    known = np.column_stack((vertices, np.ones(len(vertices))))
    straightened, *_ = np.linalg.lstsq(known[POINTS], PLACES, rcond=None)
    return known @ straightened, triangles


def golden_rotation(path: Path) -> Floats:
    """Return the rotation (3, 3) that MediaPipe found, in the camera's axes of
    `edge.people.head_pose`."""
    packed = re.findall(r"packed_data: (\S+)", path.read_text())
    matrix = np.array(packed, float).reshape(4, 4).T
    flip = np.diag((1, -1, -1))
    return np.asarray(flip @ matrix[:3, :3] @ flip)


def looked_at(picture: Floats, node: str = "meshes", **settings: Any) -> Any:
    """Return what a node of the graph `attention` gives for one picture."""
    document = yaml.safe_load(resource("graphs/attention.yaml").read_text())
    document["outputs"] = [node]
    graph = Graph.parse(document)
    for key, value in settings.items():
        graph.set(f"{node}.{key}", value)
    path = Path("picture.png")
    cv2.imwrite(str(path), picture)
    (result,) = graph.run(str(path), offline=True)
    return result.value


def face_of(picture: Floats, **settings: Any) -> Face:
    """Return what `gaze` says of the only face in a picture."""
    (person,) = looked_at(picture, "gaze", **settings).people
    assert isinstance(person.face, Face)
    return person.face


def texture(photo: Floats) -> Floats:
    """Return where the mesh's vertices are in a photo, (468, 2)."""
    meshes = looked_at(photo)
    assert isinstance(meshes, Meshes)
    return meshes.landmarks[0, :468, :2].astype(float)


def render(
    photo: Floats, places: Floats, shape: tuple[Floats, Floats], turned: Floats, at: Floats
) -> Floats:
    """Return a picture of a face that is turned by (3, 3) and at (3,), cm, in the camera's axes."""
    vertices, triangles = shape
    there = vertices @ turned.T + at
    seen = there[:, :2] / there[:, 2:] * FOCAL + np.array(SIZE) / 2
    picture = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    corners, sources = seen[triangles], places[triangles]
    front = np.sign(np.median(_areas(sources)))
    for row in np.argsort(-there[triangles][:, :, 2].mean(axis=1)):
        if _areas(corners[row : row + 1])[0] * front > 0.05:
            _paint(picture, photo, corners[row].astype(np.float32), sources[row])
    return picture


def _areas(corners: Floats) -> Floats:
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _paint(picture: Floats, photo: Floats, corners: Floats, sources: Floats) -> None:
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, SIZE)
    if (high <= low).any():
        return
    matrix = cv2.getAffineTransform(sources.astype(np.float32), corners - low.astype(np.float32))
    width, height = (high - low).tolist()
    patch = cv2.warpAffine(photo, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round((corners - low) * 16).astype(np.int32), 255, shift=4)
    there = picture[low[1] : high[1], low[0] : high[0]]
    there[mask > 0] = patch[mask > 0]
