"""Networks that are cut: what is left gives the very numbers that the whole one works with."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from calibration import rebuild
from calibration.flatbuffer import Network, schema
from calibration.rebuild import image_embedding, objects, parent, published
from edge.errors import UserError


def quantized(network: Network, index: int, scale: float, zero_point: int) -> int:
    quantization = schema.QuantizationParametersT()
    quantization.scale = np.array([scale], np.float32)
    quantization.zeroPoint = np.array([zero_point], np.int64)
    network.tensor(index).quantization = quantization
    return index


def ask(content: bytes, picture: NDArray[Any]) -> list[NDArray[Any]]:
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    return [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]


@pytest.fixture
def classifier() -> bytes:
    """Return a classifier of 2 × 2 pictures: features, then three classes."""
    network = Network()
    x = network.add_tensor("picture", (1, 2, 2, 3))
    axes = network.add_constant("axes", np.array([1, 2], np.int32))
    features = network.add_tensor("features", (1, 3))
    classes = network.add_tensor("classes", (1, 4))
    weights = network.add_constant("weights", np.ones((4, 3), np.float32))
    network.append("MEAN", [x, axes], [features], keepDims=False)
    network.append("FULLY_CONNECTED", [features, weights, -1], [classes])
    network.graph.inputs, network.graph.outputs = [x], [classes]
    return network.save()


@pytest.fixture
def detector() -> bytes:
    """Return a detector's frame: uint8 in, float out, and whole numbers between them."""
    network = Network()
    picture = quantized(
        network, network.add_tensor("picture", (1, 2, 2, 3), np.uint8), 1 / 128, 127
    )
    inside = quantized(network, network.add_tensor("inside", (1, 2, 2, 3), np.int8), 1 / 128, -1)
    scores = quantized(network, network.add_tensor("codes", (1, 2, 2, 3), np.int8), 1 / 256, -128)
    result = network.add_tensor("scores", (1, 2, 2, 3))
    network.append("QUANTIZE", [picture], [inside])
    network.append("LOGISTIC", [inside], [scores])
    network.append("DEQUANTIZE", [scores], [result])
    network.graph.inputs, network.graph.outputs = [picture], [result]
    return network.save()


def test_a_classifier_without_its_classes_gives_its_features(classifier: bytes) -> None:
    picture = np.random.default_rng(2).normal(size=(1, 2, 2, 3)).astype(np.float32)
    (features,) = ask(image_embedding.build(classifier), picture)
    np.testing.assert_allclose(features, picture.mean(axis=(1, 2)), rtol=1e-6)
    kept = Network(image_embedding.build(classifier))
    assert not kept.of_kind("FULLY_CONNECTED")
    assert all(tensor.name != b"weights" for tensor in kept.graph.tensors)


def test_a_detector_without_conversions_gives_the_same_numbers(detector: bytes) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (1, 2, 2, 3), np.uint8)
    (expected,) = ask(detector, picture)
    (codes,) = ask(objects.build(detector), (picture ^ 128).view(np.int8))
    assert codes.dtype == np.int8
    assert np.array_equal((codes.astype(np.float32) + 128) / 256, expected)


def test_a_detector_of_another_make_is_refused(classifier: bytes, detector: bytes) -> None:
    with pytest.raises(ValueError, match="unpack"):
        objects.build(classifier)
    network = Network(detector)
    network.graph.outputs = [network.index("codes")]
    with pytest.raises(ValueError, match="dequantized is expected"):
        objects.build(network.save())


def test_an_unknown_network_is_refused_by_name() -> None:
    with pytest.raises(UserError, match=r"rebuilt as 'voice_activty'.*'voice_activity'"):
        published("voice_activty")


def test_a_fetched_file_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifier: bytes
) -> None:
    known = rebuild.PARENTS["image_embedding"]._replace(
        sha256=hashlib.sha256(classifier).hexdigest()
    )
    monkeypatch.setitem(rebuild.PARENTS, "image_embedding", known)
    monkeypatch.setattr(rebuild, "STORE", tmp_path)
    monkeypatch.setattr(rebuild, "_member", lambda parent, folder: classifier)
    assert parent("image_embedding") == image_embedding.build(classifier)
    monkeypatch.delattr(rebuild, "_member")
    assert published("image_embedding") == classifier
    assert len(list(tmp_path.iterdir())) == 1
