"""Which pixels are people."""

import base64
import functools
import math
import threading
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.budget.levels import LOOKS, OFF, Level, Levelled
from edge.graph.node import Context
from edge.inference import Model
from edge.io.frames import Frame, Picture
from edge.vision.carry import carried_mask, mask_thumbnail
from edge.vision.models import ModelSettings, open_model
from edge.vision.motion import Motion

Mask = NDArray[np.uint8]
SECOND = 1_000_000
WIDE = 1.3
"""Width to height from which on a picture is stretched less by the 16:9 model than by the square
one; at 4:3 the two are even, and the former costs less."""
FLICKER = 50.0
"""Change of a mask, of 255 levels, that is as likely flicker as motion: of pixels that the model
is torn about half change by 23 and a tenth by 65 from noise alone."""
PERSON = 127
"""Above, a pixel is rather person than not."""
CARRIED_LATER = 16
"""A mask that nobody looks at is carried through at most so many frames afterwards: as many
thumbnails are kept for it, 14 kB each."""


class Silhouette:
    """Which pixels of the frame at `t`, µs, are people. `fresh`: False where the model didn't look
    at this frame."""

    __slots__ = ("_carry", "_lock", "_mask", "fresh", "pending", "t")

    def __init__(
        self, t: int, mask: Mask | None, fresh: bool, carry: Callable[[], Mask] | None = None
    ) -> None:
        self.t, self.fresh = t, fresh
        self._mask, self._carry = mask, carry
        self._lock = threading.Lock()
        self.pending = 0
        """Through how many frames it has yet to be carried when somebody looks at it."""

    @property
    def mask(self) -> Mask:
        """(rows, columns), uint8: 255 is person; the whole frame, stretched to the model's own
        resolution. Carried here when it is first looked at: mostly nobody does."""
        with self._lock:
            if self._mask is None:
                assert self._carry is not None
                self._mask, self._carry = self._carry(), None
                self.pending = 0
            return self._mask

    def held(self, t: int) -> "Silhouette":
        """Return the same for another frame, in which nothing has moved."""
        if self.pending:
            return self.carried(t, lambda: self.mask)
        return Silhouette(t, self.mask, fresh=False)

    def carried(self, t: int, carry: Callable[[], Mask]) -> "Silhouette":
        """Return what this becomes in the frame at `t`."""
        silhouette = Silhouette(t, None, fresh=False, carry=carry)
        silhouette.pending = self.pending + 1
        if silhouette.pending > CARRIED_LATER:
            _ = silhouette.mask
        return silhouette


class Silhouettes(Levelled):
    """Tells people from background.

    `frame`: any size. `motion`: where something moves; without it anything may.
    Output: one `Silhouette` for every frame, unless it is disabled. While nothing moves at all the
    model looks but now and then, and the last mask holds. Where the model isn't sure, the mask is
    smoothed over time, but never across a cut, a gap or a change of size. A mask that isn't finite
    is counted as `invalid`, and the last one holds.
    """

    class Settings(ModelSettings):
        model: str = "auto"
        """`selfie_landscape` (144 × 256), `selfie` (256 × 256, at one and a half times the cost),
        or `auto`: by the picture's shape."""
        enabled: bool = True
        """Off, nothing is done and nothing given."""
        every: int = 1
        """The model looks at every so many frames; on those between, its mask is carried along by
        optical flow."""
        smoothing: float = 0.9
        """How much of the last mask stays where the model is torn and has said nearly the same
        (0 to 1): edges flicker by a third less. Where it is sure, or something moves, nothing
        stays, so there is no lag and no ghost."""
        beat_s: float = 1.0
        """Between looks while nothing moves: what moves too slowly to be seen as motion doesn't
        get far in it."""
        stale_s: float = 0.3
        """A mask that is older says nothing about the present one."""

    levels = (*LOOKS, Level(OFF, 1.0))
    weight = 0.5
    rests = False  # whoever wants masks wants one for each frame, and an old one costs nothing
    settings: Settings
    changeable = ("enabled",)

    def open(self, context: Context) -> None:
        super().open(context)
        self.models: dict[str, _Opened] = {}
        self.blend = blending_table(self.settings.smoothing)
        self.last: tuple[Frame, Silhouette] | None = None
        self.looked_at, self.since = 0, 0
        if self.settings.enabled:
            usual = "selfie_landscape" if self.settings.model == "auto" else self.settings.model
            self._model(usual)

    def process(self, frame: Frame, motion: Motion | None) -> Silhouette | None:
        if not self.settings.enabled:
            self.last, self.need, self.wants, self.looked = None, 0.0, False, False
            return None
        last = self._last(frame)
        self.since += 1
        moves = motion is None or bool(motion.moving.any())
        self.need = 0.5 if moves else 0.0
        self.wants = moves or self.t - self.looked_at >= self.settings.beat_s * SECOND
        due = self.since >= self.settings.every if self.turn is None else self.turn
        self.looked = last is None or (due and self.wants)
        if last is not None and not self.looked and not moves:
            silhouette = last.held(self.t)
        elif last is not None and not self.looked:
            assert self.last is not None
            before, now = mask_thumbnail(self.last[0]), mask_thumbnail(frame)
            silhouette = last.carried(self.t, functools.partial(_carried, last, before, now))
        else:
            silhouette = self._look(frame, last)
        self.last = frame, silhouette
        return silhouette

    def close(self) -> None:
        for opened in self.models.values():
            opened.model.close()

    def _last(self, frame: Frame) -> Silhouette | None:
        """Return what was said of the preceding frame, if this one continues it."""
        if self.last is None or frame.still or self.last[0].size != frame.size:
            return None
        last = self.last[1]
        return last if self.t - last.t <= self.settings.stale_s * SECOND else None

    def _look(self, frame: Frame, last: Silhouette | None) -> Silhouette:
        new = self._model(self._name(frame.size)).look(frame.bgr)
        if new is None:
            self.counts["invalid"] += 1
            height, width = self._model(self._name(frame.size)).rgb.shape[:2]
            mask = np.zeros((height, width), np.uint8) if last is None else last.mask
            return Silhouette(self.t, mask, fresh=False)
        self.looked_at, self.since = self.t, 0
        if last is not None:
            new = blended(last.mask, new, self.blend)
        return Silhouette(self.t, new, fresh=True)

    def _name(self, size: tuple[int, int]) -> str:
        if self.settings.model != "auto":
            return self.settings.model
        return "selfie_landscape" if size[0] >= WIDE * size[1] else "selfie"

    def _model(self, name: str) -> "_Opened":
        """Return a model, loaded when it is first needed."""
        if name not in self.models:
            model = open_model(name, self.settings, self.context, input_range=(0, 1))
            height, width = model.inputs[0].shape[1:3]
            buffers = (np.empty((height, width, 3), np.uint8) for _ in range(2))
            self.models[name] = _Opened(model, *buffers)
        return self.models[name]


