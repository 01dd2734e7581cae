import numpy as np
import pytest

from edge.people.kalman import Kalman, MotionSettings, measured

SETTINGS = MotionSettings()


def test_the_filter_says_how_wrong_it_is():
    """Squared errors of a prediction, over its variance, average to 1, for motion as assumed."""
    rng = np.random.default_rng(0)
    kalman = Kalman(SETTINGS)
    dt, size = 0.04, 100.0
    keep = np.exp(-dt / SETTINGS.keep_s)
    off = []
    for _ in range(100):
        x, v, state = 0.0, rng.normal(0, SETTINGS.speed), None
        for index in range(40):
            seen = measured((x + rng.normal(0, SETTINGS.jitter)) * size - 50, -50, 100, 100)
            now = kalman.start(seen) if state is None else kalman.predict(state, dt)
            if index == 39:
                wide = now.place.position + SETTINGS.jitter**2
                off.append(((seen.x - now.x) / size) ** 2 / wide)
            state = now if state is None else kalman.update(now, seen)
            x += SETTINGS.keep_s * (1 - keep) * v
            v = keep * v + SETTINGS.speed * np.sqrt(1 - keep**2) * rng.normal()
    assert 0.7 < np.mean(off) < 1.4


def test_who_is_out_of_view_slows_down_and_becomes_uncertain():
    kalman = Kalman(SETTINGS)
    state = kalman.start(measured(0, 0, 100, 100))
    for index in range(1, 20):
        state = kalman.update(kalman.predict(state, 0.04), measured(8 * index, 0, 100, 100))
    after = [kalman.predict(state, seconds) for seconds in (0.5, 1.0, 2.0, 100.0)]
    assert 60 < after[0].x - state.x < 100
    assert after[3].x - state.x == pytest.approx(state.x_velocity * SETTINGS.keep_s)
    wide = [one.place.position for one in after]
    assert wide == sorted(wide)
    two_steps = kalman.predict(kalman.predict(state, 0.7), 0.3)
    assert two_steps.x == pytest.approx(after[1].x)
    assert two_steps.place == pytest.approx(after[1].place)
