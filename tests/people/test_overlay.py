from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.io.frames import Frame
from edge.people.backgrounds import Settings
from edge.people.drawing import BONES, HAND, JOINT, NOBODY, colour_of, draw_dots
from edge.people.overlay import Overlay
from edge.people.results import Body, Face, FrameResult, Hand, Person
from edge.vision.bodies import Bodies
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.silhouette import Silhouette
from edge.vision.targets import Floats, bounds
from tests.vision.driving import context

WALL = 60
ONE, ALL = np.ones(1, np.float32), np.ones(1, bool)


def result(*boxes: list[float], landmarks=None, fresh=True, **parts) -> FrameResult:
    extra = {} if landmarks is None else {"landmarks": landmarks.tolist()}
    people = [
        Person(
            id=n, box=box, score=0.9, fresh=fresh, face=Face(box=box, score=0.9, **extra), **parts
        )
        for n, box in enumerate(boxes, 1)
    ]
    return FrameResult(frame=4, t=0.1, size=[320, 240], people=people)


def circle(points: int, radius: float = 50, values: int = 3) -> Floats:
    """Landmarks around the middle of the picture; what more than x and y they have is 1."""
    angles = np.linspace(0, 2 * np.pi, points)
    places = np.column_stack((np.cos(angles), np.sin(angles))) * radius + (160, 120)
    return np.hstack((places, np.ones((points, values - 2)))).astype(np.float32)


def parts(landmarks: Floats) -> dict[str, Any]:
    rows = landmarks[None]
    region = np.zeros((1, 5), np.float32)
    arrays = {"landmarks": rows, "boxes": bounds(rows), "regions": region, "scores": ONE}
    return {"t": 0, "fresh": ALL, "lost": 0, **arrays}


def meshes(landmarks: Floats) -> Meshes:
    return Meshes(**parts(landmarks), trusted=np.array([np.isfinite(landmarks).all()]))


def hands(landmarks: Floats) -> Hands:
    world, still = np.zeros((1, 21, 3), np.float32), np.zeros((1, 2), np.float32)
    return Hands(**parts(landmarks), right=ONE, world=world, moved=still)


def bodies(landmarks: Floats) -> Bodies:
    return Bodies(**parts(landmarks), world=np.zeros((1, 33, 3), np.float32))


def picture(
    people: FrameResult, *, settings: dict | None = None, mirrored=False, **seen
) -> np.ndarray:
    overlay = Overlay(Overlay.Settings(**(settings or {})))
    overlay.open(context())
    frame = Frame(np.full((240, 320, 3), WALL, np.uint8), 4, 100_000)
    frame.mirrored = mirrored
    inputs = dict.fromkeys(("meshes", "hands", "bodies", "silhouette")) | seen
    out = overlay.process(frame, people, **inputs)
    assert out is not None
    assert (out.index, out.t, out.size) == (4, 100_000, (320, 240))
    assert (frame.bgr == WALL).all()
    return out.bgr


def drawn(people: FrameResult, **more) -> np.ndarray:
    return picture(people, **more) != WALL


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


BOX = [110.0, 70.0, 100.0, 100.0]


def test_nobody_is_nothing_drawn():
    assert not drawn(result()).any()


def test_a_person_is_drawn_around_their_box_and_not_within():
    changed = drawn(result([100, 80, 100, 100]))
    assert changed[80, 100:110].any()
    assert changed[175:182, 195:202].any()
    assert not changed[90:170, 110:190].any()
    assert not changed[200:, 220:].any()


def test_who_was_carried_has_a_thinner_box():
    settings = {"scores": False}
    seen, carried = (
        drawn(result(BOX, fresh=fresh), settings=settings).sum() for fresh in (True, False)
    )
    assert carried < 0.9 * seen


@pytest.mark.parametrize("points", [468, 478])
def test_landmarks_are_drawn_from_meshes_or_from_the_results(points):
    landmarks = circle(points)
    wired = drawn(result(BOX), meshes=meshes(landmarks))
    assert wired[120, 209:212].any()
    np.testing.assert_array_equal(wired, drawn(result(BOX, landmarks=landmarks)))
    without = drawn(result(BOX), meshes=meshes(landmarks), settings={"landmarks": False})
    np.testing.assert_array_equal(without, drawn(result(BOX)))


def test_landmarks_that_are_left_out_are_not_drawn():
    unknown = meshes(np.full((478, 3), np.nan, np.float32))
    np.testing.assert_array_equal(drawn(result(BOX), meshes=unknown), drawn(result(BOX)))


