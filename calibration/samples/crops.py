"""Samples of the models that look at one face, eye, hand or body."""

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.samples import subjects
from calibration.samples.sources import SCENES, Frame, Split, frames, showing
from calibration.samples.subjects import Subject, cropper, landmarks, parent
from calibration.samples.variation import degraded, generator, steady, strayed
from edge.vision.eyes import MIRRORED, regions_of_eyes

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Sample = tuple[NDArray[Any], ...]
"""A model's inputs."""


class Settings(NamedTuple):
    positives: int = 224
    """Crops of the thing itself: with 200, a point of agreement is two of them."""
    negatives: int = 32
    """Crops of anything else: the ranges must hold there too, and presence must say no."""
    each: int = 10
    """Places taken from one clip at most, so that few people don't outweigh many."""
    empty: float = 0.25
    """Of the picture's shorter side: the smallest crop of a scene."""
    narrow: float = 24.0
    """Pixels: in the region of an eye that is smaller, ten for the eye, no iris is to be seen."""


SETTINGS = Settings()
FINDERS: dict[str, Callable[[Picture], list[Subject]]] = {
    "face": subjects.find_faces,
    "hand": subjects.find_hands,
    "body": subjects.find_bodies,
}


class Place(NamedTuple):
    """Where in a picture there is something to look at."""

    frame: Frame
    region: Floats
    mirrored: bool = False


@functools.cache
def found(kind: str, split: Split) -> list[tuple[Frame, Subject]]:
    """Return all faces, hands or bodies of one side's pictures."""
    find = FINDERS[kind]
    return [(frame, one) for frame in showing(kind, split) for one in find(frame.bgr)]


def of_landmarks(model: str, split: Split) -> list[Sample]:
    """Return crops for a face, hand or body landmark model, with and without one in them.

    Half of them lie where the detector would have the model look, half where the landmarks of
    the preceding frame would.
    """
    kind, side = model.partition("_")[0], parent(model).inputs[0].shape[1]
    places = [
        Place(frame, region)
        for frame, one in found(kind, split)
        for region in (one.found, one.followed)
    ]
    return [
        *_cut(model, split, thinned(places), side, SETTINGS.positives),
        *_cut(model, split, _nothing(model, split), side, SETTINGS.negatives),
    ]


def of_irises(model: str, split: Split) -> list[Sample]:
    """Return crops of eyes: the left ones mirrored, as the model knows right ones only.

    There are none without an eye, since the model never says that it sees none.
    """
    places = []
    for frame, face in found("face", split):
        points, _, _ = landmarks("face_landmarks_478", frame.bgr, face.followed)
        for eye, mirrored in zip(regions_of_eyes(points[None])[0], MIRRORED, strict=True):
            if eye[2] >= SETTINGS.narrow:
                places.append(Place(frame, steady(eye), mirrored))
    side = parent("iris").inputs[0].shape[1]
    return list(_cut("iris", split, thinned(places), side, SETTINGS.positives))


def looks(kind: str, split: Split) -> Iterator[Place]:
    """Yield as many places of a kind as there are samples: as they are found, then strayed."""
    places = thinned([Place(frame, one.followed) for frame, one in found(kind, split)])
    for index in range(SETTINGS.positives):
        place = places[index % len(places)]
        if index >= len(places):
            draw = generator(kind, split, index)
            place = place._replace(region=steady(strayed(place.region, draw)))
        yield place


def _cut(model: str, split: Split, places: list[Place], side: int, number: int) -> Iterator[Sample]:
    """Yield crops of the places in turn, half of them degraded.

    Only where there are fewer places than samples wanted is a place seen again: strayed, and half
    of the time mirrored.
    """
    cut = cropper(side)
    for index in range(number):
        draw = generator(model, split, index, len(places))
        place = places[index % len(places)]
        again = index >= len(places)
        region = strayed(place.region, draw) if again else place.region
        rgb = cut.cut(place.frame.bgr, region).rgb
        # An iris is mirrored for the model's sake already.
        flip = place.mirrored if model == "iris" else again and draw.uniform() < 0.5
        rgb = rgb[:, ::-1] if flip else rgb
        yield (degraded(rgb, draw) if draw.uniform() < 0.5 else rgb.copy(),)


def thinned(places: list[Place]) -> list[Place]:
    """Return at most as many places as there are samples, evenly, and at most some of each clip."""
    files = defaultdict(list)
    for place in places:
        files[place.frame.name.partition(":")[0]].append(place)
    kept = []
    for some in files.values():
        clip = ":" in some[0].frame.name
        kept += _even(some, SETTINGS.each) if clip else some
    return _even(kept, SETTINGS.positives)


def _nothing(model: str, split: Split) -> list[Place]:
    """Return square regions of scenes in which the float model sees nothing either.

    What it takes for a body there is none, and how it lays it out means nothing.
    """
    scenes = frames(SCENES, split)
    draw = generator(model, split, "nothing")
    places: list[Place] = []
    while len(places) < SETTINGS.negatives:
        place = _anywhere(scenes[len(places) % len(scenes)], draw)
        _, _, score = landmarks(model, place.frame.bgr, place.region)
        if score < subjects.SETTINGS.present:
            places.append(place)
    return places


def _even(places: list[Place], number: int) -> list[Place]:
    if len(places) <= number:
        return places
    return [places[index * len(places) // number] for index in range(number)]


def _anywhere(frame: Frame, draw: np.random.Generator) -> Place:
    """Return a square region anywhere in a picture, turned as may be."""
    height, width = frame.bgr.shape[:2]
    side = min(height, width) * draw.uniform(SETTINGS.empty, 1)
    region = (*(draw.uniform(0.2, 0.8, 2) * (width, height)), side, side)
    return Place(frame, steady(np.array((*region, draw.uniform(-math.pi, math.pi)))))
