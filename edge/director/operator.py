"""A camera operator: follows a shot calmly, and cuts where following would be a whip pan."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.director.shots import Box

State = NDArray[np.float64]
"""Of a crop: x and y of its middle, and its height, pixels."""


class OperatorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an operator moves; lengths in heights of the crop, so that a close shot moves as slowly,
    to the eye, as a wide one."""

    dead_band: float = 0.08
    """What is off by less isn't followed: people sway."""
    settled: float = 0.02
    """And once it moves, it goes on until it's so near."""
    hold_s: float = 0.8
    """A shot has to be off for so long: who leans over comes back."""
    speed: float = 0.35
    """Heights a second at most; a pan that takes three seconds over the picture's width is calm."""
    acceleration: float = 0.5
    """Heights a second, each second: more than half of one to get going, and to stop."""
    cut: float = 1.2
    """Heights: what is farther off is cut to; to pan there shows nobody for seconds."""
    cut_hold_s: float = 0.6
    """But not before it has been there for so long."""


class Operator:
    """Where the crop is: its middle and height move together, with bounded speed and
    acceleration."""

    def __init__(self, size: tuple[int, int], aspect: float, settings: OperatorSettings) -> None:
        """`size`: the picture's width and height. `aspect`: the crop's width over its height."""
        self.size, self.aspect, self.settings = size, aspect, settings
        self.cut_now = False
        """Whether the last crop doesn't continue the one before."""
        self._state: State | None = None
        self._velocity = np.zeros(3)
        self._t = 0.0
        self._off_since: float | None = None
        self._moving = False

    def follow(
        self, t: float, wanted: Box, bounds: Box | None = None, scene_cut: bool = False
    ) -> Box:
        """Return the crop at t, s. `bounds`: of the heads that the shot is of; where one is cut off
        nothing is waited for. `scene_cut`: the picture itself was cut, so nothing is held."""
        passed, self._t = t - self._t, t
        x, y, width, height = wanted
        target = np.array((x + width / 2, y + height / 2, height))
        self.cut_now = self._state is None or scene_cut
        if self._state is None or scene_cut:
            return self._cut(target)
        off = (target - self._state) / self._state[2]
        far = float(np.linalg.norm(off))
        if bounds is not None and far <= self.settings.cut and not holds(self._crop(), bounds):
            self._moving = True
        if not self._decide(t, far):
            self.cut_now = True
            return self._cut(target)
        self._move(passed, off, far)
        return self._crop()

    def _decide(self, t: float, far: float) -> bool:
        """Begin to move, or end it; say whether the shot can be followed, else it is cut to."""
        settings = self.settings
        if self._moving:
            self._moving = far > settings.settled
            self._off_since = t if self._moving else None
        elif far <= settings.dead_band:
            self._off_since = None
        elif self._off_since is None:
            self._off_since = t
        elif far > settings.cut:
            return t - self._off_since < settings.cut_hold_s
        else:
            self._moving = t - self._off_since >= settings.hold_s
        return True

    def _move(self, passed: float, off: State, far: float) -> None:
        """Change speed towards what can still be stopped from: v² = 2 a s."""
        settings = self.settings
        assert self._state is not None
        way = off / max(far, 1e-9) if self._moving else np.zeros(3)
        wanted = way * min(settings.speed, math.sqrt(2 * 0.8 * settings.acceleration * far))
        change = wanted - self._velocity
        most = settings.acceleration * passed
        self._velocity += change * min(1.0, most / max(float(np.linalg.norm(change)), 1e-9))
        before = self._state
        self._state = self._within(before + self._velocity * passed * before[2])
        # Where the picture ends a crop that grows is pushed aside, and that isn't to be a jerk.
        # Half way between two crops that are within the picture is one, too.
        step = self._state - before
        most = settings.speed * passed * before[2]
        self._state = before + step * min(1.0, most / max(float(np.linalg.norm(step)), 1e-9))

    def _cut(self, target: State) -> Box:
        self._state = self._within(target)
        self._velocity[:] = 0
        self._moving, self._off_since = False, None
        return self._crop()

    def _within(self, state: State) -> State:
        """Return the nearest crop that is wholly within the picture."""
        whole_width, whole_height = self.size
        x, y, height = state.tolist()
        height = min(height, whole_height, whole_width / self.aspect)
        half = height * self.aspect / 2, height / 2
        x = min(max(x, half[0]), whole_width - half[0])
        y = min(max(y, half[1]), whole_height - half[1])
        return np.array((x, y, height))

    def _crop(self) -> Box:
        assert self._state is not None
        x, y, height = self._state.tolist()
        width = height * self.aspect
        return x - width / 2, y - height / 2, width, height


def holds(crop: Box, box: Box) -> bool:
    """Whether a box is whole in a crop."""
    x, y, width, height = box
    left, top, wide, high = crop
    return left <= x and top <= y and x + width <= left + wide and y + height <= top + high
