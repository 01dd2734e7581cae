import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.io.frames import Frame
from edge.people.overlay import MESH, Overlay, draw_dots
from edge.people.results import Face, FrameResult, Person
from edge.vision.faces import Meshes
from edge.vision.targets import bounds
from tests.vision.driving import context


def result(*boxes: list[float], landmarks=None) -> FrameResult:
    extra = {} if landmarks is None else {"landmarks": landmarks.tolist()}
    people = [
        Person(id=n, box=box, score=0.9, fresh=True, face=Face(box=box, score=0.9, **extra))
        for n, box in enumerate(boxes, 1)
    ]
    return FrameResult(frame=4, t=0.1, size=[320, 240], people=people)


def face(points: int = 478) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, points)
    circle = np.column_stack((np.cos(angles), np.sin(angles), 0 * angles))
    return (circle * 50 + [160, 120, 0]).astype(np.float32)


def drawn(people: FrameResult, meshes: Meshes | None = None, **settings) -> np.ndarray:
    overlay = Overlay(Overlay.Settings(**settings))
    overlay.open(context())
    frame = Frame(np.full((240, 320, 3), 60, np.uint8), 4, 100_000)
    out = overlay.process(frame, people, meshes)
    assert (out.index, out.t, out.size) == (4, 100_000, (320, 240))
    assert (frame.bgr == 60).all()
    return out.bgr != 60


def test_nobody_is_nothing_drawn():
    assert not drawn(result()).any()


def test_a_person_is_drawn_around_their_box_and_not_within():
    changed = drawn(result([100, 80, 100, 100]))
    assert changed[80, 100:110].any()
    assert changed[175:182, 195:202].any()
    assert not changed[90:170, 110:190].any()
    assert not changed[200:, 220:].any()


@pytest.mark.parametrize("points", [468, 478])
def test_landmarks_are_drawn_from_meshes_or_from_the_results(points):
    landmarks = face(points)
    box = [110.0, 70.0, 100.0, 100.0]
    none = np.zeros((1, 5), np.float32)
    rows = landmarks[None], bounds(landmarks[None]), none, none[:, 0], np.ones(1, bool)
    meshes = Meshes(0, *rows, lost=0, trusted=np.ones(1, bool))
    wired = drawn(result(box), meshes)
    assert wired[120, 209:212].any()
    np.testing.assert_array_equal(wired, drawn(result(box, landmarks=landmarks)))
    np.testing.assert_array_equal(drawn(result(box), meshes, landmarks=False), drawn(result(box)))


@given(st.lists(st.floats(-500, 900), min_size=4, max_size=4))
def test_boxes_beyond_the_picture_do_no_harm(box):
    box[2:] = np.abs(box[2:]).tolist()
    drawn(result(box, landmarks=face() + np.array([box[0], box[1], 0])))


def test_dots_are_drawn_where_the_points_are_and_nowhere_else():
    picture = np.zeros((20, 30, 3), np.uint8)
    draw_dots(picture, np.array([[5.0, 7.0], [29.0, 19.0], [30.0, 3.0], [-1.0, -1.0]]), MESH, 1)
    assert np.argwhere(picture.any(axis=2)).tolist() == [[7, 5], [19, 29]]
