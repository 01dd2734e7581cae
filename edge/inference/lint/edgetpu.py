"""Which operators an Edge TPU runs, and why it doesn't run the others.

Google's list (coral.ai/docs/edgetpu/models-intro, "Supported operations") as it stands for runtime
14 and compiler 16, the last there are. The compiler is closed; what the list doesn't say is taken
from its users' logs, see docs/decisions/0065: a float input's QUANTIZE and a float output's
DEQUANTIZE stay on the CPU without harm to the rest; what depends on an operator that isn't mapped
stays on the CPU too, other branches don't; and the operators in `UNDISCLOSED` are now and then
refused for sizes that Google doesn't publish.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.inference.lint.network import Network, Operator, Tensor


class Settings(NamedTuple):
    """`on_chip_bytes`: the memory that keeps parameters from one call to the next.
    `sure_bytes`: what is left of it for them in every log of the compiler that was found: its
    own instructions and the activations take the rest, and leave 6.2 to 7.9 MiB (google-coral/
    edgetpu issues 322, 356, 512; PINTO0309/openvino2tensorflow issue 28).
    `softmax_elements`, `lanes`: limits in Google's list, of SOFTMAX and of a MEAN over channels.
    """

    on_chip_bytes: int = 8 * 2**20
    sure_bytes: int = 6 * 2**20
    softmax_elements: int = 16_000
    lanes: int = 4


SETTINGS = Settings()
Rule = Callable[[Operator], str | None]
"""Returns what is in the way, None for nothing."""

EIGHT_BIT = ("INT8", "UINT8")


def _data(operator: Operator) -> list[Tensor]:
    """Return what an operator computes with: no weights, no axes."""
    read = [tensor for tensor in operator.inputs if tensor is not None and tensor.constant is None]
    return [*read, *operator.outputs]


def _axes(operator: Operator, values: NDArray[Any]) -> set[int]:
    """Return axes of the data, counted from the first."""
    rank = len(_data(operator)[0].shape)
    return {int(axis) % rank for axis in np.atleast_1d(values)}


def _is_batch(operator: Operator, axis: int) -> bool:
    return axis == 0 and len(_data(operator)[0].shape) > 1


def eight_bit(operator: Operator) -> str | None:
    for tensor in _data(operator):
        if tensor.type not in EIGHT_BIT:
            return f"works on {tensor.type}, only INT8 and UINT8 can be mapped"
    for constant in operator.inputs:
        if constant is not None and constant.type not in (*EIGHT_BIT, "INT32"):
            return f"has a constant of {constant.type}, only INT8, UINT8 and INT32 can be mapped"
    return None


def quantized(operator: Operator) -> str | None:
    missing = [tensor.name for tensor in _data(operator) if not tensor.scales]
    return f"'{missing[0]}' has no scale: the network isn't quantized" if missing else None


def fixed_shapes(operator: Operator) -> str | None:
    loose = [tensor.name for tensor in _data(operator) if not tensor.fixed]
    return f"'{loose[0]}' has a size that isn't fixed" if loose else None


def three_dimensions(operator: Operator) -> str | None:
    for tensor in _data(operator):
        if any(size > 1 for size in tensor.shape[:-3]):
            return f"shape {tensor.shape}: only the three innermost sizes may exceed 1"
    return None


EVERYWHERE: tuple[Rule, ...] = (eight_bit, quantized, fixed_shapes, three_dimensions)


def constant_parameters(operator: Operator) -> str | None:
    """Weights, biases, axes: all that comes after the data."""
    return _computed(operator.inputs[1:])


def constant_axis(operator: Operator) -> str | None:
    """A SPLIT has its axis first."""
    return _computed(operator.inputs[:1])


def constant_filter(operator: Operator) -> str | None:
    """A TRANSPOSE_CONV has its data third."""
    return _computed((*operator.inputs[:2], *operator.inputs[3:]))


def _computed(parameters: tuple[Tensor | None, ...]) -> str | None:
    for tensor in parameters:
        if tensor is not None and tensor.constant is None:
            return f"'{tensor.name}' is computed, it has to be a constant"
    return None


def _parameter(operator: Operator, index: int = 1) -> NDArray[Any]:
    """Return a parameter's values; `constant_parameters` has to have looked before."""
    tensor = operator.inputs[index]
    if tensor is None or tensor.constant is None:
        raise ValueError(f"{operator.kind} has no parameter {index}")
    return tensor.constant


