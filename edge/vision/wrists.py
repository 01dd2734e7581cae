"""Hands on the wrists of known bodies: which are missing, where to look for them, and when."""

from typing import NamedTuple

import numpy as np

from edge.vision.bodies import Bodies
from edge.vision.hands import PALM_SCALE, Palms
from edge.vision.motion import Motion
from edge.vision.regions import upright_angles
from edge.vision.targets import Floats, Mask, corners, extents

SECOND = 1_000_000
SHOULDERS, ELBOWS, WRISTS, HIPS = (11, 12), (13, 14), (15, 16), (23, 24)
LITTLE_FINGERS, INDEX_FINGERS = (17, 18), (19, 20)
"""Landmarks of a body, the left one first."""


class Settings(NamedTuple):
    visibility: float = 0.5
    """A wrist that is more likely hidden than seen isn't looked at."""
    side: float = 0.9
    """Of the region that a hand is looked for in, in forearms; the hand itself is about 0.7."""
    shift: float = 0.3
    """From the wrist to the middle of the hand, in forearms."""
    forearm: float = 0.2
    """How much the forearm's direction counts beside that of the body's own finger points: these
    are coarse, and have no direction where they lie on the wrist."""
    neighbourhood: float = 3.2
    """Side of what is searched around a wrist, in forearms: so far off a wrist may be that was
    guessed from a body that the picture's border cuts."""
    smallest: float = 22.0
    """Of a forearm, pixels: a hand of less than a dozen pixels has no fingers to be told apart."""
    first_s: float = 0.1
    """Between the first look in vain and the next; twice as long after each that follows."""
    moving_s: float = 0.8
    """At most, while something moves there: a hand comes out of a pocket no more often."""
    still_s: float = 2.0
    """At most, while nothing moves."""


SETTINGS = Settings()


NOWHERE = np.empty((0, 5), np.float32)


class Search(NamedTuple):
    """What to do about missing hands.

    `guesses`: where the landmark model is to look itself. `regions` (n, 5): where the palm detector
    is to look. `settled` (n, 4): left, top, right, bottom of the bodies that miss no hand.
    """

    guesses: Palms
    regions: Floats
    settled: Floats


class Wrists:
    """Says, frame by frame, on which wrists a hand is to be looked for.

    The landmark model looks first, where the forearm points: that is half of the cost of the palm
    detector, and where a body is seen whole it finds hands of 20 pixels. Was that in vain, the palm
    detector looks around the wrist next time; and so on in turn, more and more seldom.
    """

    def __init__(self) -> None:
        self._tries: dict[int, tuple[int, int]] = {}  # wrist: how many looks in vain, and the last

    def search(self, t: int, bodies: Bodies, known: Palms, motion: Motion | None) -> Search:
        """Return where to look at `t`, and count it as done."""
        if not len(bodies):
            self._tries = {}
            return Search(_palms(t, NOWHERE), NOWHERE, NOWHERE[:, :4])
        regions, seen = regions_of_wrists(bodies.landmarks)
        missing = seen & ~held(regions, known.regions)
        moving = np.ones(len(missing), bool) if motion is None else motion.inside(extents(regions))
        before = self._tries
        self._tries = {row: before.get(row, (0, 0)) for row in np.flatnonzero(missing).tolist()}
        due: tuple[list[int], list[int]] = ([], [])
        for row, (count, looked_at) in self._tries.items():
            most = SETTINGS.moving_s if moving[row] else SETTINGS.still_s
            wait = min(SETTINGS.first_s * 2 ** min(count - 1, 10), most)
            if count == 0 or t - looked_at >= wait * SECOND:
                due[count % 2].append(row)
                self._tries[row] = count + 1, t
        around = regions[due[1]]
        around[:, 2:4] *= SETTINGS.neighbourhood / SETTINGS.side
        around[:, 4] = 0
        settled = ~missing.reshape(-1, 2).any(axis=1)
        return Search(_palms(t, regions[due[0]]), around, corners(bodies.boxes[settled]))


def regions_of_wrists(landmarks: Floats) -> tuple[Floats, Mask]:
    """Return where the hands of bodies should be, and whether they can be seen there.

    `landmarks` (n, 33 or more, 4). Square regions (2n, 5), left and right hand of each body in
    turn, turned so that the fingers point up; and (2n,) whether there is a hand to be seen.
    """
    points = landmarks[..., :2]
    wrists, elbows = points[:, WRISTS], points[:, ELBOWS]
    shoulders, hips = points[:, SHOULDERS], points[:, HIPS]
    fingers = (points[:, LITTLE_FINGERS] + points[:, INDEX_FINGERS]) / 2
    forearms = wrists - elbows
    along = fingers - wrists + np.float32(SETTINGS.forearm) * forearms
    along /= np.maximum(_length(along), 1e-3)[..., None]
    # An arm that points at the camera looks short; how long it is shows in the trunk.
    across = _length(shoulders[:, 0] - shoulders[:, 1])
    down = _length(shoulders.mean(axis=1) - hips.mean(axis=1))
    trunk = np.maximum(0.6 * across, 0.5 * down)
    lengths = np.maximum(_length(forearms), trunk[:, None])[..., None]
    middles = wrists + along * lengths * SETTINGS.shift
    angles = upright_angles(wrists.reshape(-1, 2), (wrists + along).reshape(-1, 2))
    sides = (lengths * SETTINGS.side).reshape(-1)
    regions = np.column_stack((middles.reshape(-1, 2), sides, sides, angles)).astype(np.float32)
    seen = landmarks[:, WRISTS, 3] >= SETTINGS.visibility
    return regions, (seen & (lengths[..., 0] >= SETTINGS.smallest)).reshape(-1)


def held(wanted: Floats, known: Floats) -> Mask:
    """Return (m,) in which regions (m, 5) there is a hand of the known regions (n, 5).

    The nearest first, and each hand once: of two clasped ones that are seen as one, one is missing.
    """
    taken = np.zeros(len(wanted), bool)
    apart = _length(wanted[:, None, :2] - known[None, :, :2])
    reach = np.maximum(wanted[:, None, 2], known[None, :, 2]) / 2
    apart = np.where(apart < reach, apart, np.inf)
    for _ in range(min(apart.shape)):
        row, column = np.unravel_index(apart.argmin(), apart.shape)
        if apart[row, column] == np.inf:
            break
        taken[row] = True
        apart[row], apart[:, column] = np.inf, np.inf
    return taken


def _palms(t: int, regions: Floats) -> Palms:
    sides = regions[:, 2:4] / PALM_SCALE
    boxes = np.concatenate((regions[:, :2] - sides / 2, sides), axis=1)
    scores = np.full(len(regions), SETTINGS.visibility, np.float32)
    return Palms(t, boxes, regions, scores, np.zeros(len(regions), bool))


def _length(vectors: Floats) -> Floats:
    return np.hypot(vectors[..., 0], vectors[..., 1])
