"""Where a picture is searched for what is small in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.targets import extents
from edge.vision.tiles import MOST, Tiles

TILES = Tiles(480, 80)


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_there_are_never_many(width, height):
    assert len(TILES.all((width, height))) <= MOST


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (1080, 1920), (3840, 2160)])
@given(place=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_what_is_small_is_whole_in_one_of_them(size, place):
    tiles = extents(TILES.all(size))
    small = 80
    corner = np.array(place) * (np.array(size) - small)
    whole = (tiles[:, :2] <= corner + 0.01) & (tiles[:, 2:] >= corner + small - 0.01)
    assert whole.all(axis=1).any()


def test_a_small_picture_has_none():
    assert len(TILES.all((500, 300))) == 0


def test_each_has_its_turn_and_what_is_due_comes_first():
    tiles = Tiles(480, 80)
    everything = tiles.all((1920, 1080))
    seen = np.concatenate([tiles.next((1920, 1080)) for _ in range(len(everything))])
    np.testing.assert_array_equal(seen, everything)
    due = np.zeros(len(everything), bool)
    assert len(tiles.next((1920, 1080), due)) == 0
    due[3] = True
    np.testing.assert_array_equal(tiles.next((1920, 1080), due)[0], everything[3])
