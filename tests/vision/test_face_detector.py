"""When the detector looks, and at what."""

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.frames import Frame
from edge.vision.face_detector import FaceDetector
from tests.people.seen import bodies
from tests.vision.driving import FaceGraph, context, read, still, watch

SIZE = (720, 1280, 3)


@pytest.fixture(scope="module")
def portrait(data):
    return read(data / "face/portrait.jpg")


@pytest.fixture(scope="module")
def face(portrait):
    """The portrait's head, 200 px wide with its surroundings."""
    return cv2.resize(portrait[40:440, 200:600], (200, 200), interpolation=cv2.INTER_AREA)


def scene(face, *corners: tuple[int, int]) -> np.ndarray:
    """A grey 720p picture with the face at the given corners."""
    picture = np.full(SIZE, 128, np.uint8)
    for x, y in corners:
        picture[y : y + 200, x : x + 200] = face
    return picture


def times(graph: FaceGraph, pictures: list[np.ndarray], fps: float = 30) -> list[tuple[float, str]]:
    """Return when the detector looked at the whole picture, and why."""
    looks = []
    for index, picture in enumerate(pictures):
        before = len(graph.instants)
        graph.see(Frame(picture.copy(), index, round(index * 1e6 / fps)))
        looks += [(round(index / fps, 2), look["reason"]) for look in graph.instants[before:]]
    return [look for look in looks if look[1] not in ("weak", "tile", "turned")]


def test_a_held_face_needs_no_detector_but_for_a_slow_beat(face):
    with FaceGraph() as graph:
        looks = times(graph, [scene(face, (500, 200))] * 61)
    assert looks == [(0, "first"), (0.5, "newcomers"), (1.0, "newcomers"), (1.5, "newcomers"),
                     (2.0, "newcomers")]  # fmt: skip
    counts = graph.detector.counts
    assert (counts["detect:first"], counts["detect:newcomers"]) == (1, 4)


@pytest.mark.parametrize("fps", [20, 60])
def test_the_beat_is_of_time_and_not_of_frames(face, fps):
    with FaceGraph() as graph:
        looks = times(graph, [scene(face, (500, 200))] * (fps * 2 + 1), fps)
    assert [reason for _, reason in looks] == ["first", *["newcomers"] * 4]


def test_an_empty_room_is_searched_at_a_quick_beat(face):
    with FaceGraph() as graph:
        looks = times(graph, [scene(face)] * 31)
    assert [reason for _, reason in looks] == ["first", *["search"] * 10]


def test_with_all_faces_in_view_the_detector_rests(face):
    with FaceGraph({"max_faces": 1}) as graph:
        assert times(graph, [scene(face, (500, 200))] * 40) == [(0, "first")]


def test_a_lost_face_is_looked_for_at_once_and_then_often_for_a_second(face):
    both, one = scene(face, (300, 200), (800, 200)), scene(face, (300, 200))
    with FaceGraph() as graph:
        looks = times(graph, [both] * 6 + [one] * 60)
    lost = [when for when, reason in looks if reason == "lost"]
    searched = [when for when, reason in looks if reason == "search"]
    # Gone on the sixth frame, given up on the seventh, told to the detector with the eighth.
    assert lost == [0.27]
    assert len(searched) == 9
    assert max(searched) < lost[0] + 1.001
    assert [when for when, reason in looks if reason == "newcomers" and when > 1.25]


def test_a_face_found_again_ends_the_search(face):
    both, one = scene(face, (300, 200), (800, 200)), scene(face, (300, 200))
    with FaceGraph() as graph:
        looks = times(graph, [both] * 6 + [one] * 4 + [both] * 40)
        assert graph.last is not None
        assert len(graph.last) == 2
    searched = [when for when, reason in looks if reason == "search"]
    assert searched == [0.37]


def test_a_newcomer_is_seen_within_the_slow_beat_and_nobody_twice(face):
    both, one = scene(face, (300, 200), (800, 200)), scene(face, (300, 200))
    with FaceGraph() as graph:
        pictures = [one] * 3 + [both] * 30
        frames = (Frame(p.copy(), i, i * 33_333) for i, p in enumerate(pictures))
        seen = [len(meshes) for _, _, meshes in watch(graph, frames)]
    assert seen[:3] == [1, 1, 1]
    assert 2 in seen[:17]
    assert set(seen[seen.index(2) :]) == {2}


def test_followed_faces_come_first_and_the_largest_newcomers_next(face):
    picture = scene(face, (40, 40))
    small = cv2.resize(face, (120, 120), interpolation=cv2.INTER_AREA)
    picture[500:620, 300:420] = small
    picture[300:700, 800:1200] = cv2.resize(face, (400, 400))
    with FaceGraph({"max_faces": 2}) as graph:
        (frame,) = still(picture, 1)
        faces, _ = graph.see(frame)
    widths = faces.boxes[:, 2]
    assert len(faces) == 2
    assert widths[0] > 1.5 * widths[1] > 80


def test_a_face_that_leaves_the_picture_is_let_go(face):
    with FaceGraph() as graph:
        seen = []
        for index in range(60):
            picture = np.full((720, 1480, 3), 128, np.uint8)
            x = 900 + 10 * index
            picture[200:400, x : x + 200] = face[:, : max(0, 1480 - x)]
            _, meshes = graph.see(Frame(picture[:, :1280].copy(), index, index * 33_333))
            seen.append(len(meshes))
        assert seen[0] == 1
        assert seen[-1] == 0
        assert sorted(seen, reverse=True) == seen


