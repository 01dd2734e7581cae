"""The workshop from a float network to an entry of the manifest, on a network of two layers."""

from pathlib import Path

import numpy as np
import pytest

from calibration.__main__ import _obstacle
from calibration.manifest import Entry, write
from calibration.ranges import Range
from calibration.recipe import Build, Floats
from calibration.samples import Sample
from calibration.workshop import Made, evenly, numbers, quantized
from edge.inference.manifest import Accuracy, ModelSpec, TensorSpec, Variant, read
from tests.calibration.networks import Net, run

MANIFEST = """\
archives: []
models:
  - name: eyes  # a comment that says why
    job: tests
    licence: none
    card: none
    inputs:
      - {name: picture, shape: [1, 8, 8, 3], range: [-1, 1]}  # of an eye
    outputs:
      - {name: points, shape: [1, 8, 8, 4]}
    variants:
      - name: int8
        file: eyes.int8.tflite
        sha256: "0000000000000000000000000000000000000000000000000000000000000000"
        bytes: 1
        tensors: [old]
"""


@pytest.fixture
def origin() -> Made:
    net = Net(2)
    x = net.input(1, 8, 8, 3)
    return Made.of(net.ends(net.convolution(net.convolution(x, 8, (3, 3)), 4)).save())


@pytest.fixture
def spec() -> ModelSpec:
    return ModelSpec(
        name="eyes",
        job="tests",
        licence="none",
        card="none",
        inputs=(TensorSpec(name="picture", shape=(1, 8, 8, 3), range=(-1, 1)),),
        outputs=(TensorSpec(name="points", shape=(1, 8, 8, 4)),),
        variants=(variant("float"),),
    )


def variant(name: str, ms: float | None = None, *accuracy: Accuracy) -> Variant:
    return Variant(
        name=name,
        file=f"eyes.{name}.tflite",
        sha256="1" * 64,
        bytes=1,
        tensors=("points",),
        ms=ms,
        accuracy=accuracy,
    )


def pictures(count: int) -> list[Sample]:
    random = np.random.default_rng(0)
    return [(random.integers(0, 256, (8, 8, 3), np.uint8),) for _ in range(count)]


@pytest.mark.parametrize(
    "build",
    [
        Build(),
        Build(ranges="mse", equalize=0.75, float=Floats(last=1)),
        Build(dynamic=True),
        Build(spans={"points": Range(-4.0, 4.0)}),
    ],
)
def test_the_same_samples_make_the_same_file_and_it_does_what_its_parent_does(
    origin: Made, spec: ModelSpec, build: Build
) -> None:
    first = quantized(spec, origin, "int8", build, pictures(12))
    assert first == quantized(spec, origin, "int8", build, pictures(12))
    sample = pictures(20)[-1]
    (expected,) = run(origin.content, *numbers(sample, spec.inputs))
    codes = sample[0][None].astype(np.int16) - 128
    taken = numbers(sample, spec.inputs) if build.dynamic else (codes.astype(np.int8),)
    (found,) = run(first.content, *taken)
    if build.spans:
        expected = expected.clip(*build.spans["points"])
    assert np.corrcoef(expected.ravel(), found.ravel().astype(float))[0, 1] > 0.98


def test_what_is_made_replaces_what_was_made_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(MANIFEST)
    passed = Accuracy(metric="distance", value=0.5, at_most=1.0)
    entry = Entry((variant("int8", 1.0, passed),), 2.0, 77, {"edgetpu": "a loop"})
    write(path, {"eyes": entry}, "a machine, today")
    (model,) = read(path).models
    assert [v.ms for v in model.variants] == [1.0]
    assert model.variants[0].accuracy == (passed,)
    assert (model.multiply_adds, model.blocked) == (77, {"edgetpu": "a loop"})
    assert read(path).measured_on == "a machine, today"
    assert "# a comment that says why" in path.read_text()
    assert "# of an eye" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_a_variant_must_be_accurate_and_faster_than_its_parent(origin: Made) -> None:
    good = Accuracy(metric="overlap", value=0.98, at_least=0.97)
    bad = Accuracy(metric="overlap", value=0.9, at_least=0.97)
    assert _obstacle(variant("int8", 1.0, good), origin.content, 2.0) is None
    assert "overlap 0.9 (limit ≥ 0.97)" in str(_obstacle(variant("int8", 1.0, bad), b"", 2.0))
    assert "not faster" in str(_obstacle(variant("int8", 2.0, good), origin.content, 2.0))
    # A float network is none for an Edge TPU, however fast.
    assert "would map" in str(_obstacle(variant("edgetpu", 1.0, good), origin.content, 2.0))


def test_samples_are_spread_over_all() -> None:
    assert evenly(range(100), 3) == [0, 50, 99]
    assert evenly(range(2), 3) == [0, 1]
