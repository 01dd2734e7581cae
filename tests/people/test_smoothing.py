import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.smoothing import SECOND, OneEuro, Smoother, SmoothingSettings

FPS = 30
SIZE = 200.0


def shape(points: int = 478) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, SIZE, (points, 3))


def noise(frames: int, points: int = 478) -> np.ndarray:
    """What sensor noise does to a still face: measured 0.22 % of its size for all landmarks
    together and 0.3 % for each, anew on each frame."""
    random = np.random.default_rng(2)
    common, own = random.normal(size=(frames, 1, 3)), random.normal(size=(frames, points, 3))
    return SIZE / np.sqrt(2) * (0.0022 * common + 0.003 * own)


def smoothed(landmarks: np.ndarray, fps: float = FPS) -> np.ndarray:
    euro = OneEuro(SmoothingSettings())
    return np.array(
        [
            euro.smoothed(round(index * SECOND / fps), points.astype(np.float32), SIZE)
            for index, points in enumerate(landmarks)
        ]
    )


def trembling(landmarks: np.ndarray) -> float:
    """Root mean square distance from the mean, in sizes."""
    away = (landmarks - landmarks.mean(axis=0))[..., :2]
    return float(np.sqrt(np.square(away).sum(axis=2).mean())) / SIZE


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_what_rests_is_steady(fps):
    raw = shape() + noise(120)
    calm = smoothed(raw, fps)
    assert trembling(raw) > 0.0036
    assert trembling(calm[12:]) < 0.0018
    box_before, box = (
        np.concatenate((some.min(axis=1), some.max(axis=1)), axis=1)[:, [0, 1, 3, 4]].std(axis=0)
        for some in (raw[12:], calm[12:])
    )
    assert (box < 0.6 * box_before).all()


@pytest.mark.parametrize("speed", [0.1, 0.3, 1, 2, 5])
def test_what_goes_steadily_is_less_than_a_frame_behind(speed):
    """Offset over speed, in frames; speeds in sizes a second."""
    way = np.arange(90)[:, None, None] * [speed * SIZE / FPS, 0, 0]
    raw = shape() + noise(90) + way
    behind = (raw - smoothed(raw))[30:, :, 0].mean() / (speed * SIZE / FPS)
    assert -0.05 < behind < (0.8 if speed < 0.3 else 0.4)


@pytest.mark.parametrize(("amplitude", "frequency"), [(0.1, 1), (0.3, 1), (0.3, 2), (1, 1)])
def test_what_goes_to_and_fro_is_less_than_half_a_frame_behind(amplitude, frequency):
    phase = 2 * np.pi * frequency * np.arange(120) / FPS
    raw = shape() + noise(120) + amplitude * SIZE * np.sin(phase)[:, None, None] * [1, 0, 0]
    waves = [np.sum(some[:, :, 0].mean(axis=1) * np.exp(-1j * phase)) for some in
             (raw - raw.mean(axis=0), smoothed(raw) - raw.mean(axis=0))]  # fmt: skip
    late = np.angle(waves[0] / waves[1]) / (2 * np.pi * frequency) * FPS
    assert 0 <= late < 0.5
    assert 0.9 < abs(waves[1] / waves[0]) < 1.1


def test_a_turn_is_less_than_half_a_frame_behind():
    """90 degrees a second about the middle, where the part as a whole stays where it is."""
    raw = noise(90)
    for index in range(90):
        angle = np.pi / 2 * index / FPS
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        raw[index, :, :2] += (shape()[:, :2] - SIZE / 2) @ turn.T
    flat = [(some[40:, :, 0] + 1j * some[40:, :, 1]) for some in (raw, smoothed(raw))]
    behind = np.angle((flat[0] * np.conj(flat[1])).sum(axis=1)).mean()
    assert -0.05 < behind / (np.pi / 2 / FPS) < 0.5


