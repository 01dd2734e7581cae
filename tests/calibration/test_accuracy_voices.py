"""Accuracy of voice activity: what the figures say of known differences."""

import numpy as np
import pytest

from calibration.accuracy import measure
from calibration.accuracy.voices import in_turn


def figures(expected: list, found: list) -> dict[str, tuple[float, bool]]:
    return {
        one.metric: (one.value, one.holds) for one in measure("voice_activity", expected, found)
    }


def probabilities(values: np.ndarray) -> list[list[np.ndarray]]:
    return [[np.array([value], np.float32), np.zeros(128), np.zeros(128)] for value in values]


def test_a_variant_that_is_the_same_passes_everything() -> None:
    values = probabilities(np.linspace(0, 1, 50))
    assert all(holds for _, holds in figures(values, values).values())


def test_one_bad_call_in_a_hundred_fails_by_its_size_alone() -> None:
    expected = np.full(200, 0.9)
    found = expected.copy()
    found[7] -= 0.3
    result = figures(probabilities(expected), probabilities(found))
    assert result["largest difference"] == (pytest.approx(0.3), False)
    assert result["95th percentile of difference"] == (0, True)
    assert result["mean difference"] == (pytest.approx(0.0015), True)
    assert result["same decision"] == (1, True)


def test_decisions_that_change_are_counted() -> None:
    expected = np.full(100, 0.51)
    found = expected.copy()
    found[:2] = 0.49
    result = figures(probabilities(expected), probabilities(found))
    assert result["same decision"] == (pytest.approx(0.98), False)


def test_a_network_carries_on_its_own_state_until_another_sound_begins() -> None:
    def counting(inputs):
        sound, h, c = inputs
        return [sound + h, h[np.newaxis] + 1, c[np.newaxis]]

    begins, goes_on = np.zeros(1), np.full(1, 50.0)
    state = [begins, goes_on, goes_on, begins, goes_on]
    samples = [(np.array([10.0]), h, np.zeros(1)) for h in state]
    found = [float(outputs[0][0]) for outputs in in_turn(counting, samples)]
    assert found == [10, 11, 12, 10, 11]
