"""Whose lips are which, of those in view."""

from edge.people.parts import NO_FACES
from edge.people.results import Face, FrameResult, Person
from edge.people.rows import face_rows
from tests.people.seen import faces, untrusted


def person(id_: int, box: list[float]) -> Person:
    return Person(id=id_, box=box, score=1.0, fresh=True, face=Face(box=box, score=1.0))


def test_faces_are_found_by_where_they_are() -> None:
    meshes = faces((50, 50), (350, 50))
    boxes = meshes.boxes.tolist()
    people = FrameResult(
        frame=0, t=0.0, size=[640, 480], people=[person(1, boxes[1]), person(2, boxes[0])]
    )
    assert face_rows(people, meshes) == {1: 1, 2: 0}
    assert face_rows(people, untrusted(meshes)) == {}
    assert face_rows(people, NO_FACES) == face_rows(people, None) == {}
