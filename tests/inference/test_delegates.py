"""External delegates, for real: a stub compiled here takes operations of real models."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge.errors import UserError
from edge.inference import accelerator, load_model
from edge.inference.accelerator import Device, parse
from edge.inference.delegates import Delegate, Lost
from edge.inference.edgetpu import compiled
from edge.inference.manifest import shipped
from edge.inference.model import Model
from edge.inference.registry import ModelFile


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (2, 3, 3), np.uint8)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Model]]:
    """Load a model's bytes; it is closed at the end."""
    loaded: list[Model] = []

    def load(content: bytes, name: str, **options: Any) -> Model:
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        loaded.append(load_model(path, input_range=(0, 1), accelerator=name, **options))
        return loaded[-1]

    yield load
    for model in loaded:
        model.close()


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("none", None),
        ("edgetpu", Device("edgetpu", "libedgetpu.so.1", (), "edgetpu")),
        (
            "edgetpu,device=usb:0",
            Device("edgetpu", "libedgetpu.so.1", (("device", "usb:0"),), "edgetpu"),
        ),
        ("libnpu.so", Device("libnpu.so", "libnpu.so")),
        ("/opt/npu.so,a=b=c,d=", Device("npu.so", "/opt/npu.so", (("a", "b=c"), ("d", "")))),
    ],
)
def test_an_accelerator_is_named_with_its_options(text: str, device: Device | None) -> None:
    assert parse(text) == device


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("edgtpu", "unknown accelerator 'edgtpu'; did you mean 'edgetpu'.*or give the path"),
        ("edgetpu,usb:0", "'usb:0' should be KEY=VALUE"),
        ("none,a=b", "unknown accelerator 'none'"),
    ],
)
def test_a_wrong_name_is_the_users_error(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(text)


def test_the_environment_names_one_for_all(
    stub: Any,
    run: Callable[..., Model],
    tiny: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(accelerator.VARIABLE, stub.named("RESHAPE"))
    assert run(tiny(), None).device == stub.library.name
    assert run(tiny(), "none").device == "cpu"
    monkeypatch.delenv(accelerator.VARIABLE)
    assert run(tiny(), None).device == "cpu"


@pytest.mark.parametrize(
    ("dtype", "quantization"),
    [(np.float32, None), (np.uint8, (1 / 255, 0)), (np.int8, (1 / 255, -128))],
)
def test_a_delegate_takes_a_whole_model(
    stub: Any,
    run: Callable[..., Model],
    tiny: Callable[..., bytes],
    picture: np.ndarray,
    dtype: type,
    quantization: tuple[float, int] | None,
) -> None:
    model = run(tiny(dtype, quantization), stub.named("RESHAPE", fail_after=9))
    model.write_picture(picture)
    (row,) = model.invoke()
    np.testing.assert_allclose(row, picture.reshape(1, -1) / 255, atol=1e-6)
    assert model.device == stub.library.name
    model.close()
    # The options reached it; the warm-up and one call ran on it; it is given back.
    assert stub.report == ["created 9", "takes 1", "destroyed 2"]


def test_a_delegate_runs_what_no_processor_can(
    stub: Any, run: Callable[..., Model], tiny: Callable[..., bytes], picture: np.ndarray
) -> None:
    content = tiny(np.uint8, (1 / 255, 0), custom_op="edgetpu-custom-op")
    with pytest.raises(UserError, match=r"can't be run as.*edgetpu-custom-op"):
        run(content, "none")
    model = run(content, stub.named("edgetpu-custom-op"))
    model.write_picture(picture)
    np.testing.assert_allclose(model.invoke()[0], picture.reshape(1, -1) / 255, atol=1e-6)


@pytest.mark.parametrize(("op", "count"), [("ADD", 16), ("RELU", 17)])
def test_a_delegate_takes_parts_of_a_real_model(stub: Any, op: str, count: int) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (128, 128, 3), np.uint8)
    outputs = []
    for device in ("none", stub.named(op)):
        model = load_model("face_near", "float", 1, accelerator=device)
        model.write_picture(picture)
        outputs.append(model.invoke())
        model.close()
    assert stub.report[1] == f"takes {count}"
    for alone, together in zip(*outputs, strict=True):
        np.testing.assert_allclose(alone, together, rtol=0, atol=1e-4 * np.abs(alone).max())


def test_python_goes_on_while_a_device_opens(stub: Any, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    options = {"op": "RESHAPE", "slow_until": str(ready)}
    opened: list[Delegate] = []
    thread = threading.Thread(target=lambda: opened.append(Delegate(str(stub.library), options)))
    thread.start()
    time.sleep(0.05)  # were Python's lock held, the file would only come once the stub gave up
    ready.touch()
    thread.join()
    assert opened


@pytest.mark.parametrize(
    ("library", "options", "reason"),
    [
        ("/nowhere/libnpu.so", {}, "its library can't be loaded.*No such file"),
        ("libc.so.6", {}, "libc.so.6 is no delegate.*tflite_plugin_create_delegate"),
        (None, {"op": "CONV_2D"}, "stub: takes no such operation"),
        (None, {"op": "ADD", "typo": "1"}, "stub: unknown option"),
    ],
)
def test_why_a_delegate_cannot_be_had(
    stub_library: Path, library: str | None, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(Lost, match=reason):
        Delegate(library or str(stub_library), options)


def test_without_a_library_the_processor_runs_it_from_the_start(
    run: Callable[..., Model], tiny: Callable[..., bytes], caplog: pytest.LogCaptureFixture
) -> None:
    events: list[dict[str, Any]] = []
    model = run(tiny(), "/nowhere/libnpu.so", tell=lambda kind, **fields: events.append(fields))
    assert model.device == "cpu"
    model.invoke()
    (event,) = events
    assert event["name"] == "libnpu.so"
    assert event["state"] == "lost"
    assert "its library can't be loaded" in event["reason"]
    assert event["reason"].endswith("model.tflite runs on the processor")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.endswith("models run without it, it is tried again")


def test_a_delegate_that_takes_nothing_is_not_pretended_to_be_used(
    stub: Any,
    run: Callable[..., Model],
    tiny: Callable[..., bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    events: list[Any] = []
    model = run(tiny(), stub.named("ADD"), tell=lambda *args, **fields: events.append(fields))
    assert model.device == "cpu"
    model.invoke()
    assert "takes none of the operations of" in caplog.text
    assert "tried again" not in caplog.text
    assert not events  # nothing was lost


def test_a_model_that_is_not_compiled_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_CACHE", str(tmp_path))
    spec = shipped().model("face_near")
    file = tmp_path / "face_near_edgetpu.tflite"
    file.write_bytes(b"plain")
    plain = ModelFile(spec.name, file, spec, spec.variants[0])
    command = r"run: mkdir -p (\S+) && edgetpu_compiler -o \1 "
    with pytest.raises(UserError, match=command) as raised:
        compiled(plain)
    folder = Path(str(raised.value).split()[-2])
    folder.mkdir(parents=True)
    made = folder / "face_near_edgetpu_edgetpu.tflite"
    made.write_bytes(b"the compiled edgetpu-custom-op")
    assert compiled(plain).file == made
    assert compiled(compiled(plain)).file == made


def test_a_model_that_an_edge_tpu_cannot_take_stays_on_the_processor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    spec = shipped().model("face_near")
    blocked = msgspec.structs.replace(
        spec, variants=(spec.variant("float"),), blocked={"edgetpu": "one operation too many"}
    )
    manifest = msgspec.structs.replace(shipped(), models=(blocked,))
    model = load_model("face_near", accelerator="edgetpu", manifest=manifest)
    assert model.device == "cpu"
    assert caplog.messages == ["face_near runs on the processor: one operation too many"]
    model.close()
