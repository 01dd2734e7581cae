"""Passes that store weights as the plain float32 constants that every later step expects."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from calibration.flatbuffer import Network


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
