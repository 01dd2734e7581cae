"""Lowering: a published network becomes one that can be quantized and runs well as integers.

Every pass changes a `Network` in place and leaves what it computes as it was.
"""

from collections.abc import Iterable
from typing import Literal

from calibration.flatbuffer import Network
from calibration.lower.activations import (
    fuse_activations,
    lower_hard_swish,
    lower_prelu,
    tile_slopes,
)
from calibration.lower.constants import fold_constants
from calibration.lower.convolutions import (
    average_by_mean,
    deepen_transpose_convolution,
    lower_depth_to_space,
    lower_transpose_convolution,
    pack_columns,
)
from calibration.lower.header import add_signature, name_tensors, repair_codes

Target = Literal["int8", "edgetpu"]

COMMON = (
    repair_codes,
    fold_constants,
    lower_transpose_convolution,
    fuse_activations,
    name_tensors,
)
FOR = {
    # PRELU and HARD_SWISH stay float between int8 convolutions: XNNPACK takes no longer to
    # convert 131,000 values, apply either and convert back (46 µs) than for the same as integers.
    "int8": (tile_slopes, deepen_transpose_convolution, average_by_mean, pack_columns),
    "edgetpu": (lower_prelu, lower_hard_swish, lower_depth_to_space),
}


def lower(network: Network, outputs: Iterable[str]) -> None:
    """Bring a network as published into the form that ranges are observed in.

    `outputs`: the names of those that are kept, in order; what only others need is dropped.
    """
    for change in COMMON:
        change(network)
    network.graph.outputs = [network.index(name) for name in outputs]
    network.tidy()
    add_signature(network)


def lower_for(target: Target, network: Network) -> None:
    """Bring a lowered network into the form that a target runs best."""
    for change in FOR[target]:
        change(network)
    network.tidy()
    name_tensors(network)
    add_signature(network)
