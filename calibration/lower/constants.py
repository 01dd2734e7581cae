"""Passes that store weights as the plain float32 constants that every later step expects."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from calibration.flatbuffer import Network

LARGE = 65_536
"""Values from which on a constant is halved. Where a network is partly int8, XNNPACK makes float32
of halved constants again at every call (selfie: 0.45 of 1.8 ms for 100 KB)."""
GREATEST = 65_504.0
"""What float16 can hold."""


def fold_constants(network: Network) -> None:
    """Replace DENSIFY and DEQUANTIZE of stored weights by their results. Exact.

    Files keep weights as float16, or only those that aren't zero, to be small; each start would
    unpack them anyway.
    """
    for operator in network.of_kind("DENSIFY"):
        tensor = network.tensor(operator.inputs[0])
        stored = network.constant(operator.inputs[0])
        if stored is not None and tensor.sparsity is not None:
            _fold(network, operator, dense(stored, tensor.sparsity, tensor.shape))
    for operator in network.of_kind("DEQUANTIZE"):
        stored = network.constant(operator.inputs[0])
        if stored is not None and stored.dtype == np.float16:
            _fold(network, operator, stored.astype(np.float32))


def halve_constants(network: Network) -> None:
    """Store large float32 constants as float16, as they were published. Off by up to 1 / 2048."""
    operators = []
    for index in sorted({i for operator in network.operators for i in operator.inputs if i >= 0}):
        values = network.constant(index)
        if values is None or values.dtype != np.float32 or values.size < LARGE:
            continue
        if np.abs(values).max() <= GREATEST:
            half = network.add_constant(f"{network.name(index)}/half", values.astype(np.float16))
            whole = network.add_tensor(f"{network.name(index)}/whole", values.shape)
            network.reroute(index, whole)
            operators.append(network.operator("DEQUANTIZE", [half], [whole]))
    network.operators = operators + network.operators


def dense(stored: NDArray[Any], sparsity: Any, shape: Any) -> NDArray[Any]:
    """Return the array that sparse values stand for.

    The schema's format: dimensions in order, each dense or with the positions of what is there
    (compressed rows). Blocks of values aren't used by any known file: NotImplementedError.
    """
    if sparsity.blockMap is not None and len(sparsity.blockMap):
        raise NotImplementedError("sparse weights in blocks")
    order = [int(axis) for axis in sparsity.traversalOrder]
    indices = np.zeros((1, 0), np.int64)  # of each prefix of the dimensions, row by row
    for metadata, axis in zip(sparsity.dimMetadata, order, strict=True):
        if metadata.format == schema.DimensionType.DENSE:
            size = int(shape[axis])
            new = np.tile(np.arange(size), len(indices))
            indices = np.column_stack((np.repeat(indices, size, axis=0), new))
        else:
            ends: NDArray[np.int64] = np.asarray(metadata.arraySegments.values, np.int64)
            counts = ends[1:] - ends[:-1]
            new = np.asarray(metadata.arrayIndices.values, np.int64)
            indices = np.column_stack((np.repeat(indices, counts, axis=0), new))
    result = np.zeros([int(size) for size in shape], stored.dtype)
    # What follows the last stored position is padding.
    result[tuple(indices[:, order.index(axis)] for axis in range(len(order)))] = stored[
        : len(indices)
    ]
    return result


def _fold(network: Network, operator: Any, values: NDArray[Any]) -> None:
    network.set_constant(operator.outputs[0], values)
    network.replace(operator)