def test_faces_from_before_a_gap_are_not_followed(face):
    with FaceGraph() as graph:
        graph.see(Frame(scene(face, (300, 200)), 0, 0))
        faces, meshes = graph.see(Frame(scene(face, (900, 300)), 1, 400_000))
    assert graph.reasons() == ["first", "gap"]
    assert not faces.followed.any()
    assert len(meshes) == 1


def test_pictures_on_their_own_are_looked_at_each(face):
    with FaceGraph() as graph:
        for index in range(3):
            graph.see(Frame(scene(face, (300 + 100 * index, 200)), index, index, still=True))
    assert graph.reasons() == ["still"] * 3


def test_the_same_frames_give_the_same_answer(face):
    def run() -> list[bytes]:
        with FaceGraph() as graph:
            pictures = [scene(face, (300 + 7 * i, 200 + 3 * i)) for i in range(20)]
            frames = (Frame(p, i, i * 40_000) for i, p in enumerate(pictures))
            return [meshes.landmarks.tobytes() for _, _, meshes in watch(graph, frames)]

    assert run() == run()


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 400, 3), (3000, 40, 3)])
def test_odd_sizes_hold_no_face_and_do_no_harm(shape):
    with FaceGraph() as graph:
        _, meshes = graph.see(Frame(np.zeros(shape, np.uint8), 0, 0))
    assert len(meshes) == 0


def test_a_model_that_finds_no_faces_is_refused():
    detector = FaceDetector(FaceDetector.Settings(model="face_landmarks_468"))
    with pytest.raises(UserError, match="no face detector"):
        detector.open(context())


def turned(picture: np.ndarray, quarters: int) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(picture, quarters))


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("alone", [False, True])
def test_a_face_on_its_side_or_upside_down_is_found_and_kept(face, quarters, alone):
    picture = turned(scene(face, (500, 200)), quarters)
    with FaceGraph() as graph:
        frames = [Frame(picture.copy(), i, i * 33_333, still=alone) for i in range(60)]
        seen = [meshes for _, _, meshes in watch(graph, frames[: 2 if alone else 60])]
    found = [len(meshes) for meshes in seen]
    assert found[-1] == 1
    assert seen[-1].trusted.all()
    eyes = seen[-1].landmarks[0, [33, 263], :2]
    angle = np.degrees(np.arctan2(*(eyes[1] - eyes[0])[::-1]))
    # A picture on its own is looked at once; in a video the region turns with the landmarks.
    assert abs((angle + 90 * quarters + 180) % 360 - 180) < (40 if alone else 15)


def in_1080p(face: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """A picture with a face 40 pixels wide."""
    small = cv2.resize(face, (78, 78), interpolation=cv2.INTER_AREA)
    picture = np.full((1080, 1920, 3), 128, np.uint8)
    x, y = corner
    picture[y : y + 78, x : x + 78] = small
    return picture


def test_a_face_of_40_pixels_in_1080p_is_found_anywhere(face):
    corners = np.random.default_rng(0).integers(0, (1920 - 78, 1080 - 78), (12, 2))
    found = []
    with FaceGraph() as graph:
        for index, corner in enumerate(corners):
            _, meshes = graph.see(Frame(in_1080p(face, corner), index, index, still=True))
            near = np.abs(meshes.boxes[:, :2] + meshes.boxes[:, 2:] / 2 - corner - 39) < 20
            found.append(near.all(axis=1).sum())
    assert found == [1] * 12


def test_in_a_video_it_is_found_once_all_tiles_were_looked_at(face):
    empty, with_face = in_1080p(face, np.array((0, 0))), in_1080p(face, np.array((1500, 700)))
    empty[:] = 128
    with FaceGraph({"tile_beat_s": 0.1}) as graph:
        graph.see(Frame(empty, 0, 0))
        frames = [Frame(with_face.copy(), i, i * 40_000) for i in range(1, 60)]
        seen = [len(meshes) for _, _, meshes in watch(graph, frames)]
    assert 1 in seen
    assert set(seen[seen.index(1) :]) == {1}


def test_of_thirty_faces_the_largest_are_followed(face):
    picture = np.full((1080, 1920, 3), 128, np.uint8)
    sides = np.random.default_rng(1).permutation(np.linspace(130, 300, 30).astype(int))
    for index, side in enumerate(sides):
        y, x = (index // 6) * 210, (index % 6) * 320
        shown = cv2.resize(face, (int(side), int(side)), interpolation=cv2.INTER_AREA)[:210]
        picture[y : y + len(shown), x : x + side] = shown
    with FaceGraph({"max_faces": 5}) as graph:
        _, meshes = graph.see(Frame(picture, 0, 0))
    assert len(meshes) == 5
    widths = np.sort(meshes.boxes[:, 2])
    assert widths[0] > 0.75 * 0.4 * 290


def test_a_head_without_a_face_is_looked_at(face):
    """A body says where; nothing moves, and nobody has looked at the whole for long."""
    picture = scene(face, (500, 200))
    with FaceGraph({"beat_s": 60.0, "newcomers_s": 60.0, "search_s": 0.1}) as graph:
        graph.see(Frame(scene(face), 0, 0))
        before = len(graph.instants)
        graph.detector.t = 200_000
        graph.detector.lookout._looked_at = 200_000
        known = bodies((600, 300), size=100)
        faces = graph.detector.process(Frame(picture, 1, 200_000), graph.last, None, known)
    assert "head" in [instant["reason"] for instant in graph.instants[before:]]
    assert len(faces) == 1
