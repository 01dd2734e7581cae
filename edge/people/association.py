"""Which face, body and hands are one human's, in one frame.

Costs are plain functions of landmarks, in units of the parts' own sizes; what was joined a moment
ago is favoured. Below the limits any pair is possible, and those are taken that cost least
together.
"""

import math

import msgspec
import numpy as np

from edge.people.assignment import FORBIDDEN, Costs, assigned
from edge.vision.bodies import Bodies
from edge.vision.faces import KEYPOINTS, Meshes
from edge.vision.hands import Hands
from edge.vision.targets import Floats, Mask, centres

HEAD = np.array([[5, 5], [2, 2], [0, 0], [9, 10], [8, 8], [7, 7]])
"""Pairs of a body's landmarks whose middle is what `KEYPOINTS` are of a face: right eye, left eye,
nose, mouth, right ear, left ear."""
SHOULDERS, WRISTS = [11, 12], [15, 16]
"""A body's landmarks, its left one first."""


class AssociationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes of faces and heads are roots of their boxes' areas, about 0.17 m; that of a hand is
    the longer side of its box."""

    head_apart: float = 0.6
    """So far, in sizes, a body's eyes, nose, mouth and ears are from the face's at most: those of
    one person measure below 0.15, heads that touch are more than 0.9 apart."""
    head_ratio: float = 2.5
    """A body's head is guessed from few points: its size may be wrong by that."""
    wrist_apart: float = 0.9
    """How far a hand's own wrist may be from the body's, in sizes of the hand: they measure 0.1 to
    0.4 apart, more in fast motion. The other hand of folded arms is one off."""
    wrist_apart_held: float = 1.5
    """The same for a hand that was on this wrist a moment ago."""
    visible: float = 0.5
    """A wrist that is rather hidden than seen says nothing of where the hand is."""
    shoulder_hand: float = 0.45
    """Length of a hand in widths of the shoulders, 0.19 m in 0.4 m."""
    reach: float = 4.6
    """How far a hand gets from the face's middle, in heights of the face of 0.2 m: an arm of 0.7 m
    from a shoulder 0.25 m away."""
    face_hand: float = 0.85
    """Length of a hand in heights of a face."""
    hand_ratio: float = 2.2
    """A hand held towards the camera looks twice as large, a fist half as long."""
    far_weight: float = 0.5
    size_weight: float = 1.0
    side_weight: float = 0.4
    """What the greatest distance, the greatest ratio of sizes and the surely wrong side cost.
    Where arms cross, bodies' wrists jump from one to the other; how large a hand is doesn't."""
    by_reach: float = 0.2
    """What it costs that only reach speaks for a pair: any near wrist of that size is better."""
    held: float = 0.2
    """What it is worth to have been joined a moment ago: as much as half a wrong side."""


def joined_faces(
    faces: Meshes, bodies: Bodies, heads: Floats, held: Mask, settings: AssociationSettings
) -> list[int]:
    """Return the body of each face, -1 for none. `held` (faces, bodies): joined a moment ago."""
    return assigned(head_costs(faces, bodies, heads, settings) - settings.held * held)


def head_costs(
    faces: Meshes, bodies: Bodies, heads: Floats, settings: AssociationSettings
) -> Costs:
    """Return how unlikely (n, m) each face is to be on each body, `FORBIDDEN` where it can't be.

    `heads` (m, 4): boxes of the bodies' heads, as by `edge.vision.bodies.heads`.
    """
    points = head_points(bodies)
    own = faces.landmarks[:, KEYPOINTS, :2].mean(axis=2)
    apart = np.linalg.norm(own[:, None] - points[None], axis=3).mean(axis=2)
    # Of a face without landmarks there is the box.
    middles = np.linalg.norm(centres(faces.boxes)[:, None] - centres(heads)[None], axis=2)
    sizes = root_area(faces.boxes)[:, None], root_area(heads)[None]
    far = np.where(np.isnan(apart), middles, apart) / np.sqrt(sizes[0] * sizes[1])
    far = far / settings.head_apart
    other = np.abs(np.log(sizes[0] / sizes[1])) / math.log(settings.head_ratio)
    costs = settings.far_weight * far + settings.size_weight * other
    return np.where((far < 1) & (other < 1), costs, FORBIDDEN).astype(np.float64)


