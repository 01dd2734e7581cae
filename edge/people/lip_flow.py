"""How the lower face moves where landmarks fail: turned away, small, half hidden."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.targets import Floats

SIDE = 48
"""Pixels of the crop that flow is computed in; a mouth opens by three of them."""
AROUND = 1.15
"""Side of the crop in the face's height."""
STILL = (slice(6, 24), slice(8, 40))
"""Rows and columns of eyes and forehead: what moves there is the head."""
ROWS = 4
"""Of the lower face, from the upper lip to below the chin, each as wide as the crop: where in a row
the mouth is depends on how the head is turned."""
LOWER = slice(26, 46)


class LipFlow:
    """One face's lower part, followed by dense optical flow (Kroeger et al., 2016: DIS).

    How far each row has gone down since it was first seen, against the upper face, in hundredths of
    the face's height: summed up, so that it can be looked at at any rate of frames.
    """

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(0)
        self._field = np.zeros((SIDE, SIDE, 2), np.float32)
        self._before: NDArray[np.uint8] | None = None
        self._gone = np.zeros(ROWS, np.float32)

    def see(self, grey: NDArray[np.uint8], box: list[float]) -> Floats:
        """Return how far the rows have gone, (4,). `grey`: the picture. `box`: of the face."""
        crop = face_crop(grey, box)
        if self._before is not None:
            self._field[:] = 0  # what was found before isn't where to begin
            self._flow.calc(self._before, crop, self._field)
            self._gone = self._gone + lowered(self._field)
        self._before = crop
        return self._gone


def face_crop(grey: NDArray[np.uint8], box: list[float]) -> NDArray[np.uint8]:
    x, y, width, height = box
    scale = SIDE / max(AROUND * height, 1.0)
    middle = SIDE / 2 - scale * (x + width / 2), SIDE / 2 - scale * (y + height / 2)
    matrix = np.array(((scale, 0, middle[0]), (0, scale, middle[1])), np.float32)
    return cv2.warpAffine(
        grey, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )  # type: ignore[return-value]


def lowered(flow: Floats) -> Floats:
    """Return how far each row went down, (4,), in hundredths of the face's height."""
    down = flow[..., 1]
    rows = down[LOWER].reshape(ROWS, -1).mean(axis=1) - np.median(down[STILL])
    return np.asarray(rows * (100 * AROUND / SIDE), np.float32)
