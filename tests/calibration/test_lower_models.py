"""The published models, lowered: as far as a whole network tells, nothing has changed."""

from typing import Any, get_args

import numpy as np
import pytest

from calibration.flatbuffer import Network
from calibration.lower import Target, lower, lower_for
from edge.inference.manifest import shipped
from edge.inference.registry import list_models
from tests.calibration.networks import run

REBUILT = ("voice_activity", "voice_embedding", "objects", "image_embedding")
"""Made by the project out of others' files; tests of their own hold them to those."""
MODELS = [model for model in shipped().models if model.name not in REBUILT]


@pytest.mark.parametrize("target", get_args(Target))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_published_model_stays_what_it_was(model: Any, target: Target) -> None:
    (info,) = (i for i in list_models([model.name]) if i.variant == "float")
    if info.path is None:
        pytest.skip(f"not here: edge models fetch {model.name}")
    with open(info.path, "rb") as file:
        parent = file.read()
    names = model.variant("float").tensors
    network = Network(parent)
    lower(network, names)
    assert [network.name(index) for index in network.graph.outputs] == list(names)
    lower_for(target, network)
    random = np.random.default_rng(0)
    inputs = []
    for tensor in model.inputs:
        low, high = tensor.range or (0, 1)
        inputs.append(random.uniform(low, high, tensor.shape).astype(np.float32))
    # XNNPACK, which alone knows what some were published with.
    whole = Network(parent)
    places = [[whole.name(index) for index in whole.graph.outputs].index(name) for name in names]
    expected = run(parent, *inputs, xnnpack=True)
    for place, found in zip(places, run(network.save(), *inputs, xnnpack=True), strict=True):
        scale = max(1, np.abs(expected[place]).max())
        np.testing.assert_allclose(found, expected[place], rtol=1e-4, atol=2e-5 * scale)
