"""Graphs as YAML: what is wrong is said with file, line and the nearest valid name."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Graph, UserError
from edge.document import read_yaml
from edge.graph.spec import Spec

NODES = """
from collections.abc import Iterator
from edge.graph import Node, Packet, Previous, Source

class Cat: ...
class Tabby(Cat): ...
class Dog: ...

class Cats(Source):
    class Settings(Node.Settings):
        count: int = 3
        size: tuple[int, int] = (1, 1)
    def packets(self) -> Iterator[Packet[Tabby]]:
        for n in range(self.settings.count):
            yield Packet(n * 1000, Tabby())

class Feed(Node):
    class Settings(Node.Settings):
        grams: float = 1.5
    def process(self, cat: Cat, last: Previous[Cat]) -> Cat:
        return cat

class Picky(Node):
    class Settings(Node.Settings):
        hungry: bool = False
    @classmethod
    def unread(cls, settings: Settings) -> tuple[str, ...]:
        return () if settings.hungry else ("food",)
    def process(self, cat: Cat, food: Cat | None) -> Cat:
        return cat

class Walk(Node):
    def process(self, dog: Dog) -> Dog:
        return dog

class Untyped(Node):
    def process(self, cat) -> Cat:
        return cat
"""

GOOD = """\
budget: {latency_ms: 50, power_w: 2.0}
nodes:
  cats: {uses: "pets.py:Cats", with: {count: 2}}
  feed:
    uses: pets.py:Feed
    inputs: {cat: cats, last: feed}
outputs: [feed]
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "pets.py").write_text(NODES)

    def write(text: str):
        path = tmp_path / "pets.yaml"
        path.write_text(textwrap.dedent(text))
        return path

    return write


def test_a_graph_with_a_users_own_nodes_runs(write):
    graph = Graph.load(write(GOOD))
    assert [result.t for result in graph.run()] == [0, 1000]
    assert graph.spec.budget.latency_ms == 50
    graph.set("cats.count", 1)
    assert len(list(graph.run())) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("pets.py:Feed", "pets.py:Fed", 5, "has no node 'Fed'; did you mean 'Feed'?"),
        ('"pets.py:Cats"', "camra", 3, "unknown node 'camra'; did you mean 'camera'?"),
        ("pets.py:Feed", "nowhere.py:Feed", 5, "can't be imported"),
        ("pets.py:Feed", "pets.py:Untyped", 5, "Untyped.process has no type for 'cat'"),
        ("{cat: cats, last: feed}", "{last: feed}", 4, "'feed' needs the input 'cat' (Cat)"),
        ("last: feed}", "lst: feed}", 6, "has no input 'lst'; did you mean 'last'?"),
        ("cat: cats", "cat: cuts", 6, "no node 'cuts'; did you mean 'cats'?"),
        ("cat: cats", "cat: feed", 4, "feed → feed is a circle"),
        ("count: 2", "cuont: 2", 3, "unknown option 'cuont'; did you mean 'count'?"),
        ("count: 2", "count: two", 3, "nodes.cats.with.count: expected 'int', got 'str'"),
        ("count: 2", "size: [1]", 3, "nodes.cats.with.size"),
        ("outputs: [feed]", "outputs: [fed]", 7, "'fed' is no node; did you mean 'feed'?"),
        ("outputs: [feed]", "outptus: [feed]", 7, "'outptus'; did you mean 'outputs'?"),
        ("outputs: [feed]", "outputs: []", 2, "name an output or add a sink"),
        ("uses: pets.py:Feed", "use: pets.py:Feed", 5, "'use'; did you mean 'uses'?"),
        ("latency_ms: 50", "latency_ms: fast", 1, "budget.latency_ms"),
        ("  feed:", "  cats:", 4, "'cats' stands twice"),
        ("[feed]", "[feed", 8, "not valid YAML"),
    ],
)
def test_an_error_names_the_line_and_the_nearest_name(write, old, new, line, said):
    assert old in GOOD
    with pytest.raises(UserError) as error:
        Graph.load(write(GOOD.replace(old, new)))
    message = str(error.value)
    assert said in message
    assert f"pets.yaml:{line}: " in message
    assert "\n" not in message


def test_a_type_that_does_not_fit_names_what_would(write):
    text = (
        GOOD.replace("outputs: [feed]", "")
        + """\
  dogs: {uses: pets.py:Walk, inputs: {dog: feed}}
"""
    )
    with pytest.raises(UserError) as error:
        Graph.load(write(text.replace("\n  dogs", "  dogs") + "outputs: [dogs]\n"))
    assert "input 'dog' of 'dogs' takes Dog, but 'feed' gives Cat; 'dogs' would do" in str(
        error.value
    )


def test_nodes_that_nobody_needs_do_not_run(write):
    text = GOOD.replace("outputs:", '  more: {uses: "pets.py:Cats"}\noutputs:')
    assert list(Spec.load(write(text)).check()) == ["cats", "feed"]


def test_no_file_no_text_no_graph(tmp_path):
    with pytest.raises(UserError, match=r"can't read the graph .*No such file"):
        Graph.load(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is no text"):
        Graph.load(tmp_path / "x.yaml")
    (tmp_path / "x.yaml").write_text("")
    with pytest.raises(UserError, match="expected 'object'"):
        Graph.load(tmp_path / "x.yaml")


@given(st.text())
def test_text_that_is_no_graph_is_one_error(text):
    with pytest.raises(UserError, match=r"^g\.yaml"):
        Spec(*read_yaml(text, "g.yaml"), "g.yaml").check()


def test_set_and_add_leave_the_graph_as_it_was_when_they_fail(write):
    graph = Graph.load(write(GOOD))
    for key, value in {"feed.gram": 1, "fed.grams": 1, "feed": 1, "feed.grams": "x"}.items():
        with pytest.raises(UserError):
            graph.set(key, value)
    with pytest.raises(UserError):
        graph.add("walk", "pets.py:Walk", {"dog": "cats"})
    assert len(list(graph.run())) == 2


def test_a_graph_draws_itself(write):
    drawing = Graph.load(write(GOOD)).mermaid()
    assert 'cats -->|"cat: Cat"| feed' in drawing
    assert 'feed -.->|"last: Previous[Cat]"| feed' in drawing


@pytest.mark.parametrize("hungry", [False, True])
def test_nothing_runs_for_an_input_that_isnt_read(write, hungry):
    graph = write(f"""
        nodes:
          cats: {{uses: "pets.py:Cats"}}
          feed: {{uses: "pets.py:Feed", inputs: {{cat: cats}}}}
          picky:
            uses: pets.py:Picky
            inputs: {{cat: cats, food: feed}}
            with: {{hungry: {str(hungry).lower()}}}
        outputs: [picky]
    """)
    assert ("feed" in Spec.load(graph).check()) is hungry


def test_an_input_that_isnt_read_has_to_fit_nevertheless(write):
    graph = write("""
        nodes:
          cats: {uses: "pets.py:Cats"}
          picky: {uses: "pets.py:Picky", inputs: {cat: cats, food: cat}}
        outputs: [picky]
    """)
    with pytest.raises(UserError, match=r"no node 'cat'.*cats"):
        Spec.load(graph).check()
