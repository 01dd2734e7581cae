"""Which camera a picture is taken to be from."""

import math
from pathlib import Path

import numpy as np

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.io.intrinsics import USUAL_VIEW, Intrinsics, own, read
from edge.people.head_pose import Matrix

PHOTO_VIEW = math.radians(24)
"""What the longer side of a photo sees: a portrait lens (85 mm on 35 mm film); and most are
cropped. A face beside its middle is then turned about as it seems."""


class ViewSettings(Node.Settings):
    """The options of nodes that need to know what the camera sees."""

    camera: str | None = None
    """A file that `edge calibrate camera` wrote. By default this device's own in real time;
    for clips the usual camera, 66° along the longer side; for single pictures a portrait
    lens, 24°."""
    view_deg: float | None = None
    """What the longer side of the picture sees, where that is known and no file is there."""


class View:
    """The intrinsics of every picture."""

    def __init__(self, settings: ViewSettings, context: Context) -> None:
        """Raises UserError where the settings' file is none."""
        self.angle = None if settings.view_deg is None else math.radians(settings.view_deg)
        self.known: Intrinsics | None = None
        if settings.camera is not None:
            self.known = read(Path(settings.camera).expanduser())
        elif context.live and self.angle is None:
            self.known = own()
        self._made: dict[tuple[tuple[int, int], bool], Intrinsics] = {}

    def of(self, frame: Frame) -> Intrinsics:
        key = frame.size, frame.still
        if key not in self._made:
            usual = self.angle or (PHOTO_VIEW if frame.still else USUAL_VIEW)
            self._made[key] = (
                Intrinsics.of_view(frame.size, usual)
                if self.known is None
                else self.known.of(frame.size)
            )
        return self._made[key]


def ray(camera: Intrinsics, x: float, y: float, mirrored: bool) -> Matrix:
    """Return the way (3,), of length 1, from the camera to what is at a pixel; of a mirrored
    picture as if it weren't."""
    across = (x - camera.centre[0]) / camera.focal
    way = np.array((-across if mirrored else across, (y - camera.centre[1]) / camera.focal, 1.0))
    return np.asarray(way / np.linalg.norm(way))