def no_fused_activation(operator: Operator) -> str | None:
    return "has a fused activation" if operator.options.fusedActivationFunction else None


def same_dilation(operator: Operator) -> str | None:
    width, height = operator.options.dilationWFactor, operator.options.dilationHFactor
    return None if width == height else f"dilation {height} × {width}, both have to be the same"


def constant_part_is_padding(operator: Operator) -> str | None:
    constants = [t for t in operator.inputs if t is not None and t.constant is not None]
    if not constants:
        return None
    if len(operator.inputs) > 2:
        return "joins a constant with more than one other"
    # The list says "all zeros"; a constant of int8 means zero where it holds its zero point, which
    # the compiler alone can judge, so that one value throughout is taken for it.
    values = constants[0].constant
    assert values is not None
    return None if (values == values.flat[0]).all() else "joins a constant that isn't all zeros"


def default_weights(operator: Operator) -> str | None:
    return "has shuffled weights" if operator.options.weightsFormat else None


def one_dimensional_output(operator: Operator) -> str | None:
    shape = operator.outputs[0].shape
    wide = any(size > 1 for size in shape[:-1])
    return f"has an output of {shape}, only one size may exceed 1" if wide else None


def no_batch_reduction(operator: Operator) -> str | None:
    axes = _axes(operator, _parameter(operator))
    return "reduces the batch" if any(_is_batch(operator, axis) for axis in axes) else None


def channels_in_fours(operator: Operator) -> str | None:
    shape = _data(operator)[0].shape
    if len(shape) - 1 not in _axes(operator, _parameter(operator)):
        return None
    odd = shape[-1] % SETTINGS.lanes
    return f"averages {shape[-1]} channels, not a multiple of {SETTINGS.lanes}" if odd else None


def no_batch_packing(operator: Operator) -> str | None:
    return "packs along the batch" if operator.options.axis == 0 else None


def no_batch_padding(operator: Operator) -> str | None:
    padded = _is_batch(operator, 0) and _parameter(operator)[0].any()
    return "pads the batch" if padded else None


def no_batch_split(operator: Operator) -> str | None:
    axes = _axes(operator, _parameter(operator, 0))
    return "splits the batch" if any(_is_batch(operator, axis) for axis in axes) else None


def slope_per_channel(operator: Operator) -> str | None:
    shape = _parameter(operator).shape
    wide = any(size > 1 for size in shape[:-1])
    return f"has slopes of {shape}, there may only be one a channel" if wide else None


def short_row(operator: Operator) -> str | None:
    shape = _data(operator)[0].shape
    if any(size > 1 for size in shape[:-1]):
        return f"shape {shape}: only one size may exceed 1"
    if shape[-1] > SETTINGS.softmax_elements:
        return f"{shape[-1]} elements, {SETTINGS.softmax_elements} are the most"
    return None


def plain_slice(operator: Operator) -> str | None:
    if (_parameter(operator, 3) != 1).any():
        return "has strides other than 1"
    if operator.options.ellipsisMask or operator.options.newAxisMask:
        return "adds axes or has an ellipsis"
    return None


