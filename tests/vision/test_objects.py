import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.vision.anchors import pyramid
from edge.vision.objects import people


def test_an_encoded_box_is_found_where_it_was_put():
    anchors = pyramid(320)
    boxes, scores = np.zeros((19206, 4), np.float32), np.zeros(19206, np.float32)
    row = 12_345
    x, y, width, height = anchors[row]
    boxes[row] = (0.5, -0.25, np.log(2), np.log(0.5))  # y, x, height, width
    scores[row] = 0.8
    found = people(boxes, scores, anchors, 0.5)
    middle = (x - 0.25 * width, y + 0.5 * height)
    expected = (
        middle[0] - width / 4,
        middle[1] - height,
        middle[0] + width / 4,
        middle[1] + height,
    )
    np.testing.assert_allclose(found.boxes, [expected], rtol=1e-5)
    assert found.scores.tolist() == [np.float32(0.8)]
    assert found.keypoints.shape == (1, 0, 2)


@given(
    arrays(np.float32, (9, 4), elements=st.floats(width=32)),
    arrays(np.float32, 9, elements=st.floats(width=32)),
)
def test_no_output_gives_a_box_that_is_not_finite(boxes, scores):
    with np.errstate(over="ignore"):
        found = people(boxes.clip(-1e30, 1e30), scores, pyramid(320)[:9], 0.3)
    assert np.isfinite(found.boxes).all()
    assert np.isfinite(found.scores).all()
