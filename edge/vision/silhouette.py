"""Which pixels are people."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.vision.models import ModelSettings, open_model
from edge.vision.motion import Motion
from edge.vision.regions import Cropper, whole


@dataclass(frozen=True, slots=True)
class Silhouette:
    """Which pixels of the frame at `t` are people.

    `mask` (rows, columns), uint8: 255 is person; the whole frame, at the model's own resolution
    and proportions. `fresh`: False where the model didn't look at this frame.
    """

    t: int
    mask: NDArray[np.uint8]
    fresh: bool


class Silhouettes(Node):
    """Tells people from background.

    `frame`: any size. `motion`: where something moves; without it anything may.
    Output: one `Silhouette` for every frame.
    """

    class Settings(ModelSettings):
        model: str = "selfie_landscape"
        """`selfie_landscape` (144 × 256) or `selfie` (256 × 256), at twice the cost."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = open_model(self.settings.model, self.settings, context, input_range=(0, 1))
        height, width = self.model.inputs[0].shape[1:3]
        self.cropper = Cropper(width, height)

    def process(self, frame: Frame, motion: Motion | None) -> Silhouette:
        rgb, _ = self.cropper.cut(frame.bgr, whole(frame.size))
        self.model.write_picture(rgb)
        (mask,) = self.model.invoke()
        return Silhouette(self.t, (mask[0, :, :, 0] * 255).astype(np.uint8), fresh=True)

    def close(self) -> None:
        self.model.close()
