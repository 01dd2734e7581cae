"""How right results are when they come out: streaming accuracy.

Li, Wang and Ramanan, "Towards Streaming Perception", ECCV 2020: at each moment of the truth the
newest result that has been emitted by then is compared with it, however old it is; so whoever is
late, or drops frames, is wrong by what has moved meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.realtime import Emission

Floats = NDArray[np.float64]
Things = Mapping[str, Sequence[Sequence[Sequence[float]]]]
Pair = tuple[Things, Things]
KINDS = ("face", "hands", "body")
CLOSE = 0.05
"""Of a thing's box: who is off by no more is said to be right."""
MISSED = 1.0
"""The error of what isn't there at all, or farther away than its own size."""
ROUNDING = 1e-6
"""Of a frame: what comes out in the very instant of the next is compared with that."""
VISIBLE = 0.5
"""A body's landmark that is less visible is a guess on both sides, and compared with none."""


class Score(msgspec.Struct, frozen=True):
    """Errors of one kind of thing, in parts of its box: over all things that truly are there.

    `close`: the share that is off by `CLOSE` at most. `missed`: the share that isn't there.
    """

    things: int
    mean: float
    median: float
    p90: float
    close: float
    missed: float

    @classmethod
    def of(cls, errors: Sequence[float]) -> "Score":
        values = np.array(errors)
        return cls(
            things=len(values),
            mean=float(values.mean()),
            median=float(np.median(values)),
            p90=float(np.percentile(values, 90)),
            close=float((values <= CLOSE).mean()),
            missed=float((values >= MISSED).mean()),
        )


def by_frame(emissions: Iterable[Emission]) -> dict[int, Things]:
    """Return the truth of each frame, from a run that looked at all."""
    return {emission.frame: emission.things for emission in emissions}


def accuracy(
    truth: Mapping[int, Things], runs: Iterable[Sequence[Emission]], fps: float, warm_up: int
) -> dict[str, dict[str, Score]]:
    """Return scores by moment and kind, over all runs. The first `warm_up` frames don't count.

    `truth`: by frame, captured at frame / `fps`. The moments: `capture`, a result against the frame
    that it is about; `emission`, against the newest frame when it comes out; `streaming`, as the
    paper has it.
    """
    runs = list(runs)
    ways = {"capture": at_capture, "emission": at_emission, "streaming": streaming}
    return {
        moment: scores(pair for run in runs for pair in way(truth, run, fps, warm_up))
        for moment, way in ways.items()
    }


def at_capture(
    truth: Mapping[int, Things], emissions: Sequence[Emission], fps: float, warm_up: int
) -> list[Pair]:
    return [(truth[e.frame], e.things) for e in emissions if e.frame >= warm_up]


def at_emission(
    truth: Mapping[int, Things], emissions: Sequence[Emission], fps: float, warm_up: int
) -> list[Pair]:
    last = max(truth)
    return [
        (truth[min(int(emission.at_s * fps + ROUNDING), last)], emission.things)
        for emission in emissions
        if emission.frame >= warm_up
    ]


def streaming(
    truth: Mapping[int, Things], emissions: Sequence[Emission], fps: float, warm_up: int
) -> list[Pair]:
    """Return the newest result at the moment that each frame is captured, and that frame's truth;
    before the first result nothing has been seen."""
    order = sorted(emissions, key=lambda emission: emission.at_s)
    times = np.array([emission.at_s for emission in order])
    pairs: list[Pair] = []
    for frame, true in truth.items():
        newest = int(np.searchsorted(times, frame / fps, "right")) - 1
        if frame >= warm_up:
            pairs.append((true, order[newest].things if newest >= 0 else {}))
    return pairs


def scores(pairs: Iterable[Pair]) -> dict[str, Score]:
    """Return scores by kind of (true, found) things; kinds of which there are none are left out."""
    errors: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for true, found in pairs:
        for kind in KINDS:
            errors[kind] += errors_of(true.get(kind, ()), found.get(kind, ()))
    return {kind: Score.of(values) for kind, values in errors.items() if values}


def mean(found: Mapping[str, Score]) -> float:
    """Return the mean error of all kinds; every kind weighs as much, however many there are."""
    return sum(score.mean for score in found.values()) / len(found)


def errors_of(true: Sequence[object], found: Sequence[object]) -> list[float]:
    """Return each true thing's mean distance from the found one that is nearest and not taken, in
    parts of the true one's box."""
    others = [np.array(each, float) for each in found]
    errors = []
    for each in true:
        landmarks = np.array(each, float)
        distances = [_distance(landmarks, other) for other in others]
        nearest = int(np.argmin(distances)) if distances else -1
        if nearest < 0 or distances[nearest] >= MISSED:
            errors.append(MISSED)
        else:
            errors.append(distances[nearest])
            del others[nearest]
    return errors


def _distance(true: Floats, found: Floats) -> float:
    """Both (k, 2), or (k, 3) with the visibility."""
    seen = true[:, 2] >= VISIBLE if true.shape[1] > 2 else np.ones(len(true), bool)
    if not seen.any():
        seen[:] = True
    box = max(float(np.ptp(true[seen, axis])) for axis in (0, 1))
    apart = np.hypot(*(true[seen, :2] - found[seen, :2]).T)
    return float(apart.mean()) / max(box, 1.0)
