"""Samples: what each model is calibrated with, and, of other people, what it is verified with."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

from calibration.samples import crops, numbers, views, voices
from calibration.samples.crops import Sample
from calibration.samples.sources import CHECKOUT, STORE, Split
from edge.errors import UserError, nearest
from edge.inference.manifest import shipped

__all__ = ["MAKERS", "Sample", "Split", "fingerprint", "samples"]

MAKERS: dict[str, Callable[[str, Split], list[Sample]]] = {
    "face_near": views.of_pictures,
    "face_far": views.of_pictures,
    "palm": views.of_pictures,
    "person": views.of_pictures,
    "face_landmarks_468": crops.of_landmarks,
    "face_landmarks_478": crops.of_landmarks,
    "hand_landmarks_full": crops.of_landmarks,
    "hand_landmarks_lite": crops.of_landmarks,
    "body_landmarks_lite": crops.of_landmarks,
    "body_landmarks_full": crops.of_landmarks,
    "iris": crops.of_irises,
    "blendshapes": numbers.of_blendshapes,
    "gesture_embedder": numbers.of_gesture_embedder,
    "gesture_classifier": numbers.of_gesture_classifier,
    "selfie": views.of_pictures,
    "selfie_landscape": views.of_pictures,
    "objects": views.of_pictures,
    "image_embedding": views.of_pictures,
    "voice_activity": voices.of_activity,
    "voice_embedding": voices.of_embedding,
}
"""Who makes the samples of each model."""
CODE = ("calibration/samples", "edge/vision", "edge/audio")
"""What decides how samples come out: where it changes, they are made again."""


def samples(model: str, split: Split) -> list[Sample]:
    """Return the samples of a model: each the tuple of its inputs, without the batch's dimension.

    A picture is uint8 RGB (H, W, 3) of just the model's size; anything else is float32.
    `split`: "calibration", or "verification", which shares no picture and no person with it.
    The same every time; made once and kept in `.calibration/`. Raises UserError for an unknown
    model, and where the pictures or the float models can't be had.
    """
    if model not in MAKERS:
        raise UserError(f"no samples for '{model}'{nearest(model, MAKERS)}")
    folder = STORE / "samples"
    path = folder / f"{model}.{split}.{_version()}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _save(path, MAKERS[model](model, split))
        for old in set(folder.glob(f"{model}.{split}.*.npz")) - {path}:
            old.unlink(missing_ok=True)
    return _load(path)


def fingerprint(samples: Iterable[Sample]) -> str:
    """Return the sha256 of samples: of every array's type, shape and values, in order."""
    digest = hashlib.sha256()
    for sample in samples:
        for array in sample:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(b"\n")
    return digest.hexdigest()


@cache
def _version() -> str:
    """Return a hash of all that samples depend on, beside the pictures."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in CODE for path in (CHECKOUT / folder).glob("*.py")):
        digest.update(path.read_bytes())
    for variant in shipped().variants():
        if variant.sources:  # a parent: what the workshop makes of it changes no sample
            digest.update(variant.sha256.encode())
    return digest.hexdigest()[:16]


def _save(path: Path, samples: list[Sample]) -> None:
    """Store samples: all of one input stacked into one array."""
    part = path.with_suffix(f".part{os.getpid()}")
    stacked = [np.stack(values) for values in zip(*samples, strict=True)]
    with part.open("wb") as file:
        np.savez_compressed(file, *stacked)
    part.replace(path)


def _load(path: Path) -> list[Sample]:
    try:
        with np.load(path) as file:
            stacked = [file[name] for name in file.files]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is damaged ({error}); delete it") from error
    return list(zip(*stacked, strict=True))
