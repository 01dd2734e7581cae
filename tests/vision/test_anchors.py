import json

import numpy as np
import pytest

from edge.vision.anchors import FACE_FAR, FACE_NEAR, PALM, PERSON, Head, anchors

# What the golden tables of MediaPipe's own test were made for.
UNIT_ANCHORS = Head(size=256, strides=(8, 16, 32, 32, 32))
MOBILENET_SSD = Head(
    size=300,
    strides=(16, 32, 64, 128, 256, 512),
    ratios=(1, 2, 0.5, 3, 0.3333),
    unit=False,
    reduced=True,
)


@pytest.mark.parametrize(("number", "head"), [(0, UNIT_ANCHORS), (1, MOBILENET_SSD)])
def test_anchors_equal_the_golden_table(data, number, head):
    golden = json.loads((data / f"geometry/anchor_golden_file_{number}.json").read_text())
    table = anchors(head)
    assert table.shape == np.shape(golden)
    np.testing.assert_allclose(table, golden, rtol=0, atol=5e-6)  # written with six digits


@pytest.mark.parametrize(("head", "count"), [(FACE_NEAR, 896), (FACE_FAR, 2304)])
def test_face_heads_cover_the_picture_evenly(head, count):
    table = anchors(head)
    assert table is anchors(head)
    assert table.shape == (count, 4)
    assert table.dtype == np.float32
    assert not table.flags.writeable
    np.testing.assert_allclose(table[:, :2].mean(axis=0), 0.5, atol=1e-6)
    assert (table[:, :2] > 0).all()
    assert (table[:, :2] < 1).all()
    assert (table[:, 2:] == 1).all()


@pytest.mark.parametrize(("head", "count"), [(PALM, 2016), (PERSON, 2254)])
def test_palm_and_person_heads_have_as_many_anchors_as_their_models(head, count):
    assert anchors(head).shape == (count, 4)


def test_the_near_head_looks_twice_at_each_of_256_cells_and_six_times_at_each_of_64():
    cells, counts = np.unique(anchors(FACE_NEAR)[:, :2], axis=0, return_counts=True)
    assert len(cells) == 256 + 64
    assert sorted(set(counts.tolist())) == [2, 6]
