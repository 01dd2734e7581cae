from dataclasses import replace
from typing import Any, TypeVar

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.graph import Graph
from edge.io.frames import Frame
from edge.paths import resource
from edge.vision.bodies import Bodies
from edge.vision.carry import carried, carried_mask, mask_thumbnail
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.targets import Seen, bounds

SIZE = (640, 360)
BOX = np.array([220, 80, 200, 180], np.float32)


def wall(seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A wall with spots of all sizes, as skin and cloth have them."""
    noise = np.random.default_rng(seed)
    layers = [
        cv2.resize(noise.normal(0, 40, (size[1] // n + 1, size[0] // n + 1)), size)
        for n in (4, 12, 40)
    ]
    return np.clip(128 + np.sum(layers, axis=0), 0, 255).astype(np.uint8)


def points(count: int, seed: int = 1) -> np.ndarray:
    return BOX[:2] + np.random.default_rng(seed).random((count, 2), np.float32) * BOX[2:]


S = TypeVar("S", bound=Seen)


def seen(kind: type[S], places: np.ndarray) -> S:
    """One thing with landmarks (k, 2); the depth is one."""
    count, values = len(places), 4 if kind is Bodies else 3
    landmarks = np.ones((1, count, values), np.float32)
    landmarks[0, :, :2] = places
    box = bounds(landmarks)
    region = np.array([[*(box[0, :2] + box[0, 2:] / 2), 300, 300, 0.5]], np.float32)
    one, world = np.ones(1, np.float32), np.zeros((1, count, 3), np.float32)
    more: dict[type[Seen], dict[str, Any]] = {
        Meshes: {"trusted": np.ones(1, bool)},
        Hands: {"right": one, "world": world, "moved": np.zeros((1, 2), np.float32)},
        Bodies: {"world": world},
    }
    return kind(0, landmarks, box, region, one, np.ones(1, bool), 2, **more[kind])


def frames(before: np.ndarray, now: np.ndarray) -> tuple[Frame, Frame]:
    return Frame(before, 0, 0), Frame(now, 1, 40_000)


def thumbnails(before: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = frames(before, now)
    return mask_thumbnail(first), mask_thumbnail(second)


KINDS = [(Meshes, 468), (Hands, 21), (Bodies, 33)]


@pytest.mark.parametrize(("kind", "count"), KINDS)
@pytest.mark.parametrize(
    ("degrees", "scale", "shift"), [(0, 1, (9.5, -6.25)), (4, 1.03, (0, 0)), (-3, 0.97, (14, 10))]
)
def test_a_thing_moves_turns_and_grows_with_its_pixels(kind, count, degrees, scale, shift):
    """Within 0.2 % of its box, by which a landmark can't be told from another."""
    matrix = cv2.getRotationMatrix2D((320, 170), -degrees, scale)
    matrix[:, 2] += shift
    before, now = frames(
        wall(), cv2.warpAffine(wall(), matrix, SIZE, borderMode=cv2.BORDER_REFLECT)
    )
    first = seen(kind, points(count))
    later = carried(first, before, now, 40_000)
    truth = first.landmarks[0, :, :2] @ matrix[:, :2].T + matrix[:, 2]
    apart = np.linalg.norm(later.landmarks[0, :, :2] - truth, axis=1)
    assert apart.mean() < 0.002 * BOX[2]
    assert later.landmarks[0, :, 2] == pytest.approx(scale, abs=0.01)
    np.testing.assert_allclose(later.boxes[0], bounds(truth[None])[0], atol=1)
    x, y, width, height, angle = later.regions[0]
    middle = first.regions[0, :2] @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose((x, y), middle, atol=1)
    assert (width, height) == pytest.approx((300 * scale, 300 * scale), abs=3)
    assert angle == pytest.approx(0.5 + np.deg2rad(degrees), abs=0.01)
    assert (later.t, later.lost, later.fresh.tolist()) == (40_000, 0, [False])


def test_nothing_is_written_to_and_the_same_gives_the_same():
    before, now = frames(wall(), np.roll(wall(), 5, axis=1))
    first = seen(Hands, points(21))
    copies = [first.landmarks.copy(), first.boxes.copy(), first.regions.copy()]
    later = [carried(first, before, now, 1) for _ in range(2)]
    for part, copy in zip((first.landmarks, first.boxes, first.regions), copies, strict=True):
        np.testing.assert_array_equal(part, copy)
    np.testing.assert_array_equal(later[0].landmarks, later[1].landmarks)


def test_a_finger_moves_though_the_hand_does_not():
    """Four of 21 landmarks lie on a finger, which goes 8 pixels, a twentieth of the hand, on."""
    places = points(21)
    finger = np.arange(4)
    places[finger] = (400, 120) + np.arange(4)[:, None] * (0, 14)
    picture = wall()
    moved = picture.copy()
    moved[100:190, 378:438] = picture[100:190, 370:430]
    later = carried(seen(Hands, places), *frames(picture, moved), 1)
    way = later.landmarks[0, :, :2] - places
    assert way[finger].mean(axis=0) == pytest.approx((8, 0), abs=1.5)
    far = np.linalg.norm(places - (404, 145), axis=1) > 90
    assert np.abs(way[far]).max() < 2


def test_a_face_without_landmarks_moves_as_the_pixels_in_its_box():
    """A profile: its landmarks are left out, not made up, and stay so."""
    first = seen(Meshes, points(478))
    first = replace(
        first, landmarks=np.full_like(first.landmarks, np.nan), trusted=np.zeros(1, bool)
    )
    before, now = frames(wall(), np.roll(wall(), (6, -11), axis=(0, 1)))
    later = carried(first, before, now, 1)
    assert np.isnan(later.landmarks).all()
    assert not later.trusted[0]
    np.testing.assert_allclose(later.boxes[0] - first.boxes[0], (-11, 6, 0, 0), atol=0.7)
    np.testing.assert_allclose(later.regions[0] - first.regions[0], (-11, 6, 0, 0, 0), atol=0.7)


@pytest.mark.parametrize("now", [wall(7), np.full(SIZE[::-1], 90, np.uint8)])
def test_where_nothing_agrees_all_stays_about_where_it_was(now):
    first = seen(Bodies, points(33))
    later = carried(first, *frames(wall(), now), 1)
    assert np.abs(later.landmarks - first.landmarks).max() < 0.2 * BOX[2]


def test_after_a_change_of_size_all_stays():
    first = seen(Hands, points(21))
    later = carried(first, *frames(wall(), wall(0, (320, 180))), 1)
    np.testing.assert_array_equal(later.landmarks, first.landmarks)
    assert not later.fresh[0]


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.lists(st.floats(-1e5, 1e5, width=32), min_size=4, max_size=4),
)
def test_no_box_and_no_picture_does_harm(width, height, box):
    x, y, *extent = box
    places = np.array((x, y), np.float32) + points(21) / 360 * np.abs(extent).astype(np.float32)
    picture = wall(0, (width, height))
    later = carried(seen(Hands, places.astype(np.float32)), *frames(picture, picture), 1)
    assert np.isfinite(later.landmarks).all()
    assert np.isfinite(later.regions).all()


