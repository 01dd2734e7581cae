"""Samples of the models that look at whole pictures: detectors, masks, objects, embeddings."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from calibration.samples.crops import Place, Sample, found, thinned
from calibration.samples.sources import SCENES, Split, frames, showing, size_of
from calibration.samples.variation import degraded, generator, steady, window
from edge.vision.regions import Cropper, whole


class View(NamedTuple):
    """How a model sees pictures.

    `size`: width and height of its input. `aspects` of the cameras. `kind`: what is in view.
    `reach`: the most times that the picture is as high as that. `letterboxed`: the picture keeps
    its proportions, with black borders; else it is stretched.
    """

    size: tuple[int, int]
    kind: str
    reach: float
    letterboxed: bool = True
    aspects: tuple[float, ...] = (16 / 9, 4 / 3, 1, 3 / 4)


SIDEWAYS = (16 / 9, 4 / 3)
VIEWS = {
    # A face 20 cm high fills a selfie, and a tenth of the picture at 2 m; a fortieth at 5 m.
    "face_near": View((128, 128), "face", reach=8),
    "face_far": View((192, 192), "face", reach=16),
    # From a hand held into the camera to one across a room.
    "palm": View((192, 192), "hand", reach=8),
    "person": View((224, 224), "body", reach=3),
    # Heads and shoulders, at a desk.
    "selfie": View((256, 256), "face", reach=6, letterboxed=False),
    "selfie_landscape": View((256, 144), "face", reach=6, letterboxed=False, aspects=SIDEWAYS),
    "objects": View((320, 320), "body", reach=3, letterboxed=False),
    "image_embedding": View((224, 224), "body", reach=3, letterboxed=False),
}


class Settings(NamedTuple):
    people: int = 224
    """Pictures of people."""
    empty: int = 32
    """Pictures of places without anybody: nothing may be found there."""
    least: float = 0.25
    """Of an empty place's height: the smallest part of it that is shown."""


SETTINGS = Settings()


def of_pictures(model: str, split: Split) -> list[Sample]:
    """Return pictures of people near and far, and some of empty places; half are degraded.

    First every picture as a whole, then parts of them, as a camera nearer to one face, hand or
    body would show it.
    """
    view = VIEWS[model]
    cropper = Cropper(*view.size, edges=False, keep_aspect=view.letterboxed)
    made: list[Sample] = []
    for index, place in enumerate((*_people(view, split), *_empty(view, split))):
        draw = generator(model, split, index)
        rgb = cropper.cut(place.frame.bgr, place.region).rgb
        made.append((degraded(rgb, draw) if draw.uniform() < 0.5 else rgb.copy(),))
    return made


def _people(view: View, split: Split) -> Iterator[Place]:
    pictures = showing(view.kind, split)
    for frame in pictures:
        yield Place(frame, whole(size_of(frame)))
    subjects = thinned([Place(frame, one.followed) for frame, one in found(view.kind, split)])
    for index in range(SETTINGS.people - len(pictures)):
        draw = generator(view.kind, split, index)
        frame, around, _ = subjects[draw.integers(len(subjects))]
        region = window(around, size_of(frame), draw.choice(view.aspects), draw, view.reach)
        yield Place(frame, steady(region))


def _empty(view: View, split: Split) -> Iterator[Place]:
    scenes = frames(SCENES, split)
    for index in range(SETTINGS.empty):
        draw = generator("empty", split, index)
        frame = scenes[index % len(scenes)]
        around = whole(size_of(frame)) * np.array((1, 1, SETTINGS.least, SETTINGS.least, 1))
        region = window(around, size_of(frame), draw.choice(view.aspects), draw, 1 / SETTINGS.least)
        yield Place(frame, steady(region))
