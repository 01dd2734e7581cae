"""What stands on the command line, as settings of the graph."""

from typing import Any

import pytest

from edge.cli.prepare import Request, prepare
from edge.errors import UserError
from tests.cli.program import Edge, is_one_line

MOST = {"faces.max_faces": 3, "persons.max_bodies": 3, "palms.max_hands": 6}


@pytest.mark.parametrize(
    ("graph", "nodes"),
    [
        ("people", ["faces", "persons", "palms"]),
        ("faces", ["faces"]),
        ("body", ["persons"]),
        ("hands", ["palms"]),
    ],
)
def test_so_many_people_have_one_face_and_body_and_two_hands_each(
    graph: str, nodes: list[str]
) -> None:
    ready = prepare(Request(graph, max_people=3))
    found = {
        f"{name}.{key}": value
        for name, spec in ready.spec.nodes.items()
        for key, value in spec.with_.items()
        if key.startswith("max_")
    }
    assert found == {key: n for key, n in MOST.items() if key.split(".")[0] in nodes}


def test_nobody_is_counted_in_a_graph_of_silhouettes() -> None:
    with pytest.raises(UserError, match="--max-people"):
        prepare(Request("silhouette", max_people=3))


def test_nobody_at_all_is_no_number_of_people(edge: Edge) -> None:
    assert is_one_line(edge("run", "people", "--source", "x.mp4", "--max-people", 0))


@pytest.mark.parametrize("asked", [{}, {"masks": True}, {"video": "out.mp4"}])
def test_silhouettes_are_looked_for_only_if_somebody_wants_them(asked: dict[str, Any]) -> None:
    nodes = prepare(Request("people", source="clip.mp4", **asked)).spec.check()
    assert ("silhouette" in nodes) is bool(asked)