@pytest.mark.parametrize("shape", [(144, 256), (256, 256)])
def test_a_mask_moves_with_its_edge(shape):
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.ellipse(mask, (300, 200), (80, 140), 0, 0, 360, 255, cv2.FILLED)
    behind = 96 + wall(2) // 4
    there = np.roll(mask, 16, axis=1)
    picture = np.where(mask > 0, wall(1), behind)
    moved = np.where(there > 0, np.roll(wall(1), 16, axis=1), behind)
    small, truth = (cv2.resize(p, shape[::-1]) for p in (mask, there))
    later = carried_mask(small, *thumbnails(picture, moved))
    assert later.shape == shape
    wrong = np.count_nonzero((later > 127) != (truth > 127))
    assert wrong < 0.4 * np.count_nonzero((small > 127) != (truth > 127))


def test_a_mask_without_an_edge_stays():
    picture = wall()
    full = np.full((144, 256), 255, np.uint8)
    assert carried_mask(full, *thumbnails(picture, picture)) is full
    half = np.zeros((256, 256), np.uint8)
    half[:, :100] = 255
    dot = np.zeros((1, 1), np.uint8)
    np.testing.assert_array_equal(carried_mask(half, *thumbnails(dot, dot.copy())), half)


@pytest.mark.parametrize(("graph", "node"), [("faces", "meshes"), ("people", "meshes")])
def test_every_third_frame_is_looked_at_in_a_graph(graph, node):
    """From the first frame on which a face is seen."""
    loaded = Graph.load(resource(f"graphs/{graph}.yaml"))
    loaded.set(f"{node}.every", 3)
    loaded.spec.outputs[node] = loaded.spec.budget
    run = loaded.run(source=str(resource("samples/astronaut.mp4")), offline=True, max_frames=12)
    seen_there = [result.value for result in run if result.name == node]
    fresh = [bool(meshes.fresh.all()) for meshes in seen_there if len(meshes)]
    assert len(seen_there) == 12
    assert len(fresh) == 12
    assert fresh == [True, False, False] * 4
