"""Drives the hand nodes by hand, as the runtime would, frame after frame."""

import numpy as np

from edge.io.frames import Frame
from edge.vision.bodies import Bodies
from edge.vision.hand_detector import HandDetector
from edge.vision.hand_landmarks import HandLandmarks
from edge.vision.hands import Hands, Palms
from edge.vision.motion import Motion
from tests.vision.driving import context


class HandGraph:
    """Detector and landmarks in their loop."""

    def __init__(self, detector: dict | None = None, landmarks: dict | None = None) -> None:
        self.instants: list[dict] = []
        self.detector = HandDetector(HandDetector.Settings(**{"threads": 1, **(detector or {})}))
        self.landmarks = HandLandmarks(
            HandLandmarks.Settings(**{"threads": 1, **(landmarks or {})})
        )
        for node in (self.detector, self.landmarks):
            node.open(context(instants=self.instants))
        self.last: Hands | None = None

    def see(
        self, frame: Frame, bodies: Bodies | None = None, motion: Motion | None = None
    ) -> tuple[Palms, Hands]:
        self.detector.t = self.landmarks.t = frame.t
        palms = self.detector.process(frame, self.last, motion, bodies)
        self.last = self.landmarks.process(frame, palms)
        return palms, self.last

    def reasons(self) -> list[str]:
        return [instant["reason"] for instant in self.instants]

    def __enter__(self) -> "HandGraph":
        return self

    def __exit__(self, *_: object) -> None:
        self.detector.close()
        self.landmarks.close()


def body(wrist: tuple[float, float], elbow: tuple[float, float], *, t: int = 0) -> Bodies:
    """One body, of which only the right arm is to be seen: wrist and elbow, in pixels."""
    landmarks = np.zeros((1, 35, 4), np.float32)
    landmarks[..., :2] = elbow
    landmarks[0, 16, :2], landmarks[0, 16, 3] = wrist, 0.9
    landmarks[0, [18, 20], :2] = wrist
    return Bodies(
        t,
        landmarks,
        boxes=np.array([[0, 0, 1, 1]], np.float32),
        regions=np.zeros((1, 5), np.float32),
        scores=np.ones(1, np.float32),
        fresh=np.ones(1, bool),
        lost=0,
        world=np.zeros((1, 33, 3), np.float32),
    )
