"""Evidence over time finds what single frames don't show."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.recall import compare, made_up, main, matched, recall, sample_head, walls


def test_recall_is_the_best_at_which_precision_is_kept():
    rows = [(0.9, True)] * 19 + [(0.5, False)] + [(0.4, True)] * 5 + [(0.3, False)] * 9
    assert recall(rows, 50) == 24 / 50
    assert recall([(0.95, False), (0.95, False), *rows], 50) == 0


def test_a_second_box_on_a_face_is_wrong():
    boxes = np.array([(0, 0, 10, 10), (1, 1, 10, 10), (50, 50, 60, 60)], np.float32)
    rows = matched(boxes, np.array([0.5, 0.9, 0.7], np.float32), boxes[:1])
    assert sorted(rows) == [(0.5, False), (pytest.approx(0.7), False), (pytest.approx(0.9), True)]


@pytest.mark.parametrize(("kind", "strength"), [("noise", 40), ("blur", 5), ("small", 0.45)])
def test_over_time_more_is_found_than_frame_by_frame(kind, strength):
    """Measured: 0.35, 0.05 and 0.48 one by one; 0.65, 0.6 and 1.00 over time."""
    scale = strength if kind == "small" else 1.0
    row = compare(made_up(sample_head(), walls(None, 2), 30, scale), kind, strength)
    assert row.over_time >= 1.7 * row.one_by_one
    assert row.over_time > 0.5


def test_the_benchmark_says_what_it_measured():
    done = CliRunner().invoke(main, ["--frames", "4", "--kind", "small", "--json"])
    assert done.exit_code == 0
    rows = json.loads(done.output)["recall"]
    assert [row["strength"] for row in rows] == [0.6, 0.45, 0.4, 0.35]
