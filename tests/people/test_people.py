"""People in real clips, from pixels to results."""

import json

import jsonschema
import msgspec
import numpy as np
import pytest

from edge.io.frames import Frame
from edge.people.people import People
from edge.people.results import Face, FrameResult, schema
from edge.vision.faces import Meshes
from edge.vision.targets import bounds
from tests.vision.driving import FaceGraph, clip, context, read, still, watch


class PeopleGraph(FaceGraph):
    """`graphs/faces.yaml`, driven by hand."""

    def __init__(self, detector=None, landmarks=None, people=None) -> None:
        super().__init__(detector, landmarks)
        self.events: list[dict] = []
        self.people = People(msgspec.convert(people or {}, People.Settings))
        self.people.open(context(self.events))

    def results(self, frames):
        for frame, _, meshes in watch(self, frames):
            self.people.t = frame.t
            yield self.people.process(frame, meshes, None, None, None)


def check(result: FrameResult) -> None:
    """Hold what every line promises."""
    jsonschema.validate(json.loads(msgspec.json.encode(result)), schema())
    ids = [person.id for person in result.people]
    assert ids == sorted(set(ids))
    for person in result.people:
        assert isinstance(person.face, Face)
        assert person.face.box == person.box
        if person.face.landmarks is not msgspec.UNSET:
            points = np.array(person.face.landmarks)[:, :2]
            low, high = points.min(axis=0), points.max(axis=0)
            np.testing.assert_allclose(person.box, [*low, *(high - low)], atol=0.1001)


def test_a_family_keeps_its_ids(data):
    """A man and a girl; at times he turns his face away by more than 60 degrees."""
    with PeopleGraph() as graph:
        results = list(graph.results(clip(data / "people/four_people_720p.mp4")))
    assert [result.frame for result in results] == list(range(177))
    centres: dict[int, list[float]] = {}
    for result in results:
        check(result)
        for person in result.people:
            centres.setdefault(person.id, []).append(person.box[0] + person.box[2] / 2)
    assert sorted(centres) == [1, 2]
    # The man sits at the right all the time: no id ever changed over.
    assert min(centres[1]) > max(centres[2])
    assert all(result.people for result in results)
    assert len(centres[2]) == len(results)
    assert len(centres[1]) >= 0.65 * len(results)
    assert [(event["name"], event["person"]) for event in graph.events] == [
        ("person_entered", 1), ("person_entered", 2),
    ]  # fmt: skip
    # Though a face was often missing, the detector looked at less than a fifth of the frames.
    assert len(graph.instants) < len(results) / 5


def test_one_person_before_the_camera_is_one_person(data):
    with PeopleGraph({"max_faces": 1}) as graph:
        results = list(graph.results(clip(data / "people/thumbs_up_720p.mp4")))
    assert {person.id for result in results for person in result.people} == {1}
    assert sum(not result.people for result in results) == 0
    assert graph.reasons() == ["first"]


def test_a_crowd_on_a_still_picture_is_confirmed_at_once(data):
    picture = read(data / "face/bald_guys.jpg")
    with PeopleGraph({"max_faces": 10}) as graph:
        (result,) = graph.results(still(picture, 1))
    check(result)
    assert len(result.people) == len(graph.events) >= 4


def test_pictures_on_their_own_show_new_people_each(data):
    portrait = read(data / "face/portrait.jpg")
    with PeopleGraph() as graph:
        frames = [Frame(portrait.copy(), n, n * 40_000, still=True) for n in range(2)]
        first, second = graph.results(frames)
    assert [first.people[0].id, second.people[0].id] == [1, 2]
    assert [event["name"] for event in graph.events] == [
        "person_entered", "person_left", "person_entered",
    ]  # fmt: skip


@pytest.mark.parametrize("points", [478, 468])
def test_landmarks_are_written_only_if_asked_for(data, points):
    portrait = read(data / "face/portrait.jpg")
    model = {"model": f"face_landmarks_{points}"}
    with PeopleGraph(landmarks=model) as graph:
        (without,) = graph.results(still(portrait, 1))
    with PeopleGraph(landmarks=model, people={"landmarks": True}) as graph:
        (having,) = graph.results(still(portrait, 1))
    check(having)
    assert without.people[0].face.landmarks is msgspec.UNSET
    assert np.shape(having.people[0].face.landmarks) == (points, 3)


def test_time_counts_from_the_first_frame():
    people = People(People.Settings())
    people.open(context())
    times = []
    for t in (7_000_000, 7_040_000, 7_120_000):
        people.t = t
        times.append(people.process(Frame(np.zeros((4, 6, 3), np.uint8), 0, t), nobody(t), None, None, None).t)
    assert times == [0, 0.04, 0.12]


def nobody(t: int) -> Meshes:
    landmarks = np.empty((0, 478, 3), np.float32)
    boxes = bounds(landmarks)
    none = np.empty(0, bool)
    regions = np.empty((0, 5), np.float32)
    return Meshes(t, landmarks, boxes, regions, boxes[:, 0], none, lost=0, trusted=none)


def test_an_empty_frame_is_a_line_all_the_same():
    people = People(People.Settings())
    people.open(context())
    result = people.process(Frame(np.zeros((4, 6, 3), np.uint8), 5, 0), nobody(0), None, None, None)
    assert msgspec.json.encode(result) == (
        b'{"type":"frame","frame":5,"t":0.0,"size":[6,4],"people":[]}'
    )
