"""The irises of every face in view."""

import cv2
import numpy as np

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.vision.eyes import CONTOURS, LIDS, MIRRORED, RIM, regions_of_eyes
from edge.vision.faces import Meshes
from edge.vision.models import ModelSettings, open_model
from edge.vision.regions import Cropper, project
from edge.vision.targets import Floats, select

MESH, IRIS = 468, 5


class Irises(Node):
    """Adds the irises to faces of 468 landmarks, and looks closer at what is around the eyes.

    `frame`: any size. `meshes`: faces in it. Output: the same faces with 478 landmarks, in pixels:
    the person's right iris is 468 to 472, the left one 473 to 477, each its middle first, then its
    rim at the right, top, left and bottom. Their depth is the lids'. Faces whose landmarks can't
    be trusted (NaN) stay as they are; one whose irises aren't finite is left out and counted as
    `invalid`. Faces that have irises already pass through.
    """

    class Settings(ModelSettings):
        model: str = "iris"
        contours: bool = True
        """Take lids and brows from this model, too: it sees them four times as large."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = open_model(self.settings.model, self.settings, context, input_range=(0, 1))
        side = self.model.inputs[0].shape[1]
        self.cropper = Cropper(side, side)
        self.mirrored = np.empty((side, side, 3), np.uint8)

    def process(self, frame: Frame, meshes: Meshes) -> Meshes:
        if meshes.landmarks.shape[1] != MESH:
            return meshes
        irises = np.full((len(meshes), 2 * IRIS, 3), np.nan, np.float32)
        landmarks = np.concatenate((meshes.landmarks, irises), axis=1)
        for row in np.flatnonzero(meshes.trusted):
            for eye, region in enumerate(regions_of_eyes(meshes.landmarks[row : row + 1])[0]):
                self._refine(frame, landmarks[row], eye, region)
        ok = ~meshes.trusted | np.isfinite(landmarks).all(axis=(1, 2))
        self.counts["invalid"] += int((~ok).sum())
        seen = Meshes(
            t=meshes.t,
            landmarks=landmarks,
            boxes=meshes.boxes,
            regions=meshes.regions,
            scores=meshes.scores,
            fresh=meshes.fresh,
            lost=meshes.lost,
            trusted=meshes.trusted,
        )
        return seen if ok.all() else select(seen, ok)

    def close(self) -> None:
        self.model.close()

    def _refine(self, frame: Frame, landmarks: Floats, eye: int, region: Floats) -> None:
        """Put what the model sees of an eye into a face's landmarks (478, 3)."""
        rgb, matrix = self.cropper.cut(frame.bgr, region)
        if MIRRORED[eye]:
            rgb = np.asarray(cv2.flip(rgb, 1, dst=self.mirrored), np.uint8)
        self.model.write_picture(rgb)
        contour, iris = (output.reshape(-1, 3)[:, :2] for output in self.model.invoke()[:2])
        if not (np.isfinite(contour).all() and np.isfinite(iris).all()):
            return  # the irises stay NaN
        if MIRRORED[eye]:
            for points in (contour, iris):
                points[:, 0] = self.cropper.size[0] - points[:, 0]
        if self.settings.contours:
            landmarks[CONTOURS[eye], :2] = project(contour, matrix)
        place = MESH + eye * IRIS
        landmarks[place : place + IRIS, :2] = project(iris[list(RIM[eye])], matrix)
        landmarks[place : place + IRIS, 2] = landmarks[CONTOURS[eye, :LIDS], 2].mean()
