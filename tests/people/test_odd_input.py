"""Whatever a source brings, the people graph neither crashes nor writes an invalid line."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cv2
import jsonschema
import msgspec
import numpy as np
import pytest

from edge.cli.lines import summary
from edge.cli.prepare import Sinks
from edge.graph import Graph
from edge.graph.node import Packet, Source
from edge.graph.run import Statistics
from edge.inference.model import Model
from edge.io.frames import Frame
from edge.paths import resource
from edge.people.results import FrameResult, schema
from tests.vision.driving import read

FRAME_US = 40_000
SCHEMA = jsonschema.Draft202012Validator(schema())
Pictures = Iterable[np.ndarray]


def run(pictures: Pictures, *, still: bool = False, **settings: Any) -> tuple[list, Statistics]:
    """Run the people graph, its results drawn too; return results and account.

    Every line has been held to the schema, and no node has failed.
    """

    class Given(Source):
        medium = "picture"

        def packets(self) -> Iterator[Packet[Frame]]:
            for index, picture in enumerate(pictures):
                t = index * FRAME_US
                yield Packet(t, Frame(picture.copy(), index, t, still=still))

    graph = Graph.load(resource("graphs/people.yaml"))
    graph.spec.nodes["camera"].uses = Given
    graph.spec.nodes["camera"].with_.clear()
    graph.set("people.landmarks", True)
    graph.set("people.masks", True)
    for key, value in settings.items():
        graph.set(key.replace("__", "."), value)
    drawn = Sinks(graph).annotated("--video")
    graph.spec.outputs[drawn] = graph.spec.budget
    made = graph.run(offline=True)
    results = []
    for result in made:
        if isinstance(result.value, FrameResult):
            check(result.value)
            results.append(result.value)
    statistics = made.statistics
    assert {name: failed for name, (_, failed, *_) in statistics.nodes.items() if failed} == {}
    assert statistics.nodes[drawn][0] == statistics.frames == len(results)
    check(summary(statistics))
    return results, statistics


def check(line: msgspec.Struct) -> None:
    SCHEMA.validate(json.loads(msgspec.json.encode(line)))


@pytest.fixture(scope="module")
def portrait(data):
    return read(data / "face/portrait.jpg")


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 40), (40, 1), (3, 2), (17, 9)])
def test_tiny_pictures(width, height, still):
    results, _ = run([noise(width, height, seed) for seed in range(3)], still=still)
    assert [result.size for result in results] == [[width, height]] * 3


@pytest.mark.parametrize("still", [False, True])
def test_a_picture_of_8k(portrait, still):
    results, _ = run([cv2.resize(portrait, (7680, 4320))], still=still)
    assert results[0].size == [7680, 4320]
    assert len(results[0].people) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda bgr: cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY),
        lambda bgr: cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)[:, :, None],
        lambda bgr: cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA),
    ],
)
def test_grey_pictures_and_such_with_a_transparency_show_the_same_person(portrait, change):
    results, _ = run([change(portrait)] * 3)
    assert [len(result.people) for result in results] == [1] * 3


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_pictures_show_nobody(value):
    picture = np.full((240, 320, 3), value, np.uint8)
    results, _ = run([picture] * 4)
    assert not any(result.people for result in results)


def test_noise_shows_nobody():
    results, _ = run([noise(320, 240, seed) for seed in range(4)])
    assert not any(result.people for result in results)


def test_sizes_that_change_in_mid_stream(portrait):
    sizes = [(820, 1024), (820, 1024), (1024, 820), (410, 512), (1, 1), (512, 512), (820, 1024)]
    results, _ = run([cv2.resize(portrait, size) for size in sizes])
    assert [tuple(result.size) for result in results] == sizes
    assert results[1].people
    assert results[-1].people


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_half_a_face_at_the_border(portrait, edge):
    """The face lies around x 410, y 180."""
    cut = {
        "left": portrait[:, 410:],
        "right": portrait[:, :410],
        "top": portrait[180:],
        "bottom": portrait[:180],
    }[edge]
    results, _ = run([np.ascontiguousarray(cut)] * 4)
    assert len(results) == 4


def test_every_third_frame_looked_at_everywhere(portrait):
    settings: dict[str, Any] = {
        f"{node}__every": 3 for node in ("meshes", "bodies", "hands", "silhouette")
    }
    shifted = [np.roll(portrait, 4 * index, axis=1) for index in range(6)]
    results, _ = run(shifted, **settings)
    fresh = [person.fresh for result in results for person in result.people]
    assert len(fresh) == 6
    assert not all(fresh)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_outputs_that_are_not_finite_are_dropped_and_counted(portrait, monkeypatch, value):
    """After two good frames every model gives nothing else; in all of them something moves."""
    moving = [np.roll(portrait, 8 * index, axis=1) for index in range(5)]
    results, statistics = run(breaking(monkeypatch, moving, lambda out: out.fill(value), 2))
    assert len(results[1].people) == 1
    check(results[-1])
    counts = {name: n for name, n in statistics.counts.items() if name.endswith(".invalid")}
    assert counts["meshes.invalid"] >= 1
    assert counts["silhouette.invalid"] == 3
    assert summary(statistics).counts == counts


@pytest.mark.parametrize("seed", range(3))
def test_single_numbers_that_are_not_finite(portrait, monkeypatch, seed):
    random = np.random.default_rng(seed)

    def sprinkle(output: np.ndarray) -> None:
        flat = output.reshape(-1)
        flat[random.integers(len(flat))] = random.choice([np.nan, np.inf, -np.inf, 1e30, -1e30])

    results, _ = run(breaking(monkeypatch, [portrait] * 4, sprinkle, 1))
    assert len(results) == 4


def breaking(
    monkeypatch: pytest.MonkeyPatch,
    pictures: list[np.ndarray],
    spoil: Callable[[np.ndarray], None],
    after: int,
) -> Iterator[np.ndarray]:
    """Give pictures; from number `after` on spoil all that models answer."""
    invoke = Model.invoke
    monkeypatch.setattr(Model, "invoke", invoke)

    def spoiled(model: Model) -> list[np.ndarray]:
        outputs = [np.array(output, np.float32) for output in invoke(model)]
        for output in outputs:
            spoil(output)
        return outputs

    for index, picture in enumerate(pictures):
        if index == after:
            monkeypatch.setattr(Model, "invoke", spoiled)
        yield picture
