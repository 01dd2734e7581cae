"""The acted hands that the classifier of motions is trained on, and its file."""

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from calibration.gestures.actor import Actor
from calibration.gestures.data import generated
from calibration.gestures.everyday import EVERYDAY
from calibration.gestures.hand import pictured
from calibration.gestures.layout import CHANNELS, HIDDEN, STRIDES, TAPS
from calibration.gestures.motions import GESTURES
from calibration.gestures.network import build
from calibration.gestures.recorded import tracks
from calibration.gestures.scenes import scene
from edge.inference import load_model
from edge.people.hand_motion import FEATURES, STEPS
from edge.people.moving_gestures import MOVING

PAIRS = (
    {"swipe_left", "swipe_right"},
    {"swipe_up", "swipe_down"},
    {"zoom_in", "zoom_out"},
    {"grab", "release"},
)
"""Who makes one may go on with the other."""


@pytest.mark.parametrize("gesture", sorted({*GESTURES}))
def test_a_scene_of_a_gesture_has_it_and_nothing_else(gesture: str) -> None:
    found = np.concatenate([scene(default_rng(seed), gesture).labels for seed in range(12)])
    names = {MOVING[label] for label in found if label >= 0}
    pair: set[str] = next((pair for pair in PAIRS if gesture in pair), set())
    assert gesture in names
    assert names <= {gesture, "none", "stop"} | pair


def test_everyday_scenes_have_none_but_palms_that_are_held() -> None:
    for seed in range(20):
        labels = scene(default_rng(seed)).labels
        assert {MOVING[label] for label in labels if label > 0} <= {"stop"}


def test_a_scene_is_the_same_again_by_its_seed() -> None:
    one, other = (scene(default_rng(5), "wave") for _ in range(2))
    np.testing.assert_array_equal(one.windows, other.windows)
    assert np.isfinite(one.windows).all()
    assert one.windows.shape[1:] == (STEPS, FEATURES)


@pytest.mark.parametrize("motion", EVERYDAY, ids=lambda motion: motion.__name__)
def test_hands_stay_hands_whatever_they_do(motion: object) -> None:
    actor = Actor(default_rng(3))
    assert callable(motion)
    motion(actor)
    points = pictured(actor.poses, np.ones((5, 3)), 700, False)
    assert np.isfinite(points).all()
    depth = actor.poses[:, 2]
    assert (depth > 0.1).all()
    # From the wrist to the knuckles, no farther than a palm is long.
    palm = np.linalg.norm(points[:, [5, 9, 13, 17], :2] - points[:, :1, :2], axis=2)
    assert (palm < 1.5 * 0.11 * 700 / depth[:, None]).all()


def test_windows_of_gestures_are_all_kept_and_mirrored_with_their_names() -> None:
    windows, labels = generated(1, 20)
    assert len(windows) == len(labels)
    assert (labels >= 0).all()
    assert 0.1 < (labels > 0).mean() < 0.9


def test_tracks_are_split_by_blocks_with_gaps(data: Path) -> None:
    known = tracks()
    for label in np.unique(known.labels):
        mine = known.blocks[known.labels == label]
        assert (np.diff(mine) >= 0).all()
        assert set(mine) == {0, 1, 2, 3}
    assert (~known.inner).sum() == 3 * 50 * len(np.unique(known.labels))


def test_the_file_is_a_model_with_the_manifests_shapes(tmp_path: Path) -> None:
    draw, layers, last, length = default_rng(0), [], FEATURES, STEPS
    for channels, stride in zip(CHANNELS, STRIDES, strict=True):
        layers.append((draw.normal(0, 0.1, (TAPS, last, channels)), np.zeros(channels)))
        last, length = channels, -(-length // stride)
    for outputs in (HIDDEN, len(MOVING)):
        inputs = last * length if outputs == HIDDEN else HIDDEN
        layers.append((draw.normal(0, 0.1, (inputs, outputs)), np.zeros(outputs)))
    path = tmp_path / "motion.tflite"
    path.write_bytes(build(layers))
    model = load_model(str(path), None, 1)
    model.input(0)[:] = draw.normal(0, 1, (1, STEPS, FEATURES))
    answer = np.array(model.invoke()[0])
    assert answer.shape == (1, len(MOVING))
    assert answer.sum() == pytest.approx(1, abs=1e-5)
    model.close()
