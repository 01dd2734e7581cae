"""Files that begin again, and devices that are muted or waited for."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.graph import Event, Graph, Result, Run
from edge.graph.node import Context
from edge.io.camera import Camera
from edge.io.frames import Frame
from edge.io.microphone import Microphone
from edge.io.sounds import Sound
from edge.io.switched import Switched
from tests.io.conftest import Clip, grey_levels, tone


def made_clip(clip: Clip, seconds: float, fps: int) -> Path:
    count = round(seconds * fps)
    ticks = [round(1000 * i / fps) for i in range(count)]
    return clip("clip.mp4", grey_levels(count), ticks, tone(seconds))


def graph(source: str, **options: Any) -> Graph:
    made = Graph.parse({
        "nodes": {"camera": {"uses": "camera"}, "microphone": {"uses": "microphone"}},
        "outputs": ["camera", "microphone"],
    }).replace_sources(source)  # fmt: skip
    for name in ("camera", "microphone"):
        for option, value in options.items():
            made.set(f"{name}.{option}", value)
    return made


def taken(run: Run, count: int) -> tuple[list[Frame], list[Sound]]:
    """Return the first so many frames, and the sound up to there."""
    frames: list[Frame] = []
    sounds: list[Sound] = []
    for result in run:
        (frames if result.name == "camera" else sounds).append(result.value)
        if len(frames) == count:
            run.stop()
    return frames, sounds


def test_a_file_begins_again_and_sound_and_picture_stay_together(clip: Clip) -> None:
    path = made_clip(clip, 1.0, 10)
    frames, sounds = taken(graph(str(path), loop=True).run(pace="fast"), 35)
    assert [frame.index for frame in frames] == list(range(35))
    times = [frame.t / 1e6 for frame in frames]
    assert times == sorted(set(times))
    assert times[30] == pytest.approx(3.0, abs=0.15)  # three laps, of 1 s and a bit each
    assert times[10] - times[0] == pytest.approx(times[30] - times[20], abs=0.01)
    sound_times = [sound.t for sound in sounds]
    assert sound_times == sorted(set(sound_times))
    lap = times[10] - times[0]
    begins = [s.t / 1e6 for s in sounds if abs(s.t / 1e6 / lap - round(s.t / 1e6 / lap)) < 0.005]
    assert len(begins) >= 3  # each lap's sound begins with its picture


@contextmanager
def running(made: Graph) -> Iterator[tuple[Run, list[Result], list[Event]]]:
    """A run that is read on another thread."""
    run = made.run(pace="realtime")
    results: list[Result] = []
    events: list[Event] = []

    def read() -> None:
        for item in run.items():
            (results if isinstance(item, Result) else events).append(item)  # type: ignore[arg-type]

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield run, results, events
    finally:
        run.stop()
        thread.join(10)


def until(condition: Any, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't come about"
        time.sleep(0.02)


def is_open(path: Path) -> bool:
    """Whether this process has the file open."""
    return any(
        link.resolve() == path.resolve()
        for link in Path("/proc/self/fd").iterdir()
        if link.exists()
    )


def test_what_is_muted_is_closed_and_comes_back_in_step(clip: Clip) -> None:
    path = made_clip(clip, 2.0, 20)
    with running(graph(str(path), loop=True)) as (run, results, events):
        until(lambda: len(results) > 20)
        camera, microphone = run.sources()["camera"], run.sources()["microphone"]
        assert isinstance(camera, Camera)
        assert isinstance(microphone, Microphone)
        camera.mute()
        microphone.mute()
        assert not is_open(path)
        seen = len(results)
        time.sleep(0.7)
        assert len(results) <= seen + 16  # what was on its way
        quiet = len(results)
        time.sleep(0.3)
        assert len(results) == quiet
        camera.unmute()
        microphone.unmute()
        until(lambda: {r.name for r in results[quiet:]} == {"camera", "microphone"})
    first = {r.name: r.t for r in reversed(results[quiet:])}
    assert abs(first["camera"] - first["microphone"]) < 200_000
    states = [(e.fields["name"], e.fields["state"]) for e in events if e.kind == "device"]
    assert states.count(("camera", "lost")) == states.count(("camera", "back")) == 1
    times = [r.t for r in results if r.name == "camera"]
    assert times == sorted(set(times))


def test_what_is_muted_from_the_start_is_never_opened(clip: Clip) -> None:
    path = made_clip(clip, 1.0, 10)
    with running(graph(str(path), loop=True, muted=True)) as (run, results, _):
        until(lambda: len(run.sources()) == 2)
        time.sleep(0.3)
        assert not is_open(path)
        assert not results
        camera = run.sources()["camera"]
        assert isinstance(camera, Switched)
        camera.unmute()
        until(lambda: results)


def test_a_device_that_isnt_there_is_waited_for_without_an_error() -> None:
    made = Graph.parse({"nodes": {"camera": {"uses": "camera"}}, "outputs": ["camera"]})
    made.set("camera.device", "/dev/video97")
    made.set("camera.patient", True)
    with running(made) as (_, _, events):
        until(lambda: events)
        time.sleep(1.2)
    assert [e.fields["state"] for e in events] == ["lost"]
    assert "video97" in events[0].fields["reason"]


def test_a_run_that_is_muted_ends_at_once(clip: Clip) -> None:
    path = made_clip(clip, 1.0, 10)
    with running(graph(str(path), loop=True, muted=True)) as (run, _, _):
        until(lambda: len(run.sources()) == 2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 1.5


def test_who_is_muted_while_the_device_opens_isnt_opened(
    clip: Clip, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening may take seconds: what was asked for meanwhile holds."""
    path = made_clip(clip, 1.0, 10)
    camera = Camera(Camera.Settings(device=str(path), loop=True))
    camera.mute()  # not open yet: nobody is told
    camera.unmute()
    open_reader = camera._open_reader

    def slow() -> Any:
        reader = open_reader()
        camera.mute()
        return reader

    with monkeypatch.context() as patched:
        patched.setattr(camera, "_open_reader", slow)
        camera.open(context)
    assert not is_open(path)
    camera.unmute()
    assert len(list(itertools.islice(camera.packets(), 15))) == 15
    camera.close()
    assert not is_open(path)
