"""People in real clips, from pixels to results."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import cv2
import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.graph import Graph
from edge.io.frames import Frame
from edge.paths import resource
from edge.people.people import People
from edge.people.results import Body, Face, FrameResult, Hand, Person, schema
from edge.vision.silhouette import Silhouette
from tests.people.seen import bodies, faces, hands, untrusted
from tests.vision.driving import FaceGraph, clip, context, read, still, watch

SCHEMA = jsonschema.Draft202012Validator(schema())
FRAME = 40_000


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


def hold(result: FrameResult) -> None:
    """Hold what every line promises."""
    line = msgspec.json.encode(result)
    assert b"null" not in line
    SCHEMA.validate(json.loads(line))
    ids = [person.id for person in result.people]
    assert ids == sorted(set(ids))
    for person in result.people:
        parts = [person.face, person.body, *hands_of(person)]
        assert any(part is not msgspec.UNSET for part in parts)
        sides = [hand.side for hand in hands_of(person)]
        assert len(set(sides)) == len(sides)


def hands_of(person: Person) -> list[Hand]:
    return [] if isinstance(person.hands, msgspec.UnsetType) else person.hands


def kinds(result: FrameResult) -> dict[int, str]:
    """Return the parts of everybody by id: F, B, and L and R for hands."""
    return {
        person.id: "F" * isinstance(person.face, Face)
        + "B" * isinstance(person.body, Body)
        + "".join(hand.side[0].upper() for hand in hands_of(person))
        for person in result.people
    }


def face_of(person: Person) -> Face:
    assert isinstance(person.face, Face)
    return person.face


def body_of(person: Person) -> Body:
    assert isinstance(person.body, Body)
    return person.body


def check(result: FrameResult) -> None:
    """Hold what every line of faces alone promises."""
    hold(result)
    for person in result.people:
        face = face_of(person)
        assert face.box == person.box
        if face.landmarks is not msgspec.UNSET:
            points = np.array(face.landmarks)[:, :2]
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
    # A crocheted doll has a face, too, by the end of its arm.
    assert {1, 2} <= set(centres)
    assert sum(len(found) for id_, found in centres.items() if id_ > 2) < 0.5 * len(results)
    # The man sits at the right all the time: no id ever changed over.
    assert min(centres[1]) > max(centres[2])
    assert all(result.people for result in results)
    assert len(centres[2]) == len(results)
    assert len(centres[1]) >= 0.98 * len(results)
    assert [(event["name"], event["person"]) for event in graph.events][:2] == [
        ("person_entered", 1), ("person_entered", 2),
    ]  # fmt: skip
    assert not any(event["name"] == "person_left" and event["person"] < 3 for event in graph.events)


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
        times.append(
            people.process(Frame(np.zeros((4, 6, 3), np.uint8), 0, t), faces(), None, None, None).t
        )
    assert times == [0, 0.04, 0.12]


def test_an_empty_frame_is_a_line_all_the_same():
    people = People(People.Settings())
    people.open(context())
    result = people.process(Frame(np.zeros((4, 6, 3), np.uint8), 5, 0), None, None, None, None)
    assert msgspec.json.encode(result) == (
        b'{"type":"frame","frame":5,"t":0.0,"size":[6,4],"people":[]}'
    )


class Watch:
    """The people node, fed by hand with what was seen."""

    def __init__(self, **settings) -> None:
        self.events: list[dict] = []
        self.people = People(msgspec.convert(settings, People.Settings))
        self.people.open(context(self.events))
        self.index = 0

    def see(self, faces=None, hands=None, bodies=None, mask=None, *, still=False) -> FrameResult:
        self.people.t = self.index * FRAME
        picture = Frame(np.zeros((720, 1280, 3), np.uint8), self.index, self.people.t, still=still)
        self.index += 1
        faces, hands, bodies = (
            None if some is None else replace(some, t=self.people.t)
            for some in (faces, hands, bodies)
        )
        result = self.people.process(picture, faces, hands, bodies, mask)
        hold(result)
        return result


FACE, BODY, HAND = (300, 200), (300, 200), (440, 520)


def test_face_body_and_hands_of_one_human_are_one_person():
    watch = Watch(landmarks=True)
    result = watch.see(faces(FACE), hands(HAND, (160, 520), right=(0.1, 0.9)), bodies(BODY))
    assert kinds(result) == {1: "FBLR"}
    person = result.people[0]
    assert np.array(face_of(person).landmarks).shape == (478, 3)
    assert np.array(body_of(person).landmarks).shape == (33, 4)
    x, y, width, height = person.box
    assert (x, y) == (136.0, 150.0)
    assert (round(x + width), round(y + height)) == (464, 600)
    assert isinstance(person.box_sd, float)
    assert person.box_sd > 0
    assert [event["name"] for event in watch.events] == ["person_entered"]


def test_two_people_have_their_own_hands():
    some = hands((1040, 520), (160, 520), (440, 520))
    result = Watch().see(faces((900, 200), FACE), some, bodies(BODY, (900, 200)))
    assert kinds(result) == {1: "FBL", 2: "FBLR"}


def test_a_hand_of_nobody_has_an_id_and_makes_no_event():
    watch = Watch()
    watch.see(faces())
    seen = [kinds(watch.see(faces(), hands((600 + 4 * n, 400), right=(0.9,)))) for n in range(8)]
    assert seen[0] == {}
    assert seen[-1] == {1: "R"}
    assert watch.events == []


def test_a_hand_that_flickers_is_nobody():
    watch = Watch()
    for n in range(20):
        assert kinds(watch.see(None, hands(HAND) if n % 5 == 1 else hands())) == {}


def test_the_human_who_comes_after_their_hand_takes_over_its_id():
    watch = Watch()
    for _ in range(6):
        assert kinds(watch.see(faces(), hands(HAND, right=(0.1,)))) == {1: "L"}
    seen = [kinds(watch.see(faces(FACE), hands(HAND, right=(0.1,)))) for _ in range(5)]
    assert seen[0] == {1: "L"}
    assert seen[-1] == {1: "FL"}
    assert [(event["name"], event["person"]) for event in watch.events] == [("person_entered", 1)]


def test_a_hand_stays_its_persons_while_they_are_hidden():
    watch = Watch()
    for _ in range(5):
        watch.see(faces(FACE), hands(HAND), bodies(BODY))
    for _ in range(50):
        assert kinds(watch.see(faces(), hands(HAND), bodies())) == {1: "L"}
    for _ in range(40):
        last = kinds(watch.see(faces(), hands(HAND), bodies()))
    assert last == {2: "L"}
    assert [event["name"] for event in watch.events] == ["person_entered", "person_left"]


def test_an_id_stays_as_parts_come_and_go():
    watch = Watch()
    sights = [
        (faces(FACE), None, bodies(BODY)),
        (None, None, bodies(BODY)),
        (faces(FACE), None, None),
        (untrusted(faces(FACE)), hands(HAND), bodies()),
    ]
    for some in sights:
        for _ in range(4):
            assert set(kinds(watch.see(*some))) == {1}


@pytest.mark.parametrize(("score", "begins"), [(0.8, False), (0.95, True)])
def test_a_face_without_landmarks_begins_somebody_only_if_it_is_surely_one(score, begins):
    watch = Watch()
    doubtful = untrusted(faces((900, 500)))
    doubtful.scores[:] = score
    watch.see(faces())
    seen = [kinds(watch.see(doubtful)) for _ in range(60)]
    assert seen[40] == {}
    assert seen[-1] == ({1: "F"} if begins else {})


def test_a_face_without_landmarks_goes_on_being_somebodys():
    watch = Watch()
    for some in (faces(FACE), untrusted(faces(FACE))):
        for _ in range(9):
            last = kinds(watch.see(some))
        assert last == {1: "F"}
    assert kinds(Watch().see(untrusted(faces(FACE)), still=True)) == {1: "F"}
    assert kinds(Watch().see(untrusted(faces(FACE)), None, bodies(BODY))) == {1: "FB"}


def test_where_faces_are_looked_for_a_body_alone_is_somebody_after_a_while():
    watch = Watch()
    watch.see(faces(FACE), None, bodies(FACE))
    both = bodies(FACE, (900, 200))
    seen = [kinds(watch.see(faces(FACE), None, both)) for _ in range(20)]
    assert seen[9] == {1: "FB"}
    assert seen[-1] == {1: "FB", 2: "B"}
    assert kinds(Watch().see(faces(), None, bodies(BODY))) == {1: "B"}
    without = Watch()
    without.see(None, None, bodies(FACE))
    seen = [kinds(without.see(None, None, both)) for _ in range(5)]
    assert seen[-1] == {1: "B", 2: "B"}


def test_a_face_without_landmarks_is_written_without():
    (person,) = Watch(landmarks=True).see(untrusted(faces(FACE)), still=True).people
    assert face_of(person).landmarks is msgspec.UNSET
    assert face_of(person).box == pytest.approx([250, 150, 100, 100], abs=0.2)


def test_fresh_is_said_once_where_all_agree():
    watch = Watch()
    stale = replace(bodies(BODY), fresh=np.zeros(1, bool))
    (person,) = watch.see(faces(FACE), None, stale).people
    assert (person.fresh, face_of(person).fresh) == (True, msgspec.UNSET)
    assert body_of(person).fresh is False
    (person,) = watch.see(None, None, stale).people
    assert (person.fresh, body_of(person).fresh) == (False, msgspec.UNSET)


def test_masks_are_written_at_the_size_of_the_frame():
    mask = np.zeros((144, 256), np.uint8)
    mask[:, 128:] = 255
    silhouette = Silhouette(0, mask, fresh=True)
    assert Watch().see(mask=silhouette).mask is msgspec.UNSET
    text = Watch(masks=True).see(mask=silhouette).mask
    assert isinstance(text, str)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert picture.shape == (720, 1280)
    assert (picture[:, :600] == 0).all()
    assert (picture[:, 700:] == 255).all()


@st.composite
def anything(draw):
    """Up to six of each kind anywhere, of any size, some of them not finite."""

    def made(make):
        count = draw(st.integers(0, 6))
        place = st.floats(-2000, 3000, width=32)
        middles = [(draw(place), draw(place)) for _ in range(count)]
        size = draw(st.sampled_from([0.0, 1.0, 40.0, 300.0, 1e5]))
        seen = make(*middles, size=size)
        seen.scores[:] = draw(st.lists(SCORES, min_size=count, max_size=count))
        if count and draw(st.booleans()):
            seen.landmarks[draw(st.integers(0, count - 1)), draw(st.integers(0, 20))] = draw(ODD)
        if count and draw(st.booleans()):
            seen.boxes[draw(st.integers(0, count - 1)), draw(st.integers(0, 3))] = draw(ODD)
        if make is faces and draw(st.booleans()):
            seen = untrusted(seen)
        return seen

    return made(faces), made(hands), made(bodies)


ODD = st.sampled_from([np.nan, np.inf, -np.inf, 1e30, 0.0])
SCORES = st.sampled_from([0.0, 0.5, 1.0, 1.0001, -0.1, np.nan])


@given(st.lists(anything(), min_size=1, max_size=4), st.booleans())
def test_whatever_was_seen_no_line_is_invalid(frames, still):
    watch = Watch(landmarks=True)
    for seen in frames:
        for person in watch.see(*seen, still=still).people:
            assert min(person.box[2:]) >= 0


def through(path: Path, frames: int) -> list[FrameResult]:
    """Return what `graphs/people.yaml` says of the first frames of a clip."""
    graph = Graph.load(str(resource("graphs") / "people.yaml"))
    run = graph.run(source=str(path), offline=True, max_frames=frames)
    results = [result.value for result in run]
    for result in results:
        hold(result)
    return results


def test_a_man_and_his_hand_are_one(data):
    """He puts up his right thumb from the second second on."""
    results = through(data / "people/thumbs_up_720p.mp4", 90)
    assert all(set(kinds(result)) == {1} for result in results)
    seen = [kinds(result)[1] for result in results]
    assert sum("R" in some for some in seen[40:]) > 0.95 * len(seen[40:])
    assert not any("L" in some for some in seen)


def test_a_family_has_bodies_and_hands(data):
    """A man at the right and a girl at the left, whose arms cross."""
    results = through(data / "people/four_people_720p.mp4", 60)
    for id_ in (1, 2):
        assert sum("F" in kinds(result).get(id_, "") for result in results) > 0.9 * len(results)
        assert sum(len(kinds(result).get(id_, "")) > 1 for result in results) > 0.5 * len(results)


def test_people_are_told_of_as_they_will_be_when_the_result_comes_out():
    """Somebody goes to the right by a face's width a second; each result takes 100 ms."""
    left: dict[bool, float] = {}
    for predict in (False, True):
        node = People(People.Settings(predict=predict))
        ages = (index * 33_333 + 100_000 for index in range(30))
        node.open(context([])._replace(live=True, now=ages.__next__))
        for index in range(30):
            node.t = index * 33_333
            seen = replace(faces((300 + index / 30 * 100, 200)), t=node.t)
            frame = Frame(np.zeros((480, 640, 3), np.uint8), index, node.t)
            result = node.process(frame, seen, None, None, None)
        left[predict] = result.people[0].box[0]
    assert 6 < left[True] - left[False] < 11


def test_at_fast_pace_there_is_no_age_to_make_up_for():
    node = People(People.Settings(predict=True))
    node.open(context([])._replace(live=False, now=lambda: 10**9))
    for index in range(10):
        node.t = index * 33_333
        seen = replace(faces((300 + index * 10, 200)), t=node.t)
        frame = Frame(np.zeros((480, 640, 3), np.uint8), index, node.t)
        result = node.process(frame, seen, None, None, None)
    assert result.people[0].box[0] < 345
