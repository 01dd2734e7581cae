"""The voice networks rebuilt: equal to what numpy and onnxruntime make of the same weights."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from calibration.rebuild import PARENTS, STORE, published, voice_activity, voice_embedding
from calibration.rebuild.checkpoint import tensors
from calibration.rebuild.voice_embedding import BANDS, LAYERS, SIZE, STEPS
from edge.audio.features import mel_spectra, raised
from edge.inference.backend import open_interpreter

Array = NDArray[Any]
Weights = dict[str, NDArray[np.float32]]

ACTIVITY = {
    "stft.forward_basis_buffer": (258, 1, 256),
    "encoder.0.reparam_conv.weight": (128, 129, 3),
    "encoder.1.reparam_conv.weight": (64, 128, 3),
    "encoder.2.reparam_conv.weight": (64, 64, 3),
    "encoder.3.reparam_conv.weight": (128, 64, 3),
    "encoder.0.reparam_conv.bias": (128,),
    "encoder.1.reparam_conv.bias": (64,),
    "encoder.2.reparam_conv.bias": (64,),
    "encoder.3.reparam_conv.bias": (128,),
    "decoder.rnn.weight_ih": (512, 128),
    "decoder.rnn.weight_hh": (512, 128),
    "decoder.rnn.bias_ih": (512,),
    "decoder.rnn.bias_hh": (512,),
    "decoder.decoder.2.weight": (1, 128, 1),
    "decoder.decoder.2.bias": (1,),
}
STRIDES = (1, 2, 2, 1)
EMBEDDING = {"linear.weight": (SIZE, SIZE), "linear.bias": (SIZE,)} | {
    f"lstm.{name}_l{place}": shape
    for place in range(LAYERS)
    for name, shape in (
        ("weight_ih", (4 * SIZE, BANDS if place == 0 else SIZE)),
        ("weight_hh", (4 * SIZE, SIZE)),
        ("bias_ih", (4 * SIZE,)),
        ("bias_hh", (4 * SIZE,)),
    )
}
# onnxruntime 1.32 with the published file, on the first of `voice_like`, call after call.
ONNXRUNTIME = [0.2458577, 0.0561216, 0.0262088, 0.0091584, 0.0084043, 0.0123056, 0.0163688]
ONNXRUNTIME += [0.0172619, 0.0417638, 0.0314925, 0.0077057, 0.0029803, 0.0052696, 0.0031077]


def runner(content: bytes) -> Callable[[Sequence[Array]], list[Array]]:
    interpreter = open_interpreter(content, "network", threads=1)
    given = [detail["index"] for detail in interpreter.get_input_details()]
    taken = [detail["index"] for detail in interpreter.get_output_details()]

    def run(inputs: Sequence[Array]) -> list[Array]:
        for index, value in zip(given, inputs, strict=True):
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in taken]

    return run


def random(shapes: dict[str, tuple[int, ...]], seed: int) -> Weights:
    draw = np.random.default_rng(seed)
    return {
        name: (draw.normal(size=shape) / np.sqrt(np.prod(shape[1:]) or 9)).astype(np.float32)
        for name, shape in shapes.items()
    }


def onnx_file(weights: Weights) -> bytes:
    """Return an ONNX file with these weights under the names that Silero's has."""
    arrays = [numpy_helper.from_array(value, f"model.{name}") for name, value in weights.items()]
    graph = helper.make_graph([], "vad", [], [], initializer=arrays)
    return bytes(helper.make_model(graph).SerializeToString())


