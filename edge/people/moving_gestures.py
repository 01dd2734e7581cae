"""Gestures that are motions: which hand just completed which, each told once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np

from edge.inference import Model
from edge.people.hand_motion import (
    FORM,
    KNOWN,
    PLACE,
    SECOND,
    SEEN,
    SIZE,
    STEPS,
    HandMotion,
)
from edge.people.hand_shape import FACING, FINGERS, PINCH, TIP
from edge.vision.targets import Floats

MOVING = (
    "none",
    *("swipe_left", "swipe_right", "swipe_up", "swipe_down", "zoom_in", "zoom_out", "tap"),
    *("grab", "release", "wave", "circle_clockwise", "circle_counter_clockwise", "stop"),
)
"""What the classifier tells apart, in its order. A `tap` soon after another is a `double_tap`, a
`release` after a `grab` is a `drag_and_drop`, any other is nothing."""
MADE = 30
"""Of the window's steps, the last, in which a gesture is made: 1.5 s."""
GONE = 5
"""Steps, 0.25 s, after which a hand that wasn't seen may have another shape."""


class MovingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a motion counts."""

    sure: float = 0.6
    """A gesture is told of once it is so likely, on average over `confirm_s`."""
    confirm_s: float = 0.1
    """And two looks: a single one is mistaken more often, and two of 30 a second are alike."""
    over: float = 0.3
    """Less likely than this, for `over_s`, it is over, and the next one is another."""
    over_s: float = 0.06
    rest_s: float = 0.35
    """After a gesture nothing else for so long: hands don't begin the next one sooner."""
    closing_s: float = 0.7
    """Closing the hand so soon after another gesture is no `grab`, but that one's end."""
    double_s: float = 0.8
    """A second tap so soon after the first makes them a double one."""
    drag_s: float = 20.0
    """What was grabbed longer ago isn't dropped any more."""
    stir: float = 0.3
    """The gate: so far, in hands, a palm has to move within a second, or so much its shape has to
    change, before the classifier is asked; a resting hand's landmarks tremble by a tenth."""
    palm: float = 0.5
    """Or the palm looks at the camera by so much: a `stop` is a hand that is still."""
    seen_s: float = 0.25
    """And the hand itself was seen so lately; a wrist alone says little."""
    leap: float = 35.0
    """Hands a second, faster than which none moves: then it is another one that was taken for it.
    The quickest swipes are 25."""
    begun_s: float = 0.4
    """And for so long: what was going on before isn't known of a hand that just came into view."""
    closing: float = 0.5
    """A `grab` or `release` has bent or straightened the fingers by so much, on average; from open
    hand to fist it is 1.4."""
    pinching: float = 0.3
    """A zoom has moved thumb and forefinger by so many hands against each other; 0.5 and more."""
    together: float = 0.7
    """And the other fingers stayed, or all went along: where one moved by so much more than
    another, fingers were spelled or counted."""
    flicking: float = 0.15
    """A `tap` has moved the fingertip by so many hands, or changed the hand's size by as much."""
    forget_s: float = 1.0
    """A hand of which nothing was known for longer is begun anew."""


class Told(NamedTuple):
    name: str
    score: float


@dataclass(slots=True)
class _Hand:
    motion: HandMotion = field(default_factory=HandMotion)
    seen: int = 0
    begun: int = 0
    looks: list[tuple[int, Floats]] = field(default_factory=list)
    """When, and the probabilities then, of the last `confirm_s`."""
    going: str = ""
    """What was told of and isn't over yet, and when it was last likely."""
    likely: int = 0
    told: int = -SECOND * 10
    tapped: int = -SECOND * 10
    grabbed: int | None = None