def test_lips_move_while_the_face_rests():
    raw = shape() + noise(60)
    raw[30:, :40, 1] += 0.04 * SIZE
    moved = (smoothed(raw) - shape())[:, :40, 1].mean(axis=1) / (0.04 * SIZE)
    assert abs(moved[29]) < 0.1
    assert moved[33] > 0.8


@pytest.mark.parametrize(
    "change",
    [{"t": 1_400_000}, {"t": 1_000_000}, {"t": 900_000}, {"points": 468}],
    ids=["a gap", "no time", "time goes back", "another kind"],
)
def test_after_a_break_landmarks_come_anew(change):
    euro = OneEuro(SmoothingSettings())
    euro.smoothed(1_000_000, shape().astype(np.float32), SIZE)
    now = (shape(change.get("points", 478)) + 3).astype(np.float32)
    np.testing.assert_array_equal(euro.smoothed(change.get("t", 1_033_000), now, SIZE), now)


def test_parts_do_not_mix_and_are_forgotten():
    smoother = Smoother(SmoothingSettings())
    one, other = (np.full((4, 2), value, np.float32) for value in (0, 500))
    for t in (0, 40_000):
        np.testing.assert_array_equal(smoother.smoothed("one", t, one, SIZE), one)
        np.testing.assert_array_equal(smoother.smoothed("other", t, other, SIZE), other)
    smoother.forget(400_000)
    np.testing.assert_array_equal(smoother.smoothed("one", 50_000, other, SIZE), other)


@given(
    st.lists(st.floats(-2000, 2000, width=32), min_size=1, max_size=30),
    st.floats(0, 500),
    st.integers(1, 400_000),
)
def test_the_answer_lies_between_what_was_and_what_is(places, size, step):
    euro = OneEuro(SmoothingSettings())
    low, high = min(places), max(places)
    for index, place in enumerate(places):
        answer = euro.smoothed(index * step, np.full((3, 3), place, np.float32), size)
        assert (answer >= low - 0.01).all()
        assert (answer <= high + 0.01).all()


@pytest.mark.parametrize("speed", [0.5, 1, 3])
def test_what_goes_steadily_is_foreseen(speed):
    """100 ms ahead, at most half as far off as where it is now."""
    way = np.arange(60)[:, None, None] * [speed * SIZE / FPS, 0, 0]
    raw = (shape() + noise(60) + way).astype(np.float32)
    smoother = Smoother(SmoothingSettings())
    for index, points in enumerate(raw[:57]):
        t = round(index * SECOND / FPS)
        foreseen = smoother.smoothed("face", t, points, SIZE, ahead_s=0.1)
    off = np.abs((raw[59] - foreseen)[:, 0].mean()), np.abs((raw[59] - raw[56])[:, 0].mean())
    assert off[0] < 0.5 * off[1]


def test_what_rests_is_foreseen_to_rest():
    plain, other = Smoother(SmoothingSettings()), Smoother(SmoothingSettings())
    for index, points in enumerate((shape() + noise(60)).astype(np.float32)):
        t = round(index * SECOND / FPS)
        apart = other.smoothed("face", t, points, SIZE, 0.1) - plain.smoothed(
            "face", t, points, SIZE
        )
        assert np.abs(apart[:, :2]).max() < 0.002 * SIZE


@given(st.floats(0, 100), st.floats(-50, 50))
def test_foreseeing_changes_nothing_of_what_is_remembered(ahead_s, speed):
    plain, other = Smoother(SmoothingSettings()), Smoother(SmoothingSettings())
    for index in range(8):
        points = (shape(21) + index * speed).astype(np.float32)
        t = round(index * SECOND / FPS)
        kept = plain.smoothed("hand", t, points, SIZE)
        foreseen = other.smoothed("hand", t, points, SIZE, ahead_s)
        limit = SmoothingSettings().ahead_s * abs(speed) * FPS * np.sqrt(2)
        assert np.hypot(*(foreseen - kept)[:, :2].T).max() <= limit + 1e-2
    assert np.array_equal(other.smoothed("hand", t + 1, points, SIZE),
                          plain.smoothed("hand", t + 1, points, SIZE))  # fmt: skip
