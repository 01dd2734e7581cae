"""Small networks for the workshop's tests, and what they give."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from calibration.flatbuffer import Network, schema
from edge.inference.backend import without_information

SAME, VALID = schema.Padding.SAME, schema.Padding.VALID
NONE = schema.ActivationFunctionType.NONE
RELU = schema.ActivationFunctionType.RELU
RELU6 = schema.ActivationFunctionType.RELU6
Shape = tuple[int, ...]


class Net(Network):
    """A network built operator by operator, its weights drawn from a seed."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random = np.random.default_rng(seed)

    def input(self, *shape: int, name: str = "x") -> int:
        self.graph.inputs.append(self.add_tensor(name, shape))
        return self.graph.inputs[-1]

    def ends(self, *outputs: int) -> "Net":
        self.graph.outputs = list(outputs)
        return self

    def const(self, values: Any) -> int:
        return self.add_constant(f"c{len(self.graph.tensors)}", np.asarray(values))

    def weights(self, *shape: int) -> int:
        return self.const(self.random.normal(size=shape).astype(np.float32))

    def add(self, kind: str, inputs: Sequence[int], *shape: int, **options: Any) -> int:
        """Append an operator; return its output, of this shape."""
        y = self.add_tensor(f"t{len(self.graph.tensors)}", shape)
        self.append(kind, inputs, [y], **options)
        return y

    def convolution(
        self,
        x: int,
        channels: int,
        kernel: tuple[int, int] = (1, 1),
        stride: int = 1,
        activation: int = NONE,
    ) -> int:
        _, height, width, depth = self.shape(x)
        inputs = [x, self.weights(channels, *kernel, depth), self.weights(channels)]
        shape = (1, -(-height // stride), -(-width // stride), channels)
        return self.add("CONV_2D", inputs, *shape, **window(stride, activation))

    def depthwise(self, x: int, multiplier: int = 1, activation: int = NONE) -> int:
        *shape, depth = self.shape(x)
        inputs = [x, self.weights(1, 3, 3, depth * multiplier), self.weights(depth * multiplier)]
        options = {"depthMultiplier": multiplier, **window(1, activation)}
        return self.add("DEPTHWISE_CONV_2D", inputs, *shape, depth * multiplier, **options)


def window(stride: int, activation: int = NONE) -> dict[str, int]:
    """Return the options of a convolution with padding SAME."""
    return {
        "padding": SAME,
        "strideW": stride,
        "strideH": stride,
        "dilationWFactor": 1,
        "dilationHFactor": 1,
        "fusedActivationFunction": activation,
    }


def run(content: bytes, *inputs: NDArray[Any], xnnpack: bool = False) -> list[NDArray[Any]]:
    """Return a network's outputs, by LiteRT's own kernels unless XNNPACK's are asked for."""
    resolver = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with without_information():
        interpreter = Interpreter(
            model_content=content, experimental_op_resolver_type=resolver, num_threads=1
        )
        interpreter.allocate_tensors()
    for details, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(details["index"], value)
    interpreter.invoke()
    return [
        interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()
    ]


def drawn(network: Network, seed: int = 1) -> list[NDArray[np.float32]]:
    """Return random inputs of a network, of either sign."""
    random = np.random.default_rng(seed)
    return [
        (3 * random.normal(size=network.shape(index))).astype(np.float32)
        for index in network.graph.inputs
    ]


def assert_same(before: bytes, after: bytes) -> None:
    """Hold two networks to the same outputs, to 1e-5 of the largest."""
    inputs = drawn(Network(before))
    expected, found = run(before, *inputs), run(after, *inputs)
    assert [one.shape for one in found] == [one.shape for one in expected]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5 * max(1, np.abs(one).max()))
