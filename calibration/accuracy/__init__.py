"""Accuracy: how far a variant's outputs are from those of its float parent, job by job.

Nobody's hand-made truth is asked: a variant has to do what its parent does. Each figure has the
limit that the variant passes or fails by.
"""

from collections.abc import Callable
from functools import partial

from calibration.accuracy import anchored, detections, landmarks, masks, vectors, voices
from calibration.accuracy.figures import Outputs
from edge.errors import UserError, nearest
from edge.inference.manifest import Accuracy

__all__ = ["MEASURES", "Outputs", "measure"]

MEASURES: dict[str, Callable[[Outputs, Outputs], list[Accuracy]]] = {
    "face_near": partial(detections.measure, detections.DETECTORS["face_near"]),
    "face_far": partial(detections.measure, detections.DETECTORS["face_far"]),
    "palm": partial(detections.measure, detections.DETECTORS["palm"]),
    "person": partial(detections.measure, detections.DETECTORS["person"]),
    "face_landmarks_468": landmarks.of_faces,
    "face_landmarks_478": landmarks.of_faces,
    "iris": landmarks.of_irises,
    "hand_landmarks_full": landmarks.of_hands,
    "hand_landmarks_lite": landmarks.of_hands,
    "body_landmarks_lite": landmarks.of_bodies,
    "body_landmarks_full": landmarks.of_bodies,
    "selfie": masks.of_people,
    "selfie_landscape": masks.of_people,
    "blendshapes": vectors.of_blendshapes,
    "gesture_embedder": vectors.of_embeddings,
    "gesture_classifier": vectors.of_gestures,
    "image_embedding": vectors.of_embeddings,
    "objects": anchored.of_objects,
    "voice_activity": voices.of_activity,
    "voice_embedding": vectors.of_embeddings,
}


def measure(model: str, expected: Outputs, found: Outputs) -> list[Accuracy]:
    """Return the figures of a variant from its outputs and its float parent's for the same samples.

    Raises UserError for an unknown model, ValueError where the numbers of samples differ and
    where the parent sees in no sample what the model is for.
    """
    if model not in MEASURES:
        raise UserError(f"no measure for '{model}'{nearest(model, MEASURES)}")
    if len(expected) != len(found):
        raise ValueError(f"{len(expected)} samples expected, {len(found)} found")
    return MEASURES[model](expected, found)
