"""Weights rounded together: on int8 steps, and nearer to the float output than one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.flatbuffer import Network
from calibration.lower.rounding import round_weights
from tests.calibration.networks import Net, run


def samples(count: int, *shape: int) -> list[tuple[np.ndarray, ...]]:
    """Return inputs whose channels go together, as those of real layers do."""
    random = np.random.default_rng(1)
    causes = random.normal(size=(4, shape[-1]))
    noise = 0.05 * random.normal(size=(count, *shape))
    mixed = random.normal(size=(count, *shape[:-1], 4)) @ causes + noise
    return [(values.astype(np.float32),) for values in mixed]


def steps(kernel: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return weights in units of 1/127 of the largest of each channel."""
    return kernel / np.abs(kernel).max(axis=axes, keepdims=True) * 127


@given(st.sampled_from([4, 9, 16]), st.sampled_from([1, 3]), st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_every_weight_is_on_a_step_that_its_channels_largest_sets(
    channels: int, side: int, seed: int
) -> None:
    net = Net(seed)
    x = net.input(1, 8, 8, channels)
    net.ends(net.depthwise(net.convolution(x, 12, (side, side))))
    round_weights(net, samples(4, 1, 8, 8, channels))
    convolution, depthwise = net.operators
    for layer, axes in ((convolution, (1, 2, 3)), (depthwise, (0, 1, 2))):
        codes = steps(net.stored(layer.inputs[1]), axes)
        np.testing.assert_allclose(codes, np.round(codes), atol=1e-3)
        assert np.abs(codes).max() < 127.01


def test_the_output_is_nearer_than_with_each_weight_rounded_to_its_nearest_step() -> None:
    def network() -> Net:
        net = Net(3)
        x = net.input(1, 8, 8, 32)
        return net.ends(net.depthwise(net.convolution(x, 24)))

    plain, together, single = network(), network(), network()
    round_weights(together, samples(16, 1, 8, 8, 32))
    for layer, axes in zip(single.operators, ((1, 2, 3), (0, 1, 2)), strict=True):
        kernel = single.stored(layer.inputs[1])
        scale = np.abs(kernel).max(axis=axes, keepdims=True) / 127
        single.set_constant(layer.inputs[1], (np.round(kernel / scale) * scale).astype(np.float32))
    errors = {"together": 0.0, "single": 0.0}
    for sample in samples(24, 1, 8, 8, 32)[16:]:
        (expected,) = run(plain.save(), *sample)
        for name, net in (("together", together), ("single", single)):
            (found,) = run(net.save(), *sample)
            errors[name] += float(((found - expected) ** 2).sum())
    assert errors["together"] < 0.5 * errors["single"]


def test_layers_that_stay_float_keep_their_weights() -> None:
    net = Net()
    x = net.input(1, 8, 8, 4)
    first = net.convolution(x, 6)
    net.ends(net.convolution(first, 3))
    kept = net.stored(net.operators[0].inputs[1])
    name = net.name(first)
    round_weights(net, samples(2, 1, 8, 8, 4), [name])
    np.testing.assert_array_equal(net.stored(net.operators[0].inputs[1]), kept)


def test_rounding_is_the_same_every_time() -> None:
    def rounded() -> bytes:
        net = Net(5)
        x = net.input(1, 8, 8, 8)
        net.ends(net.convolution(x, 5, (3, 3)))
        round_weights(net, samples(3, 1, 8, 8, 8))
        return Network(net.save()).save()

    assert rounded() == rounded()