def head_points(bodies: Bodies) -> Floats:
    """Return of each body what `KEYPOINTS` are of a face, (m, 6, 2)."""
    points: Floats = bodies.landmarks[:, HEAD, :2].mean(axis=2)
    return points


def joined_hands(costs: Costs, held: Mask, settings: AssociationSettings) -> list[int]:
    """Return the arm of each hand, -1 for none; both arguments (hands, arms)."""
    return assigned(np.where(costs < FORBIDDEN, costs - settings.held * held, FORBIDDEN))


def wrist_costs(
    hands: Hands,
    bodies: Bodies,
    heads: Floats,
    held: Mask,
    mirrored: bool,
    settings: AssociationSettings,
) -> tuple[Costs, Mask]:
    """Return how unlikely (n, 2m) it is that a hand is at the end of an arm, and (2m,) of which
    arms the wrist is seen.

    Each body's left arm, then its right. `heads` (m, 4): boxes of their heads.
    `held` (n, 2m): joined a moment ago.
    """
    order = [1, 0] if mirrored else [0, 1]
    wrists = bodies.landmarks[:, WRISTS][:, order].reshape(-1, 4)
    shoulders = bodies.landmarks[:, SHOULDERS, :2]
    wide = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1)
    # Shoulders seen from the side are narrow, a head isn't.
    usual = np.maximum(wide * settings.shoulder_hand, root_area(heads)).repeat(2)[None]
    lengths = hand_sizes(hands)[:, None]
    apart = np.linalg.norm(hands.landmarks[:, None, 0, :2] - wrists[None, :, :2], axis=2)
    limit = np.where(held, settings.wrist_apart_held, settings.wrist_apart)
    ratio = (lengths / usual).astype(np.float64)
    far = np.asarray(apart / np.sqrt(lengths * usual) / limit, np.float64)
    return _costs(far, ratio, hands, settings), wrists[:, 3] >= settings.visible


def reach_costs(hands: Hands, heads: Floats, settings: AssociationSettings) -> Costs:
    """Return how unlikely (n, 2m) it is that a hand is that of somebody of whom no wrist is seen.

    `heads` (m, 4): boxes. Each person's left hand, then their right.
    """
    lengths = hand_sizes(hands)[:, None]
    apart = np.linalg.norm(centres(hands.boxes)[:, None] - centres(heads)[None], axis=2)
    heights = np.maximum(heads[:, 3], 1)[None]
    far = (apart / (heights * settings.reach)).repeat(2, axis=1).astype(np.float64)
    ratio = (lengths / (settings.face_hand * heights)).repeat(2, axis=1).astype(np.float64)
    return settings.by_reach + _costs(far, ratio, hands, settings)


def _costs(far: Costs, ratio: Costs, hands: Hands, settings: AssociationSettings) -> Costs:
    """Return the costs (n, 2m) of a distance (1 is the limit), a ratio of sizes, and the side."""
    other = np.abs(np.log(ratio)) / math.log(settings.hand_ratio)
    possible = (far < 1) & (other < 1)
    wrong = np.stack((hands.right, 1 - hands.right), axis=1)
    sides = np.tile(wrong, far.shape[1] // 2)
    costs = np.where(possible, far, 0) * settings.far_weight + settings.size_weight * other
    return np.where(possible, costs + settings.side_weight * sides, FORBIDDEN).astype(np.float64)


def root_area(boxes: Floats) -> Floats:
    """Return the sizes (n,) of boxes (n, 4), a pixel at least."""
    return np.sqrt(np.maximum(boxes[:, 2] * boxes[:, 3], 1))


def hand_sizes(hands: Hands) -> Floats:
    """Return the longer sides (n,) of hands' boxes, a pixel at least."""
    sides: Floats = np.maximum(hands.boxes[:, 2:].max(axis=1), 1)
    return sides
