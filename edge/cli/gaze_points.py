"""Where somebody seems to look who looks at five points of a screen."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from edge.cli.prepare import load_graph
from edge.errors import UserError
from edge.graph import Result
from edge.io.intrinsics import USUAL_VIEW, Intrinsics, own
from edge.people.eyes import CORNERS
from edge.people.gaze import Display
from edge.people.gaze_correction import GazeCorrection, fitted
from edge.people.head_pose import Matrix, direction
from edge.people.results import Face, FrameResult
from edge.people.view import ray

POINTS = {
    "top left corner": (0.0, 0.0),
    "top right corner": (1.0, 0.0),
    "bottom right corner": (1.0, 1.0),
    "bottom left corner": (0.0, 1.0),
    "middle": (0.5, 0.5),
}
"""Of the screen's width and height."""
SETTLE_S, LOOK_S = 0.3, 1.0
"""Eyes may dart to the keyboard for Enter; so long afterwards they are measured, for so long."""
EYES_BEFORE = 0.0255
"""Metres from a head's origin, whose distance results tell, forward to what eyes turn about."""


class Seen(NamedTuple):
    """`gaze`: yaw and pitch, degrees. `place` (3,): of the eyes, metres, in the camera's axes."""

    gaze: tuple[float, float]
    place: Matrix


Looks = list[Seen | None]
"""One for each picture, None where the eyes weren't seen."""


def measured(
    source: Any,
    live: bool,
    display: Display,
    ask: Callable[[str], None],
    report: Callable[[str], None],
) -> tuple[GazeCorrection, float]:
    """Return what sets a gaze right, and how far it was off before, root mean square, degrees.

    `ask` says where to look and waits until somebody does; a file has to show them looking at all
    points in turn, each for as long. Raises UserError where eyes aren't seen, or points weren't
    looked at.
    """
    looker = Looker(live, report)
    with closing(looker.run(source)) as results:
        parts = _asked(results, looker, ask) if live else _divided(results, looker)
    seen, true = [], []
    for (name, at), looks in zip(POINTS.items(), parts, strict=True):
        eyes = [look for look in looks if look is not None]
        if not eyes or 2 * len(eyes) < len(looks):
            raise UserError(
                f"your eyes weren't seen as you looked at the screen's {name}: have light on your "
                "face, nothing dark before your eyes, and come nearer to the camera"
            )
        seen.append(np.median([look.gaze for look in eyes], axis=0))
        true.append(towards(display, at, np.median([look.place for look in eyes], axis=0)))
    off = np.array(seen) - true
    before = math.sqrt(float((off**2).sum(axis=1).mean()))
    return fitted(np.array(seen), np.array(true)), before


def towards(display: Display, at: tuple[float, float], eyes: Matrix) -> tuple[float, float]:
    """Return yaw and pitch, degrees, of eyes that look at a point of the screen, parts of its width
    and height."""
    x, y = (part * side - own for part, side, own
            in zip(at, display.size, display.camera, strict=True))  # fmt: skip
    # The viewer's right is the camera's left.
    return direction(np.array((-x, y, 0.0)) / 1000 - eyes)


class Looker:
    """Sees where the nearest person looks, by the graph `attention`, without a correction."""

    def __init__(self, live: bool, report: Callable[[str], None]) -> None:
        self.report = report
        self._alone = True
        self._camera = own() if live else None
        self._graph = load_graph("attention")
        self._graph.set("people.landmarks", True)
        self._graph.set("gaze.corrected", False)
        if self._camera is None:
            self._graph.set("gaze.view_deg", math.degrees(USUAL_VIEW))

    def run(self, source: Any) -> Generator[Result, None, None]:
        self._graph.spec.outputs = {"gaze": self._graph.spec.outputs["attention"]}
        with closing(self._graph.run(source, governed=False).items()) as items:
            yield from (item for item in items if isinstance(item, Result))

    def see(self, result: FrameResult) -> Seen | None:
        faces = [person.face for person in result.people if isinstance(person.face, Face)]
        known = [(face.distance_m, face) for face in faces if isinstance(face.distance_m, float)]
        if not known:
            return None
        if len(known) > 1 and self._alone:
            self._alone = False
            self.report(f"{len(known)} faces are in view: the nearest is taken for yours")
        distance, face = min(known, key=lambda pair: pair[0])
        if not isinstance(face.gaze, list) or not isinstance(face.landmarks, list):
            return None
        x, y = np.array(face.landmarks)[CORNERS.ravel(), :2].mean(axis=0).tolist()
        width, height = result.size
        camera = (self._camera or Intrinsics.of_view((width, height))).of((width, height))
        place = ray(camera, x, y, mirrored=False) * (distance - EYES_BEFORE)
        return Seen((face.gaze[0], face.gaze[1]), place)


def _asked(results: Iterator[Result], looker: Looker, ask: Callable[[str], None]) -> list[Looks]:
    """Return what is seen at each point."""
    next(results, None)  # so that all is there before anybody has to look anywhere
    parts: list[Looks] = []
    for name in POINTS:
        ask(f"look at the {name} of the screen, press Enter and keep looking there")
        begin, looks = time.monotonic() + SETTLE_S, Looks()
        for result in results:
            captured = time.monotonic() - (result.age_us or 0) / 1e6
            if captured >= begin:  # what waited meanwhile is older
                looks.append(looker.see(result.value))
            if captured >= begin + LOOK_S:
                break
        parts.append(looks)
    return parts


def _divided(results: Iterator[Result], looker: Looker) -> list[Looks]:
    """Return what is seen in each fifth of a file, but for its first third, when eyes are still on
    their way."""
    looks = [looker.see(result.value) for result in results]
    ends = [round(len(looks) * part / len(POINTS)) for part in range(len(POINTS) + 1)]
    fifths = [looks[a:b] for a, b in pairwise(ends)]
    return [fifth[len(fifth) // 3 :] for fifth in fifths]
