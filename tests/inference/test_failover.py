"""An accelerator that is lost while models run on it, and comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import UserError
from edge.graph import Graph
from edge.graph.execution import Event
from edge.inference.accelerator import VARIABLE, Delays, Limits, chosen
from edge.inference.failover import Acceleration
from edge.inference.model import Model
from edge.inference.registry import ModelFile
from edge.paths import resource

PATIENCE_S = 20
INT8 = (1 / 255, -128)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "RETRY_S", 0.01)
    monkeypatch.setattr(Limits, "RETRY_MAX_S", 0.02)


@pytest.fixture
def events() -> list[dict[str, Any]]:
    return []


Load = Callable[..., Model]


@pytest.fixture
def load(stub: Any, tiny: Callable[..., bytes], events: list[dict[str, Any]]) -> Iterator[Load]:
    """Load a float model whose int8 twin runs on the stub; it is closed at the end."""
    models = []

    def make(name: str = "tiny", dtype: type = np.int8, **options: Any) -> Model:
        found = chosen(stub.named("RESHAPE", **options))
        assert found
        twin = ModelFile(name, tiny(dtype, INT8 if dtype == np.int8 else None))
        note = Acceleration(found, twin, lambda kind, **fields: events.append(fields))
        models.append(Model(ModelFile(name, tiny()), 1, (0, 1), note))
        return models[-1]

    yield make
    for model in models:
        model.close()


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (2, 3, 3), np.uint8)


def see(model: Model, seed: int) -> None:
    """Call a model with a picture and check that the answer is that picture's."""
    model.write_picture(picture(seed))
    (row,) = model.invoke()
    np.testing.assert_allclose(row, picture(seed).reshape(1, -1) / 255, rtol=0, atol=1e-6)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def wait_until_back(model: Model) -> None:
    """Go on calling until the accelerator answers."""

    def is_back() -> bool:
        see(model, 9)
        return model.device != "cpu"

    wait_until(is_back)


def test_the_processor_answers_the_very_call_that_fails(
    stub: Any, load: Load, events: list[dict[str, Any]]
) -> None:
    model = load()
    assert model.inputs[0].dtype == np.int8
    see(model, 1)
    stub.unplug()
    for seed in (2, 3, 4):
        see(model, seed)
        assert model.device == "cpu"
    assert model.inputs[0].dtype == np.float32
    assert model.timing.count == 4
    (event,) = events
    assert (event["name"], event["state"]) == (stub.library.name, "lost")
    assert event["reason"].startswith("failed (stub: the device is gone")
    assert event["reason"].endswith("; tiny runs on the processor")
    # What is lost is given back, or its driver wouldn't open it again.
    assert stub.report[-1] == "destroyed 2"


def test_what_returns_is_used_again(stub: Any, load: Load, events: list[dict[str, Any]]) -> None:
    model = load()
    for round_ in range(2):
        stub.unplug()
        see(model, round_)
        stub.plug_in()
        wait_until(lambda: stub.report.count("takes 1") == round_ + 2)  # noqa: B023
        wait_until_back(model)
    assert [event["state"] for event in events] == ["lost", "back"] * 2
    assert events[1]["reason"] == "tiny runs on it again"


def test_one_that_is_there_late_is_used_then(
    stub: Any, load: Load, events: list[dict[str, Any]]
) -> None:
    stub.unplug()
    model = load()
    see(model, 1)
    assert "stub: no device found" in events[0]["reason"]
    stub.plug_in()
    wait_until_back(model)


def test_one_that_fails_again_and_again_loses_no_call(
    load: Load, events: list[dict[str, Any]]
) -> None:
    model = load(fail_after=2)  # the warm-up and one more
    for seed in range(20):
        see(model, seed)
        if model.device == "cpu":
            wait_until_back(model)
    states = [event["state"] for event in events]
    assert states == ["lost", "back"] * (len(states) // 2) + ["lost"] * (len(states) % 2)
    assert len(states) > 8


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_what_was_written_by_hand_is_taken_along(stub: Any, load: Load, dtype: type) -> None:
    model = load(dtype=dtype)
    view = model.input()
    view[...] = np.arange(18).reshape(view.shape)
    del view
    (before,) = model.invoke()
    stub.unplug()
    (after,) = model.invoke()  # nothing written since: the inputs are what they were
    np.testing.assert_allclose(before, after, rtol=0, atol=1e-6)
    assert model.device == "cpu"


def test_a_view_alive_is_no_lost_accelerator(load: Load) -> None:
    model = load()
    view = model.input()
    with pytest.raises(RuntimeError, match="a view of a tensor is alive"):
        model.invoke()
    assert model.device != "cpu"
    del view
    see(model, 1)


def test_a_loss_is_all_its_models_loss(stub: Any, load: Load, events: list[dict[str, Any]]) -> None:
    idle, writing, busy = load("idle"), load("writing"), load("busy")
    writing.write_picture(picture(5))
    stub.unplug()
    see(busy, 1)
    wait_until(lambda: idle.device == "cpu")
    # Its call is under way: it keeps what was written, and finds out by itself.
    assert writing.device != "cpu"
    (row,) = writing.invoke()
    np.testing.assert_allclose(row, picture(5).reshape(1, -1) / 255, rtol=0, atol=1e-6)
    assert writing.device == "cpu"
    stub.plug_in()
    for model in (idle, writing, busy):
        wait_until_back(model)
    assert sorted(event["state"] for event in events) == ["back"] * 3 + ["lost"] * 3


def test_a_call_that_hangs_in_the_driver_holds_up_no_other_model(
    stub: Any, load: Load, tmp_path: Path
) -> None:
    file = tmp_path / "hang"
    hanging = tmp_path / "hang.hanging"
    stuck, other = load("stuck", hang_at=file), load("other", hang_at=file)
    file.touch()
    thread = threading.Thread(target=see, args=[stuck, 1])
    thread.start()
    wait_until(hanging.exists)
    stub.unplug()
    see(other, 2)
    stub.plug_in()
    wait_until_back(other)
    hanging.unlink()
    thread.join()


def test_a_closed_model_does_not_wait(stub: Any, load: Load) -> None:
    model = load()
    stub.unplug()
    see(model, 1)
    assert [thread for thread in threading.enumerate() if thread.name.startswith("retry")]
    model.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("retry")]


