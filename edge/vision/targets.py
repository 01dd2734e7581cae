"""Things on their way through the graph: where to look for them, and what was seen there.

Faces, hands and bodies go the same way. A detector, or the landmarks of the preceding frame, says
where one is to be looked for (`Targets`); the landmark model looks there (`Seen`).
"""

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.vision.detection import intersection_over_union

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp] | Mask


@dataclass(frozen=True, slots=True)
class Targets:
    """Where things of one kind are to be looked for in the frame at `t`, n rows, in pixels.

    `boxes` (n, 4): x, y, width, height. `regions` (n, 5): what the landmark model is to see, as in
    `edge.vision.regions`. `scores` (n,): 0 to 1. `followed` (n,): True where the region comes from
    what was seen in the preceding frame, with that frame's box and score, and in its order; these
    rows come first. False where the detector found it, or something else hinted at it.
    """

    t: int
    boxes: Floats
    regions: Floats
    scores: Floats
    followed: Mask

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class Seen:
    """Things of one kind seen in the frame at `t`, n rows, in pixels.

    `landmarks` (n, k, 3 or more): x, y, depth (smaller is nearer) and what else the kind has.
    `boxes` (n, 4): x, y, width, height. `regions` (n, 5): where the same is to be looked for in
    the next frame. `scores` (n,): probability that it is there, 0 to 1. `fresh` (n,): False where
    the model didn't look at this frame and the row was carried here. `lost`: how many of the
    preceding frame weren't found again.
    """

    t: int
    landmarks: Floats
    boxes: Floats
    regions: Floats
    scores: Floats
    fresh: Mask
    lost: int

    def __len__(self) -> int:
        return len(self.scores)


T = TypeVar("T", bound=Targets | Seen)
W = TypeVar("W", bound=Targets)


def select(things: T, rows: Rows) -> T:
    """Return the given rows."""
    parts: dict[str, Any] = {name: part[rows] for name, part in _arrays(things).items()}
    return replace(things, **parts)


def join(a: T, b: T) -> T:
    """Return the rows of both, a's first; all else is a's."""
    others = _arrays(b)
    parts: dict[str, Any] = {
        name: np.concatenate((part, others[name])) for name, part in _arrays(a).items()
    }
    return replace(a, **parts)


def follow(kind: type[W], last: Seen | None, t: int) -> W:
    """Return where what was seen in the preceding frame is to be looked for at `t`."""
    if last is None:
        nothing = np.empty((0, 5), np.float32)
        return kind(t, nothing[:, :4], nothing, nothing[:, 0], np.empty(0, bool))
    return kind(t, last.boxes, last.regions, last.scores, np.ones(len(last), bool))


def newcomers(found: W, known: W, overlap: float, room: int) -> W:
    """Return the largest of what was found and isn't known, as many as there is `room` for.

    `overlap`: two whose regions share more of their area are one.
    """
    shared = intersection_over_union(extents(found.regions), extents(known.regions))
    new = np.flatnonzero(~(shared > overlap).any(axis=1))
    new = new[np.argsort(-found.boxes[new, 2:].prod(axis=1), kind="stable")]
    return select(found, new[: max(room, 0)])


def bounds(points: Floats) -> Floats:
    """Return x, y, width, height (n, 4) of points (n, k, 2 or more)."""
    # Along the memory a minimum is found six times as fast.
    coordinates = np.ascontiguousarray(points[..., :2].swapaxes(1, 2))
    low, high = coordinates.min(axis=2), coordinates.max(axis=2)
    return np.concatenate((low, high - low), axis=1)


def corners(boxes: Floats) -> Floats:
    """Return left, top, right, bottom of boxes (n, 4) of x, y, width, height."""
    return np.concatenate((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]), axis=1)


def sizes(corners: Floats) -> Floats:
    """Return x, y, width, height of left, top, right, bottom (n, 4)."""
    return np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), axis=1)


def centres(boxes: Floats) -> Floats:
    """Return the middles (n, 2) of boxes (n, 4) of x, y, width, height."""
    return boxes[:, :2] + boxes[:, 2:] * np.float32(0.5)


def extents(regions: Floats) -> Floats:
    """Return left, top, right, bottom (n, 4) of regions (n, 5), as if they weren't turned."""
    half = regions[:, 2:4] / 2
    return np.concatenate((regions[:, :2] - half, regions[:, :2] + half), axis=1)


def _arrays(things: Targets | Seen) -> dict[str, NDArray[np.generic]]:
    values = {field.name: getattr(things, field.name) for field in fields(things)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