OPERATORS: dict[str, tuple[Rule, ...]] = {
    "ADD": (),
    "AVERAGE_POOL_2D": (no_fused_activation,),
    "CONCATENATION": (no_fused_activation, constant_part_is_padding),
    "CONV_2D": (constant_parameters, same_dilation),
    "DEPTHWISE_CONV_2D": (constant_parameters, same_dilation),
    "EXPAND_DIMS": (),
    "FULLY_CONNECTED": (constant_parameters, default_weights, one_dimensional_output),
    "L2_NORMALIZATION": (),
    "LOGISTIC": (),
    "MAXIMUM": (),
    "MAX_POOL_2D": (no_fused_activation,),
    "MEAN": (constant_parameters, no_batch_reduction, channels_in_fours),
    "MINIMUM": (),
    "MUL": (),
    "PACK": (no_batch_packing,),
    "PAD": (
        constant_parameters,
        no_batch_padding,
    ),
    "PRELU": (
        constant_parameters,
        slope_per_channel,
    ),
    "QUANTIZE": (),
    "REDUCE_MAX": (
        constant_parameters,
        no_batch_reduction,
    ),
    "REDUCE_MIN": (
        constant_parameters,
        no_batch_reduction,
    ),
    "RELU": (),
    "RELU6": (),
    "RELU_N1_TO_1": (),
    "RESHAPE": (),
    "RESIZE_BILINEAR": (),
    "RESIZE_NEAREST_NEIGHBOR": (),
    "RSQRT": (),
    "SLICE": (),
    "SOFTMAX": (short_row,),
    "SPACE_TO_DEPTH": (),
    "SPLIT": (constant_axis, no_batch_split),
    "SQUARED_DIFFERENCE": (),
    "SQUEEZE": (),
    "STRIDED_SLICE": (
        constant_parameters,
        plain_slice,
    ),
    "SUB": (),
    "SUM": (
        constant_parameters,
        no_batch_reduction,
    ),
    "TANH": (),
    "TRANSPOSE": (),
    "TRANSPOSE_CONV": (constant_filter,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (),
}
"""Google's list, each operator with its own limits; `EVERYWHERE` holds for all."""

UNDISCLOSED = ("RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE")
"""On the list, but refused for some sizes: large ones, and where a resize would lose precision."""


def obstacle(operator: Operator) -> str | None:
    """Return why an operator can't run on an Edge TPU whatever stands before it, or None."""
    if operator.kind not in OPERATORS:
        return "isn't on the Edge TPU's list"
    for rule in (*EVERYWHERE, *OPERATORS[operator.kind]):
        reason = rule(operator)
        if reason:
            return reason
    return None


class Partition(NamedTuple):
    """What would happen to a network's operators: their indices, in order of execution.

    `mapped`: to the Edge TPU. `edges`: conversions from and to float at the network's ends, on the
    CPU. `obstacles`: on the CPU, with the reason. `followers`: on the CPU since they depend on
    one of those. Operators that prepare weights are in none of them.
    """

    mapped: tuple[int, ...]
    edges: tuple[int, ...]
    obstacles: dict[int, str]
    followers: tuple[int, ...]


def partition(network: Network) -> Partition:
    """Return what the compiler would do, by its default of one subgraph for the Edge TPU."""
    mapped, edges, followers = [], [], []
    obstacles: dict[int, str] = {}
    lost: set[int] = set()  # tensors that the CPU makes
    for index, operator in enumerate(network.operators):
        if operator.prepares_weights:
            continue
        if _is_edge(operator, network):
            edges.append(index)
            continue
        reason = obstacle(operator)
        if operator.kind == "DEQUANTIZE":
            reason = f"goes back to float for {_readers(operator, network)}"
        if reason is not None:
            obstacles[index] = reason
        elif any(tensor is not None and tensor.number in lost for tensor in operator.inputs):
            followers.append(index)
        else:
            mapped.append(index)
            continue
        lost.update(tensor.number for tensor in operator.outputs)
    return Partition(tuple(mapped), tuple(edges), obstacles, tuple(followers))


def _readers(operator: Operator, network: Network) -> str:
    """Return the kinds of those who read what an operator makes."""
    made = {tensor.number for tensor in operator.outputs}
    readers = [
        other.kind
        for other in network.operators
        if any(tensor is not None and tensor.number in made for tensor in other.inputs)
    ]
    return " and ".join(dict.fromkeys(readers)) or "nobody"


def _is_edge(operator: Operator, network: Network) -> bool:
    source, target = operator.inputs[0], operator.outputs[0]
    if source is None:
        return False
    if operator.kind == "QUANTIZE":
        return source.number in network.inputs and source.type == "FLOAT32"
    return operator.kind == "DEQUANTIZE" and target.number in network.outputs