class MovingGestures:
    """The hands in view, each with its last two seconds."""

    def __init__(self, classifier: Model, settings: MovingSettings) -> None:
        self.classifier = classifier
        self.settings = settings
        self.hands: dict[object, _Hand] = {}

    def see(
        self, key: object, t: int, place: Floats, size: float, shape: Floats, apart: float | None
    ) -> None:
        """Take in a look at a hand at t, µs; arguments as of `HandMotion.see`."""
        hand = self.hands.get(key)
        if hand is None or self._leapt(hand, t, place):
            hand = self.hands[key] = _Hand(begun=t)
        hand.motion.see(t, place, size, shape, apart)
        hand.seen = t

    def guess(self, key: object, t: int, place: Floats, apart: float | None) -> None:
        """Take in where a body's wrist says that a known hand is."""
        hand = self.hands.get(key)
        if hand is not None:
            hand.motion.guess(t, place, apart)

    def told(self, key: object, t: int) -> Iterator[Told]:
        """Yield what the hand under this key has just completed at t, µs."""
        hand = self.hands.get(key)
        if hand is None or hand.motion.t != t:
            return
        window = hand.motion.window(t)
        if not self._stirs(hand, window, t):
            hand.looks.clear()
            return
        # The frame that began `confirm_s` ago is a little older at times.
        since = t - (self.settings.confirm_s + 0.01) * SECOND
        hand.looks = [look for look in hand.looks if look[0] >= since]
        hand.looks.append((t, self.classify(window)))
        told = self._decide(hand, t, window)
        if told is not None:
            yield told

    def classify(self, window: Floats) -> Floats:
        """Return how likely each of `MOVING` is, from a window of `HandMotion`."""
        self.classifier.input(0)[0] = window
        return np.array(self.classifier.invoke()[0][0], np.float32)

    def forget(self, t: int) -> None:
        """Drop the hands that would be begun anew at t."""
        limit = t - self.settings.forget_s * SECOND
        for key in [key for key, hand in self.hands.items() if hand.motion.t < limit]:
            del self.hands[key]

    def close(self) -> None:
        self.classifier.close()

    def _leapt(self, hand: _Hand, t: int, place: Floats) -> bool:
        """Say whether this can't be the hand that it was taken for."""
        if hand.seen != hand.motion.t:
            return False  # meanwhile only a wrist was known, and that not well
        far = float(np.linalg.norm(place - hand.motion.place)) / hand.motion.size
        return far * SECOND > self.settings.leap * (t - hand.seen)

    def _stirs(self, hand: _Hand, window: Floats, t: int) -> bool:
        """Say whether something is going on that may be a gesture."""
        settings = self.settings
        if t - hand.seen > settings.seen_s * SECOND:
            return False
        if t - hand.begun < settings.begun_s * SECOND:
            return False
        if window[-1, FORM][FACING] > settings.palm:
            return True
        late = window[-STEPS // 2 :]
        moved = np.ptp(late[:, PLACE], axis=0).max(), np.ptp(late[:, SIZE])
        fingers = late[:, FORM][:, FINGERS]
        return bool(max(*moved, np.ptp(fingers, axis=0).max() / 2) > settings.stir)

    def _happened(self, name: str, window: Floats) -> bool:
        """Say whether what a gesture is made of was seen to happen: the classifier is asked of
        hands of which little was seen, too."""
        settings = self.settings
        late = window[-MADE:]
        seen = (late[:, SEEN] > 0.5) & (late[:, KNOWN] > 0)
        gone = np.flatnonzero(np.convolve(~seen, np.ones(GONE), "valid") == GONE)
        first = gone[-1] + GONE if len(gone) else 0  # what comes back may be another hand
        late = late[first:][seen[first:]]
        if len(late) < 2:
            return False
        form = late[:, FORM]
        fingers = form[:, FINGERS]
        if name in ("grab", "release"):
            return bool(np.ptp(fingers[:, 1:].mean(axis=1)) > settings.closing)
        if name in ("zoom_in", "zoom_out"):
            others = np.ptp(fingers[:, 2:], axis=0)
            apart = np.ptp(form[:, PINCH])
            return bool(apart > settings.pinching and np.ptp(others) < settings.together)
        if name == "tap":
            flicked = np.ptp(np.column_stack((form[:, TIP], late[:, SIZE])), axis=0).max()
            return bool(flicked > settings.flicking)
        return True

    def _decide(self, hand: _Hand, t: int, window: Floats) -> Told | None:
        settings = self.settings
        mean = np.mean([likely for _, likely in hand.looks], axis=0)
        if hand.going:
            if hand.looks[-1][1][MOVING.index(hand.going)] >= settings.over:
                hand.likely = t
            elif t - hand.likely > settings.over_s * SECOND:
                hand.going = ""
        best = int(mean[1:].argmax()) + 1
        name, score = MOVING[best], float(mean[best])
        if len(hand.looks) < 2 or score < settings.sure or name == hand.going:
            return None
        if not self._happened(name, window):
            return None
        since = t - hand.told
        if since < settings.rest_s * SECOND and not (name == "release" and hand.grabbed):
            return None
        if name == "grab" and since < settings.closing_s * SECOND:
            return None
        return self._tell(hand, t, name, score)

    def _tell(self, hand: _Hand, t: int, name: str, score: float) -> Told | None:
        """Note that a motion is complete, and return what it is called, if anything."""
        settings = self.settings
        hand.going, hand.likely = name, t
        if name == "release":
            grabbed, hand.grabbed = hand.grabbed, None
            if grabbed is None or t - grabbed > settings.drag_s * SECOND:
                return None
            name = "drag_and_drop"
        elif name == "tap" and t - hand.tapped < settings.double_s * SECOND:
            name, hand.tapped = "double_tap", -SECOND * 10
        elif name == "tap":
            hand.tapped = t
        if name == "grab":
            hand.grabbed = t
        hand.told = t
        return Told(name, score)
