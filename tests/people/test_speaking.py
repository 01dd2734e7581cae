"""Who is heard, through pixels and sound: the graph `conversation` on clips put together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest
import yaml

from edge.audio.direction import Direction
from edge.graph import Graph
from edge.graph.execution import Event
from edge.paths import resource
from edge.people.results import FrameResult, Person
from edge.people.speaking import Speaking
from tests.accuracy.tiles import Clip, compose

SAMPLE = resource("samples/astronaut.mp4")
Run = tuple[list[FrameResult], list[Event]]


def run(source: str | Path, **options: Any) -> Run:
    graph = Graph.load(resource("graphs/conversation.yaml"))
    results, events = [], []
    for item in graph.run(str(source), offline=True, **options).items():
        if isinstance(item, Event):
            events.append(item)
        else:
            results.append(item.value)
    return results, events


def speech(events: list[Event]) -> list[tuple[str, dict[str, Any]]]:
    return [(e.kind, e.fields) for e in events if e.kind.startswith("speech_")]


@pytest.mark.parametrize("pace", ["fast", "realtime"])
def test_a_voice_without_moving_lips_is_somebodys_out_of_view(pace: str) -> None:
    results, events = run(SAMPLE, pace=pace, max_frames=150)
    assert [result.frame for result in results] == list(range(150))
    assert all(0 <= person.speaking < 0.2 for result in results for person in result.people)  # type: ignore[operator]
    told = speech(events)
    assert [kind for kind, _ in told] == ["speech_started", "speech_ended"]
    assert all(fields == {"voice": "offscreen-1"} for _, fields in told)


def test_without_sound_nothing_is_said_of_speech(tmp_path: Path) -> None:
    silent = tmp_path / "silent.mp4"
    with av.open(str(SAMPLE)) as given, av.open(str(silent), "w") as copy:
        (video,) = given.streams.video
        stream = copy.add_stream_from_template(video)
        for packet in given.demux(video):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    results, events = run(silent, max_frames=20)
    assert len(results) == 20
    assert not speech(events)
    assert all("speaking" not in encoded(person) for r in results for person in r.people)


def encoded(person: Person) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(person)
    return built


Composed = Callable[[str, list[str], list[str]], Clip]


@pytest.fixture
def composed(data: Path, tmp_path: Path) -> Composed:
    def make(kind: str, names: list[str], others: list[str]) -> Clip:
        return compose(tmp_path / "clip.mkv", kind, names, others, np.random.default_rng(3))

    return make


def said(clip: Clip, results: list[FrameResult]) -> np.ndarray:
    found = np.zeros((len(clip.tiles), len(results)))
    for column, result in enumerate(results):
        for person in result.people:
            middle = person.box[0] + person.box[2] / 2
            for row, (left, _, width, _) in enumerate(clip.tiles):
                if left <= middle < left + width:
                    assert isinstance(person.speaking, float)
                    found[row, column] = person.speaking
    return found


def test_who_speaks_is_told_from_who_mouths_along(composed: Composed) -> None:
    clip = composed("lips", ["bbaf2n", "swiz3n"], [])
    results, events = run(clip.path, pace="realtime")
    found = said(clip, results)
    truth = clip.truth[:, : found.shape[1]]
    assert found[truth].mean() > 5 * found[~truth & truth.any(axis=0)].mean()
    starts = [fields for kind, fields in speech(events) if kind == "speech_started"]
    assert starts
    assert all("person" in fields for fields in starts)
    # Who has spoken for long enough has a voice.
    assert {person.voice for person in results[-1].people if isinstance(person.voice, str)}


def test_anothers_voice_is_nobodys_in_view(composed: Composed) -> None:
    clip = composed("foreign", ["bbaf2n", "swiz3n"], ["lbax4n"])
    results, events = run(clip.path, pace="realtime")
    named = (said(clip, results) >= 0.5).any(axis=0)
    assert named.mean() < 0.05
    starts = [fields for kind, fields in speech(events) if kind == "speech_started"]
    assert sum("person" in fields for fields in starts) <= len(starts) / 4


def test_music_is_nobodys(composed: Composed) -> None:
    clip = composed("music", ["bbaf2n", "swiz3n"], [])
    results, _ = run(clip.path, pace="realtime")
    assert (said(clip, results) >= 0.5).mean() < 0.01


def test_where_sound_comes_from_counts_for_who_is_there() -> None:
    node = Speaking(Speaking.Settings(field_of_view_deg=60))
    people = [Person(id=1, box=[100, 0, 40, 40], score=1.0, fresh=True),
              Person(id=2, box=[580, 0, 40, 40], score=1.0, fresh=True)]  # fmt: skip
    left, right = node._toward(Direction(0, 20.0, confidence=0.4), people, width=720)
    assert right > 1
    assert left < -1
    unsure = node._toward(Direction(0, 20.0, confidence=0.03), people, width=720)
    assert np.abs(unsure).max() < 0.2


def test_two_microphones_fit_into_the_graph() -> None:
    document = yaml.safe_load(resource("graphs/conversation.yaml").read_text())
    nodes = document["nodes"]
    nodes["microphone"]["with"]["channels"] = 2
    inputs = {"sound": "microphone", "activity": "activity"}
    nodes["direction"] = {"uses": "direction", "inputs": inputs}
    nodes["speaking"]["inputs"]["direction"] = "direction"
    nodes["speaking"]["with"] = {"field_of_view_deg": 70}
    run = Graph.parse(document).run(str(SAMPLE), offline=True, max_frames=60)
    assert len(list(run)) == 60
    assert run.statistics.nodes["direction"][:2] == (run.statistics.nodes["activity"][0], 0)
