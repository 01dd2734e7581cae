"""Who speaks to the device, through pixels and sound: talkers who look into the camera."""

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import yaml

from edge.graph import Graph
from edge.graph.execution import Event
from edge.graph.node import Context
from edge.io.frames import Frame
from edge.paths import resource
from edge.people.attention import Attention
from edge.people.results import Face, FrameResult, Person
from tests.accuracy.tiles import Clip, Look, compose

VIEW = 20.0
"""What the camera is taken to see: each talker looked into a camera of their own, straight ahead,
so that side by side, but for a long lens, they would look past one in their middle."""
Run = tuple[list[FrameResult], list[Event]]


def run(source: Path, view: float = VIEW) -> Run:
    document = yaml.safe_load(resource("graphs/attention.yaml").read_text())
    graph = Graph.parse(document)
    graph.set("gaze.view_deg", view)
    graph.set("attention.view_deg", view)
    results, events = [], []
    for item in graph.run(str(source), offline=True).items():
        if isinstance(item, Event):
            events.append(item)
        else:
            results.append(item.value)
    return results, sorted(events, key=lambda event: event.t)


def addressed(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind == "addressed"]


def composed(path: Path, kind: str, names: list[str], look: Look | None = None) -> Clip:
    draw = np.random.default_rng(3)
    return compose(path / "clip.mkv", kind, names, ["lbax4n"], draw, look or Look())


def test_who_looks_and_talks_addresses_the_device(data: Path, tmp_path: Path) -> None:
    clip = composed(tmp_path, "listen", ["bbaf2n"])
    results, events = run(clip.path)
    (first, *_) = addressed(events)
    spoken = np.flatnonzero(clip.truth[0]) / 25
    assert abs(first.fields["speech_t"] - spoken[0]) < 0.4
    assert first.t / 1e6 - spoken[0] < 1.5
    kinds = [e.kind for e in events if e.kind.startswith("addressed")]
    assert kinds == ["addressed", "addressed_ended"] * (len(kinds) // 2)
    assert any(p.attention > 0.8 for result in results for p in result.people)  # type: ignore[operator]


def test_of_two_who_look_it_is_who_talks(data: Path, tmp_path: Path) -> None:
    clip = composed(tmp_path, "listen", ["bbaf2n", "lwbsza"])
    results, events = run(clip.path)
    told = addressed(events)
    assert told
    for event in told:
        frame = min(round(event.t / 40_000), len(results) - 1)
        (person,) = [p for p in results[frame].people if p.id == event.fields["person"]]
        tile = int(person.box[0] + person.box[2] / 2 > 640)
        assert clip.truth[tile, frame - 8 : frame + 1].any()


def test_a_voice_out_of_view_addresses_nobody(data: Path, tmp_path: Path) -> None:
    _, events = run(composed(tmp_path, "foreign", ["bbaf2n", "swiz3n"]).path)
    assert addressed(events) == []


def test_who_talks_from_far_away_does_not(data: Path, tmp_path: Path) -> None:
    clip = composed(tmp_path, "listen", ["bbaf2n"], Look(width=90))
    results, events = run(clip.path, view=66.0)
    faces = [p.face for result in results for p in result.people if p.face]
    distances = [face.distance_m for face in faces if isinstance(face.distance_m, float)]
    assert min(distances) > 3.5
    assert addressed(events) == []


def test_sunglasses_hide_the_gaze_and_not_the_address(data: Path, tmp_path: Path) -> None:
    clip = composed(tmp_path, "listen", ["bbaf2n"])
    bare, _ = run(clip.path)
    shaded = tmp_path / "shaded.mkv"
    faces = [result.people[0].face if result.people else None for result in bare]
    with av.open(str(clip.path)) as given, av.open(str(shaded), "w") as copy:
        video, sound = given.streams.video[0], given.streams.audio[0]
        out = copy.add_stream(
            "mpeg4", rate=25, width=video.width, height=video.height, bit_rate=8_000_000
        )
        heard = copy.add_stream_from_template(sound)
        index = 0
        for packet in given.demux(video, sound):
            if packet.stream is sound:
                if packet.dts is not None:
                    packet.stream = heard
                    copy.mux(packet)
                continue
            for frame in packet.decode():
                assert isinstance(frame, av.VideoFrame)
                picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                face = faces[min(index, len(faces) - 1)]
                index += 1
                if isinstance(face, Face):
                    shade(picture, face)
                copy.mux(out.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        copy.mux(out.encode(None))
    results, events = run(shaded)
    gazes = [isinstance(p.face.gaze, list) for r in results for p in r.people if p.face]
    assert np.mean(gazes) < 0.1
    assert addressed(events)


def shade(picture: np.ndarray, face: Face) -> None:
    x, y, width, height = face.box
    for side in (-1, 1):
        middle = int(x + width * (0.5 + 0.21 * side)), int(y + height * 0.3)
        axes = int(width * 0.2), int(height * 0.13)
        cv2.ellipse(picture, middle, axes, 0, 0, 360, (22, 20, 20), -1, cv2.LINE_AA)


def person(id_: int, x: float, **face: Any) -> Person:
    box = [x - 50, 310.0, 100.0, 100.0]
    more = {"speaking": face.pop("speaking", 0.0)}
    return Person(id=id_, box=box, score=1, fresh=True, face=Face(box=box, score=1, **face), **more)


def seen(
    *people: list[Person], mirrored: bool = False
) -> tuple[list[FrameResult], list[tuple[str, dict]]]:
    """Return what comes of people at 10 frames a second."""
    events: list[tuple[str, dict]] = []
    node = Attention(Attention.Settings())
    node.open(context(events))
    results = []
    for index, there in enumerate(people):
        frame = Frame(np.zeros((720, 1280, 3), np.uint8), index, index * 100_000)
        frame.mirrored = mirrored
        node.t = frame.t
        now = FrameResult(frame=index, t=index / 10, size=[1280, 720], people=there)
        results.append(node.process(frame, now, None))
    node.finish()
    return results, events


def context(events: list[tuple[str, dict]]) -> Context:
    def note(kind: str, **fields: Any) -> None:
        events.append((kind, fields))

    return Context("attention", lambda: 0, False, note, lambda name, **fields: None, True)


@pytest.mark.parametrize(("mirrored", "yaw"), [(False, 24.0), (True, -24.0)])
def test_who_sits_aside_looks_at_the_device_with_a_turned_head(mirrored: bool, yaw: float) -> None:
    """At the picture's left edge, which is the person's right, they have to turn to their left."""
    there = [[person(1, 200, yaw=yaw, pitch=0.0, distance_m=1.5)]] * 30
    away = [[person(1, 200, yaw=-yaw, pitch=0.0, distance_m=1.5)]] * 30
    assert seen(*there, mirrored=mirrored)[0][-1].people[0].attention > 0.8  # type: ignore[operator]
    assert seen(*away, mirrored=mirrored)[0][-1].people[0].attention < 0.1  # type: ignore[operator]


def test_who_leaves_while_speaking_to_it_has_stopped() -> None:
    talks = [[person(1, 640, yaw=0.0, pitch=0.0, distance_m=1.0, speaking=0.9)]] * 30
    _, events = seen(*talks, *[[]] * 40)
    assert [kind for kind, _ in events] == ["addressed", "addressed_ended"]


def test_without_a_face_nobody_attends() -> None:
    box = [0.0, 0.0, 10.0, 10.0]
    results, _ = seen(*[[Person(id=1, box=box, score=1, fresh=True)]] * 5)
    assert results[-1].people[0].attention == 0.0
