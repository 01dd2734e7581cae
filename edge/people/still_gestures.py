"""What a hand that is held still says: the model's answer, checked against the hand's shape."""

import math
from dataclasses import dataclass

import msgspec
import numpy as np

from edge.inference import Model
from edge.people.hand_shape import FACING, FINGERS, hand_size
from edge.people.taught_gestures import Taught, descriptor
from edge.vision.hands import Hands
from edge.vision.targets import Floats

CANNED = (
    *("none", "closed_fist", "open_palm", "pointing_up", "thumb_down", "thumb_up", "victory"),
    "i_love_you",
)
"""What the classifier tells apart, in its order (model card "Hand Gesture Classification")."""
DEPTH = 0.4
"""The model's depth is in so many of the picture's pixels."""


class StillSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What fingers look like in each gesture; straightness as in `edge.people.hand_shape`."""

    straight: float = 0.3
    """Between a straight finger's 0.7 and a bent one's -0.7, nearer the first: a finger that points
    at the camera seems bent only half."""
    thumb_out: float = 0.55
    """In hand sizes from the nearest joint of the fist: a thumb that lies on it is within 0.3."""
    upright: float = 0.55
    """Of a finger's length, how much goes up (or down): within 57°."""
    facing: float = 0.5
    """Of the palm to the camera: with the hand's edge to it, it is no open palm."""
    otherwise: float = 0.2
    """The least that shape speaks for none: the model has its say, too."""
    show: float = 0.5
    """From this probability on, held over `settle_s`, a gesture is shown."""
    settle_s: float = 0.12
    """Over so long probabilities are averaged: four frames of 30 a second, in which a hand on its
    way from one shape to another passes through others."""
    keep: float = 0.3
    """A gesture stays until it is less likely than this, or another is shown."""
    forget_s: float = 0.5
    """A hand that wasn't seen for longer is begun anew."""


@dataclass(slots=True)
class _Shown:
    t: int
    odds: dict[str, float]
    name: str = "none"


class StillGestures:
    """Says what each hand shows, smoothed over time."""

    def __init__(self, embedder: Model, classifier: Model, taught: Taught | None,
                 settings: StillSettings) -> None:  # fmt: skip
        self.embedder, self.classifier = embedder, classifier
        self.taught = taught
        self.settings = settings
        self._shown: dict[object, _Shown] = {}

    def look(self, hands: Hands, row: int, shape: Floats) -> dict[str, float]:
        """Return how likely each gesture is from this look alone; `shape` (12,): the hand's, as of
        `edge.people.hand_shape`."""
        landmarks, right = hands.landmarks[row], float(hands.right[row])
        seems = self._canned(landmarks, hands.world[row], right) * self._fits(landmarks, shape)
        seems /= max(float(seems.sum()), 1e-9)
        found = dict(zip(CANNED, seems.tolist(), strict=True))
        if self.taught is not None:
            name, score = self.taught.recognize(
                descriptor(landmarks, hands.world[row], right > 0.5)
            )
            if name is not None:
                found = {other: (1 - score) * p for other, p in found.items()}
                found[name] = score + found.get(name, 0.0)
        return found

    def follow(
        self, key: object, t: int, seems: dict[str, float], still: bool
    ) -> tuple[str, float]:
        """Return what the hand under this key shows at t, µs, and how likely that is."""
        settings = self.settings
        shown = self._shown.get(key)
        if still or shown is None or t - shown.t > settings.forget_s * 1e6:
            shown = self._shown[key] = _Shown(t, dict(seems))
        else:
            new = np.float64(1 - math.exp((shown.t - t) / (settings.settle_s * 1e6)))
            for name in {*shown.odds, *seems}:
                last = shown.odds.get(name, 0.0)
                shown.odds[name] = last + float(new) * (seems.get(name, 0.0) - last)
            shown.t = t
        gestures = [name for name in shown.odds if name != "none"]
        best = max(gestures, key=lambda name: shown.odds[name])
        if shown.odds[best] >= settings.show:
            shown.name = best
        elif shown.odds.get(shown.name, 0.0) < settings.keep:
            shown.name = "none"
        return shown.name, min(1.0, shown.odds.get(shown.name, 0.0))

    def forget(self, t: int) -> None:
        """Drop hands that would be begun anew at t."""
        limit = t - self.settings.forget_s * 1e6
        for key in [key for key, shown in self._shown.items() if shown.t < limit]:
            del self._shown[key]

    def close(self) -> None:
        self.embedder.close()
        self.classifier.close()

    def _canned(self, landmarks: Floats, world: Floats, right: float) -> Floats:
        """Return what the two models say, (8,); inputs as in MediaPipe's gesture recognizer."""
        points = landmarks * np.array((1, 1, 1 / DEPTH), np.float32)
        self.embedder.input(0)[:] = _from_wrist(points)
        self.embedder.input(1)[:] = 1 - right
        self.embedder.input(2)[:] = _from_wrist(world)
        self.classifier.input(0)[:] = self.embedder.invoke()[0]
        return np.array(self.classifier.invoke()[0][0], np.float32)

    def _fits(self, landmarks: Floats, shape: Floats) -> Floats:
        """Return how well the hand's shape fits each gesture, (8,), 0 to 1.

        The model takes resting hands for thumbs and pointing fingers; what it says counts only as
        far as those fingers are straight, or bent, and point where they should.
        """
        settings = self.settings
        straight = _above(shape[FINGERS][1:], settings.straight, 8)
        index, middle, ring, little = straight.tolist()
        bent = float((1 - straight).prod())
        size = hand_size(landmarks)
        off = np.linalg.norm(landmarks[[5, 6, 9, 10]] - landmarks[4], axis=1).min() / size
        out = float(_above(off, settings.thumb_out, 14))
        thumb, finger = (_rise(landmarks, *ends) for ends in ((2, 4), (5, 8)))
        up, down, raised = (
            float(_above(value, settings.upright, 12)) for value in (thumb, -thumb, finger)
        )
        open_ = float(straight.prod()) * float(_above(shape[FINGERS][0], 1.0, 8))
        fits = np.array(
            (
                0,
                bent * (1 - out),
                open_ * float(_above(abs(shape[FACING]), settings.facing, 12)),
                index * (1 - middle) * (1 - ring) * (1 - little) * raised,
                bent * out * down,
                bent * out * up,
                index * middle * (1 - ring) * (1 - little),
                index * (1 - middle) * (1 - ring) * little * out,
            ),
            np.float32,
        )
        fits[0] = max(settings.otherwise, 1 - float(fits.max()))
        return fits


def _from_wrist(points: Floats) -> Floats:
    """Return points (1, 21, 3) from the wrist, the longer side of the hand's box being 1."""
    placed = points - points[0]
    return placed[None] / max(float(np.ptp(placed[:, :2], axis=0).max()), 1e-6)


def _rise(points: Floats, base: int, tip: int) -> float:
    """Return how much of a finger's length goes up in the picture, -1 to 1."""
    along = points[tip] - points[base]
    return -float(along[1]) / max(float(np.linalg.norm(along)), 1e-6)


def _above(value: Floats | float, limit: float, slope: float) -> Floats:
    """Return about 1 above the limit, about 0 below."""
    return np.asarray(
        1 / (1 + np.exp(-slope * (np.asarray(value, np.float64) - limit))), np.float32
    )
