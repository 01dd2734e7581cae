"""How well ids are kept: IDF1 (Ristani et al. 2016), switches (Bernardin and Stiefelhagen 2008)."""

from typing import NamedTuple

import lap
import numpy as np

from tests.accuracy.crossings import Floats, Truth

OVERLAP = 0.5
"""Boxes that share less of their union don't show the same."""


class Score(NamedTuple):
    idf1: float
    switches: int


def score(truth: list[Truth], boxes: list[Floats], ids: list[list[int]]) -> Score:
    """Return the score of ids given to boxes, 0 for none, frame by frame.

    Each true person is paired with at most one id, and the other way round, so that as many frames
    as possible agree over the whole sequence: IDF1 is twice these, divided by all frames of
    visible people and of ids together. A switch is a change of the id that lies on a person.
    """
    given = sorted({id_ for row in ids for id_ in row if id_})
    column = {id_: index for index, id_ in enumerate(given)}
    agree = np.zeros((len(truth[0].visible), len(given)))
    true = said = switches = 0
    last: dict[int, int] = {}
    for (people, visible), found, names in zip(truth, boxes, ids, strict=True):
        rows = [row for row, name in enumerate(names) if name]
        shown = np.flatnonzero(visible)
        true, said = true + len(shown), said + len(rows)
        shared = overlaps(people[shown], found[rows])
        matched = shared >= OVERLAP
        for a, b in zip(*np.nonzero(matched), strict=True):
            agree[shown[a], column[names[rows[b]]]] += 1
        if shared.size:
            costs = np.where(matched, 1 - shared, 1e3)
            _, pairs, _ = lap.lapjv(costs, extend_cost=True, cost_limit=1.0)
            for a, b in enumerate(pairs):
                if b >= 0:
                    person, name = int(shown[a]), names[rows[b]]
                    switches += last.get(person, name) != name
                    last[person] = name
    total = 0.0
    if agree.size:
        # Everybody may stay alone, at no gain.
        _, pairs, _ = lap.lapjv(-agree, extend_cost=True)
        total = sum(agree[a, b] for a, b in enumerate(pairs) if b >= 0)
    return Score(2 * total / max(true + said, 1), switches)


def overlaps(a: Floats, b: Floats) -> Floats:
    """Return intersection over union (n, m) of boxes (n, 4) and (m, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    shared = np.maximum(high - low, 0).prod(axis=2)
    areas = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None]
    return (shared / np.maximum(areas - shared, 1e-6)).astype(np.float32)
