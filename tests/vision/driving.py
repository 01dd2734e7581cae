"""Drives the face nodes by hand, as the runtime would, frame after frame."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np

from edge.graph.node import Context
from edge.io.frames import Frame, Picture
from edge.vision.face_detector import FaceDetector
from edge.vision.face_landmarks import FaceLandmarks
from edge.vision.faces import Faces, Meshes


def context(events: list[dict] | None = None, instants: list[dict] | None = None) -> Context:
    """A context that notes down what is published and marked."""

    def note(target: list[dict] | None, name: str, fields: dict) -> None:
        if target is not None:
            target.append({"name": name, **fields})

    return Context(
        "node",
        now=lambda: 0,
        live=False,
        event=lambda name, **fields: note(events, name, fields),
        instant=lambda name, **fields: note(instants, name, fields),
        simulated=True,  # the same models on every machine
    )


Graph = TypeVar("Graph", bound="FaceGraph")


class FaceGraph:
    """Detector and landmarks in their loop."""

    def __init__(self, detector: dict | None = None, landmarks: dict | None = None) -> None:
        self.instants: list[dict] = []
        self.detector = FaceDetector(FaceDetector.Settings(**(detector or {})))
        self.landmarks = FaceLandmarks(FaceLandmarks.Settings(**(landmarks or {})))
        for node in (self.detector, self.landmarks):
            node.open(context(instants=self.instants))
        self.last: Meshes | None = None

    def see(self, frame: Frame) -> tuple[Faces, Meshes]:
        self.detector.t = self.landmarks.t = frame.t
        faces = self.detector.process(frame, self.last, None)
        self.last = self.landmarks.process(frame, faces)
        return faces, self.last

    def reasons(self) -> list[str]:
        return [instant["reason"] for instant in self.instants]

    def __enter__(self: Graph) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.detector.close()
        self.landmarks.close()


def still(picture: np.ndarray, frames: int, fps: float = 30) -> Iterator[Frame]:
    for index in range(frames):
        yield Frame(picture.copy(), index, round(index * 1_000_000 / fps))


def read(path: Path) -> Picture:
    """Return a picture as BGR."""
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.astype(np.uint8, copy=False)


def clip(path: Path) -> Iterator[Frame]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        for index, frame in enumerate(container.decode(stream)):
            assert frame.pts is not None
            yield Frame(frame, index, int(frame.pts * stream.time_base * 1_000_000))


def watch(graph: FaceGraph, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Faces, Meshes]]:
    for frame in frames:
        yield frame, *graph.see(frame)
