"""Voices are told apart by their embeddings, whatever all of them have in common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.audio.clustering import Clustering, ClusteringSettings

MEAN = np.random.default_rng(0).normal(size=256).astype(np.float32)
MEAN /= np.linalg.norm(MEAN)


def embedding(who: int, draw: np.random.Generator, spread: float = 0.5) -> np.ndarray:
    """A voice is some way from the mean, unlike any other; each look at it somewhere around."""
    own = np.eye(256)[who]
    found = MEAN + 0.5 * own + 0.5 * spread * draw.normal(size=256) / 16
    return (found / np.linalg.norm(found)).astype(np.float32)


def follow(turns: list[int], spread: float = 0.5, looks: int = 10, **settings: float) -> list[int]:
    draw = np.random.default_rng(7)
    clusters = Clustering(MEAN, ClusteringSettings(**settings))  # type: ignore[arg-type]
    return [clusters.voice(embedding(who, draw, spread)) for who in turns for _ in range(looks)]


def test_voices_are_numbered_as_they_are_heard_and_known_again() -> None:
    said = follow([1, 2, 1, 3, 2])
    by_turn = [said[10 * turn + 9] for turn in range(5)]
    assert by_turn == [1, 2, 1, 3, 2]


def test_one_voice_stays_one() -> None:
    assert set(follow([1] * 30)) == {1}


def test_a_cough_makes_no_new_voice() -> None:
    draw = np.random.default_rng(7)
    clusters = Clustering(MEAN, ClusteringSettings())
    for _ in range(10):
        clusters.voice(embedding(1, draw))
    odd = [clusters.voice(embedding(9, draw)) for _ in range(5)]
    assert odd == [1] * 5
    assert clusters.voice(embedding(1, draw)) == 1
    assert clusters.voice(embedding(9, draw)) == 1


def test_only_so_many_voices_are_kept() -> None:
    said = follow(list(range(12)), most=5)
    assert len(set(said)) == 12  # who was heard longest ago is somebody new when they are back
    clusters = Clustering(MEAN, ClusteringSettings(most=5))
    draw = np.random.default_rng(3)
    for who in range(12):
        for _ in range(10):
            clusters.voice(embedding(who, draw))
    assert len(clusters._voices) == 5
    assert len(clusters._stretches) == len(clusters._labels) <= 5 * 40 + 40


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.floats(0.05, 2))
def test_numbers_rise_and_are_never_missing(turns: list[int], spread: float) -> None:
    said = follow(turns, spread, looks=3)
    known = 0
    for number in said:
        assert number >= 1
        known = max(known, number)
    assert said[0] == 1
    assert set(said) <= set(range(1, known + 1))


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_embedding_of_nothing_breaks_nothing(value: float) -> None:
    clusters = Clustering(MEAN, ClusteringSettings())
    draw = np.random.default_rng(3)
    clusters.voice(embedding(1, draw))
    assert clusters.voice(np.full(256, value, np.float32)) == 1