def _carried(last: Silhouette, before: Picture, now: Picture) -> Mask:
    return carried_mask(last.mask, before, now)


class _Opened(NamedTuple):
    """A model and the buffers of its input."""

    model: Model
    bgr: Picture
    rgb: Picture

    def look(self, bgr: Picture) -> Mask | None:
        """Return the mask of a picture, None where it isn't finite."""
        height, width = self.rgb.shape[:2]
        cv2.resize(bgr, (width, height), dst=self.bgr)
        cv2.cvtColor(self.bgr, cv2.COLOR_BGR2RGB, dst=self.rgb)
        self.model.write_picture(self.rgb)
        mask = self.model.invoke()[0][0, :, :, 0]
        if not math.isfinite(mask.sum()):
            return None
        return cv2.convertScaleAbs(mask, alpha=255).astype(np.uint8, copy=False)


def blending_table(smoothing: float) -> Mask:
    """Return (65536,) what each pair of a new value × 256 + the last one becomes.

    It moves towards the last one by `smoothing` at most, where the new one is half way, for there
    its entropy in bits is 1: by the entropy squared, as in MediaPipe's
    SegmentationSmoothingCalculator, which has a polynomial for it. That alone makes edges lag
    behind what moves; so what has changed by more than the model flickers is left as it is.
    """
    values = np.arange(256)
    p = np.clip(values / 255, 1e-9, 1 - 1e-9)
    entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    change = values - values[:, None]
    weights = smoothing * entropy[:, None] ** 2 * np.exp(-0.5 * (change / FLICKER) ** 2)
    return np.rint(values[:, None] + weights * change).astype(np.uint8).ravel()


def blended(before: Mask, now: Mask, table: Mask) -> Mask:
    """Return `now` with its unsure pixels moved towards `before`; all (rows, columns)."""
    pairs = np.left_shift(now, 8, dtype=np.uint16) | before
    return table.take(pairs, mode="clip")  # no pair is beyond; this way it isn't looked whether


def intersection_over_union(a: Mask, b: Mask) -> float:
    """Return how much of their area two masks of one shape share, 0 to 1; 1 where both are
    empty."""
    in_a, in_b = a > PERSON, b > PERSON
    union = np.count_nonzero(in_a | in_b)
    return np.count_nonzero(in_a & in_b) / union if union else 1.0


def at_size(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask at the size (width, height) of its frame: uint8, (height, width)."""
    return cv2.resize(mask, size).astype(np.uint8, copy=False)


def png_base64(mask: Mask) -> str:
    """Return a mask as an 8-bit PNG in base64, as results have it."""
    _, png = cv2.imencode(".png", mask, (cv2.IMWRITE_PNG_COMPRESSION, 1))
    return base64.b64encode(png.tobytes()).decode()