def test_what_only_the_accelerator_can_run_fails_by_name(
    stub: Any, tiny: Callable[..., bytes]
) -> None:
    op = "edgetpu-custom-op"
    file = ModelFile("compiled", tiny(custom_op=op))
    found = chosen(stub.named(op))
    assert found
    model = Model(file, 1, (0, 1), Acceleration(found, file, lambda *_, **__: None))
    see(model, 1)
    stub.unplug()
    for _ in range(2):
        with pytest.raises(UserError, match=r"compiled: can't be run.*edgetpu-custom-op"):
            see(model, 2)
    stub.plug_in()
    see(model, 3)
    model.close()


def test_attempts_grow_rarer_until_it_has_been_steady() -> None:
    delays = Delays()
    delays.lost(now=0)
    grown = [delays.next() for _ in range(20)]
    assert grown == sorted(grown)
    assert grown[:2] == [Limits.RETRY_S, 2 * Limits.RETRY_S]
    assert grown[-1] == Limits.RETRY_MAX_S
    delays.back(now=100)
    delays.lost(now=100 + Limits.STEADY_S / 2)
    assert delays.next() == Limits.RETRY_MAX_S
    delays.back(now=200)
    delays.lost(now=200 + Limits.STEADY_S * 2)
    assert delays.next() == Limits.RETRY_S


def test_one_that_no_processor_runs_holds_up_no_other_model(
    stub: Any, tiny: Callable[..., bytes]
) -> None:
    compiled = ModelFile("compiled", tiny(custom_op="edgetpu-custom-op"))
    found = chosen(stub.named("edgetpu-custom-op"))
    assert found
    note = Acceleration(found, compiled, lambda *_, **__: None)
    idle = Model(compiled, 1, (0, 1), note)
    busy = Model(ModelFile("plain", tiny()), 1, (0, 1), note)
    stub.unplug()
    see(busy, 1)
    assert busy.device == "cpu"
    stub.plug_in()
    wait_until_back(busy)
    see(idle, 2)
    busy.close()
    idle.close()


FRAMES = 60
LOST_AT, BACK_AT = 15, 35


def faces(name: str) -> Graph:
    graph = Graph.load(resource("graphs/faces.yaml"))
    for node in ("faces", "meshes"):
        graph.set(f"{node}.variant", "float")
        graph.set(f"{node}.threads", 1)
        graph.set(f"{node}.accelerator", name)
    return graph


def test_a_graph_loses_no_frame_and_no_id(stub: Any) -> None:
    clip = resource("samples/astronaut.mp4")
    expected = [result.value for result in faces("none").run(clip, max_frames=FRAMES)]
    run = faces(stub.named("ADD")).run(clip, max_frames=FRAMES)
    results, states, devices = [], [], set()
    for item in run.items():
        if isinstance(item, Event):
            if item.kind == "device":
                states.append((item.node, item.fields["state"]))
                devices.add(item.fields["name"])
            continue
        results.append(item.value)
        if len(results) == LOST_AT:
            stub.unplug()
        if len(results) == BACK_AT:
            opened = len(stub.report)
            stub.plug_in()
            wait_until(lambda: sum(line > "t" for line in stub.report[opened:]) == 2)  # noqa: B023
    assert [result.frame for result in results] == list(range(FRAMES))
    assert run.statistics.dropped == {}
    assert all(failures == 0 for _, failures, _, _ in run.statistics.nodes.values())
    assert devices == {stub.library.name}
    for node in ("faces", "meshes"):
        told = [state for name, state in states if name == node]
        assert told[0] == "lost"
        # A call tells: a detector that isn't called again can't say that it is back.
        assert 1 <= told.count("back") <= told.count("lost")
    for one, other in zip(expected, results, strict=True):
        assert [person.id for person in one.people] == [person.id for person in other.people]
        for alone, together in zip(one.people, other.people, strict=True):
            np.testing.assert_allclose(alone.box, together.box, rtol=0, atol=0.5)
    assert any(result.people for result in results)


def test_a_simulation_follows_from_its_graph_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere/libnpu.so")
    graph = Graph.load(resource("graphs/faces.yaml"))
    clip = resource("samples/astronaut.mp4")
    for offline, lost in ((True, 0), (False, 5)):  # two detectors, landmarks, two that verify
        items = list(graph.run(clip, max_frames=1, offline=offline).items())
        kinds = [item.kind for item in items if isinstance(item, Event)]
        assert kinds.count("device") == lost