def test_a_hand_has_its_persons_colour_and_none_if_it_is_nobodys():
    landmarks = circle(21, 20)
    box = bounds(landmarks[None])[0].tolist()
    far = [5.0, 200.0, 30.0, 30.0]
    owned = result(far, hands=[Hand(box=box, score=0.9, side="left")])
    assert has(picture(owned, hands=hands(landmarks)), colour_of(1))
    nobodys = picture(result(), hands=hands(landmarks))
    assert has(nobodys, NOBODY)
    assert not has(nobodys, colour_of(1))
    written = Hand(box=box, score=0.9, side="left", landmarks=landmarks.tolist())
    np.testing.assert_array_equal(
        picture(owned, hands=hands(landmarks)), picture(result(far, hands=[written]))
    )


def test_only_what_is_visible_of_a_body_is_drawn():
    landmarks = circle(33, 90, 4)
    box = bounds(landmarks[None])[0].tolist()
    far = [5.0, 5.0, 30.0, 30.0]
    person = result(far, body=Body(box=box, score=0.9))
    whole = drawn(person, bodies=bodies(landmarks)).sum()
    landmarks[23:, 3] = 0.4  # hips and all below
    upper = drawn(person, bodies=bodies(landmarks)).sum()
    landmarks[:, 3] = 0.1
    assert whole > upper > drawn(person, bodies=bodies(landmarks)).sum() == drawn(person).sum()


def test_bones_join_all_of_a_hand_and_of_a_body_without_its_face():
    assert set(np.concatenate(HAND)) == set(range(21))
    assert set(BONES.ravel()) == set(range(11, 33))


def test_what_is_no_person_is_dimmed():
    mask = np.zeros((144, 256), np.uint8)
    mask[:, 128:] = 255
    silhouette = Silhouette(0, mask, fresh=True)
    out = picture(result(), silhouette=silhouette)
    assert (out[:, 165:] == WALL).all()
    assert (out[:, :155] == round(WALL * Settings.DIMMED)).all()
    undimmed = picture(result(), silhouette=silhouette, settings={"background": "keep"})
    assert (undimmed == WALL).all()


def test_a_disabled_overlay_gives_nothing():
    overlay = Overlay(Overlay.Settings(enabled=False))
    overlay.open(context())
    frame = Frame(np.full((240, 320, 3), WALL, np.uint8), 0, 0)
    assert overlay.process(frame, result(), None, None, None, None) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_boxes_beyond_the_picture_do_no_harm(box):
    box[2:] = np.abs(box[2:]).tolist()
    away = np.array([box[0], box[1], 0])
    drawn(result(box, landmarks=circle(478) + away), hands=hands((circle(21) + away).astype("f4")))


def test_dots_are_drawn_where_the_points_are_and_nowhere_else():
    blank = np.zeros((20, 30, 3), np.uint8)
    draw_dots(blank, np.array([[5.0, 7.0], [29.0, 19.0], [30.0, 3.0], [-1.0, -1.0]]), JOINT, 1)
    assert np.argwhere(blank.any(axis=2)).tolist() == [[7, 5], [19, 29]]


def looking(**angles: Any) -> FrameResult:
    face = Face(box=[110, 70, 100, 100], score=0.9, **angles)
    person = Person(id=1, box=[0, 0, 320, 240], score=0.9, fresh=True, face=face)
    return FrameResult(frame=4, t=0.1, size=[320, 240], people=[person])


def middle(changed: np.ndarray) -> np.ndarray:
    """Return where, on average, the picture's middle was drawn on, against the eyes' place."""
    inner = changed[20:220, 40:280].any(axis=2)
    return np.argwhere(inner).mean(axis=0)[::-1] - (120, 90)


def test_an_arrow_points_where_the_eyes_look_else_the_head():
    right, down = (
        middle(drawn(looking(gaze=[40.0, 0.0]))),
        middle(drawn(looking(gaze=[0.0, -40.0]))),
    )
    assert right[0] > 15 > abs(right[1])
    assert down[1] > 15 > abs(down[0])
    assert middle(drawn(looking(gaze=[40.0, 0.0]), mirrored=True))[0] < -15
    head = looking(yaw=40.0, pitch=0.0)
    assert (picture(head) > picture(looking(gaze=[40.0, 0.0]))).any()  # it is lighter
    assert middle(drawn(head))[0] > 15
    away = looking(yaw=40.0, pitch=0.0, gaze=[-40.0, 0.0])
    assert middle(drawn(away))[0] < -15


def test_a_hands_gesture_is_written_and_none_is_not():
    def shown(gesture: str) -> np.ndarray:
        hand = Hand(box=[200, 150, 60, 60], score=0.9, side="left", gesture=gesture)
        return drawn(result(BOX, hands=[hand]))

    assert shown("thumb_up")[125:150, 200:280].any()
    np.testing.assert_array_equal(shown("none"), drawn(result(BOX)))


@pytest.mark.parametrize("key", ["speaking", "attention"])
def test_the_label_says_who_speaks_and_who_attends(key):
    def inked(value: float) -> int:
        return int(drawn(result([5.0, 70.0, 100.0, 100.0], **{key: value})).sum())

    assert inked(0.9) > inked(0.1)