def sigmoid(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(x / 2)


def lstm_step(sums: Array, c: Array) -> tuple[Array, Array]:
    """Return h and c of PyTorch's LSTM, whose gates are input, forget, cell, output."""
    into, forget, cell, out = np.split(sums, 4)
    c = sigmoid(forget) * c + sigmoid(into) * np.tanh(cell)
    return sigmoid(out) * np.tanh(c), c


def activity(weights: Weights, sound: Array, h: Array, c: Array) -> tuple[Array, Array, Array]:
    """Return probability, h and c as the operators of Silero's ONNX file make them, in float64."""
    w: dict[str, Array] = {name: value.astype(np.float64) for name, value in weights.items()}
    padded = np.pad(sound.astype(np.float64), (0, 64), mode="reflect")
    windows = np.stack([padded[begin : begin + 256] for begin in range(0, 512, 128)])
    spectra = w["stft.forward_basis_buffer"][:, 0] @ windows.T
    x = np.hypot(spectra[:129], spectra[129:])
    for place, stride in enumerate(STRIDES):
        kernel = w[f"encoder.{place}.reparam_conv.weight"]
        padded = np.pad(x, ((0, 0), (1, 1)))
        steps = range(0, padded.shape[1] - 2, stride)
        sums = [np.tensordot(kernel, padded[:, step : step + 3], 2) for step in steps]
        x = np.maximum(np.stack(sums, 1) + w[f"encoder.{place}.reparam_conv.bias"][:, None], 0)
    product = w["decoder.rnn.weight_ih"] @ x[:, 0] + w["decoder.rnn.weight_hh"] @ h
    h, c = lstm_step(product + w["decoder.rnn.bias_ih"] + w["decoder.rnn.bias_hh"], c)
    score = w["decoder.decoder.2.weight"][0, :, 0] @ np.maximum(h, 0)
    return sigmoid(score + w["decoder.decoder.2.bias"]), h, c


def embedding(weights: Weights, mel: Array) -> Array:
    """Return the embedding as PyTorch's modules define it, in float64."""
    w: dict[str, Array] = {name: value.astype(np.float64) for name, value in weights.items()}
    x: Array = mel.astype(np.float64)
    for place in range(LAYERS):
        bias = w[f"lstm.bias_ih_l{place}"] + w[f"lstm.bias_hh_l{place}"]
        h = c = np.zeros(SIZE)
        rows = []
        for row in x @ w[f"lstm.weight_ih_l{place}"].T + bias:
            h, c = lstm_step(row + w[f"lstm.weight_hh_l{place}"] @ h, c)
            rows.append(h)
        x = np.array(rows)
    raw = np.maximum(w["linear.weight"] @ x[-1] + w["linear.bias"], 0)
    return raw / np.linalg.norm(raw)


def voice_like(samples: int) -> NDArray[np.float32]:
    """Return a gliding pitch with two formants, swelling and fading as syllables do, 16 kHz."""
    time = np.arange(samples) / 16000
    pitch = 120 + 20 * np.sin(2 * np.pi * 3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    sound = np.zeros(samples)
    for k in range(1, 25):
        first = np.exp(-(((k * pitch - 600) / 400) ** 2))
        second = np.exp(-(((k * pitch - 1700) / 500) ** 2))
        sound += np.sin(k * phase) * (first + 0.5 * second)
    return (0.1 * sound * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))).astype(np.float32)


def spectra() -> NDArray[np.float32]:
    return mel_spectra(raised(voice_like(160 * STEPS - 1)))


def fetched(name: str) -> bytes:
    if not any(STORE.glob(f"{PARENTS[name].sha256[:8]}-*")):
        pytest.skip("the published network isn't fetched: make models")
    return published(name)


def test_voice_activity_is_what_the_operators_of_onnx_make() -> None:
    weights = random(ACTIVITY, 5)
    run = runner(voice_activity.build(onnx_file(weights)))
    draw = np.random.default_rng(6)
    h = c = np.zeros((1, 128), np.float32)
    for _ in range(5):
        sound = draw.normal(0, 0.1, (1, 576)).astype(np.float32)
        found = run([sound, h, c])
        for one, other in zip(found, activity(weights, sound[0], h[0], c[0]), strict=True):
            np.testing.assert_allclose(one[0], other, atol=2e-6)
        _, h, c = found


def test_voice_activity_is_what_onnxruntime_says_of_the_published_file() -> None:
    run = runner(voice_activity.build(fetched("voice_activity")))
    sound = np.pad(voice_like(8192), (64, 0))[np.newaxis]
    h = c = np.zeros((1, 128), np.float32)
    found = []
    for begin in range(0, 512 * len(ONNXRUNTIME), 512):
        probability, h, c = run([sound[:, begin : begin + 576], h, c])
        found.append(float(probability[0, 0]))
    np.testing.assert_allclose(found, ONNXRUNTIME, atol=5e-7)


def test_voice_activity_in_8_bits_stays_near() -> None:
    content = onnx_file(random(ACTIVITY, 7))
    exact, rough = (voice_activity.build(content, int8) for int8 in (False, True))
    sound, state = voice_like(576)[np.newaxis], np.zeros((1, 128), np.float32)
    difference = runner(exact)([sound, state, state])[0] - runner(rough)([sound, state, state])[0]
    assert 0 < np.abs(difference).max() < 0.03
    assert len(rough) < 0.7 * len(exact)


def test_weights_that_are_missing_are_named() -> None:
    with pytest.raises(KeyError, match=r"stft\.forward_basis_buffer"):
        voice_activity.build(onnx_file({}))


def test_voice_embedding_is_what_numpy_makes_of_the_same_weights() -> None:
    weights = random(EMBEDDING, 11)
    run = runner(voice_embedding.assemble(weights))
    expected = embedding(weights, spectra())
    for _ in range(2):  # a second call begins anew
        np.testing.assert_allclose(run([spectra()[np.newaxis]])[0][0], expected, atol=1e-5)


def test_voice_embedding_of_the_published_weights_too() -> None:
    content = fetched("voice_embedding")
    expected = embedding(tensors(content, "model_state"), spectra())
    exact, rough = (runner(voice_embedding.build(content, int8)) for int8 in (False, True))
    np.testing.assert_allclose(exact([spectra()[np.newaxis]])[0][0], expected, atol=1e-5)
    assert 0.99 < rough([spectra()[np.newaxis]])[0][0] @ expected < 0.99999


def test_the_same_bytes_every_time() -> None:
    content, weights = onnx_file(random(ACTIVITY, 7)), random(EMBEDDING, 8)
    for int8 in (False, True):
        assert voice_activity.build(content, int8) == voice_activity.build(content, int8)
        assert voice_embedding.assemble(weights, int8) == voice_embedding.assemble(weights, int8)
