"""Stored weights become plain float32, whatever form a file keeps them in."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from calibration.flatbuffer import schema
from calibration.lower.constants import dense, fold_constants
from tests.calibration.networks import Net, assert_same, drawn, run

SPARSE = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=2, max_dims=4, max_side=4),
    elements=st.sampled_from([0.0, 0.0, 1.0, -2.5]),
)
COORDINATES = {
    np.uint8: (schema.SparseIndexVector.Uint8Vector, schema.Uint8VectorT),
    np.uint16: (schema.SparseIndexVector.Uint16Vector, schema.Uint16VectorT),
    np.int32: (schema.SparseIndexVector.Int32Vector, schema.Int32VectorT),
}


def sparsely(
    values: NDArray[Any], order: tuple[int, ...], dtype: Any = np.int32
) -> tuple[NDArray[Any], Any]:
    """Return what of an array isn't zero, and where: all axes dense, compressed the last."""
    turned = values.transpose(order)
    rows = turned.reshape(-1, turned.shape[-1])
    stored = [row[np.flatnonzero(row)] for row in rows]
    sparsity = schema.SparsityParametersT()
    sparsity.traversalOrder = list(order)
    sparsity.dimMetadata = []
    for size in turned.shape[:-1]:
        metadata = schema.DimensionMetadataT()
        metadata.format, metadata.denseSize = schema.DimensionType.DENSE, size
        sparsity.dimMetadata.append(metadata)
    metadata = schema.DimensionMetadataT()
    metadata.format = schema.DimensionType.SPARSE_CSR
    metadata.arraySegmentsType, segments = _vector(
        np.cumsum([0, *(len(row) for row in stored)]), dtype
    )
    metadata.arrayIndicesType, indices = _vector(
        np.concatenate([np.flatnonzero(row) for row in rows]), dtype
    )
    metadata.arraySegments, metadata.arrayIndices = segments, indices
    sparsity.dimMetadata.append(metadata)
    return np.concatenate(stored), sparsity


def _vector(values: NDArray[Any], dtype: Any) -> tuple[int, Any]:
    number, record = COORDINATES[dtype]
    vector = record()
    vector.values = values.astype(dtype)
    return number, vector


@given(values=SPARSE, dtype=st.sampled_from(list(COORDINATES)), draw=st.data())
def test_sparse_values_come_back_where_they_were(
    values: NDArray[Any], dtype: Any, draw: st.DataObject
) -> None:
    assume(values.size <= np.iinfo(dtype).max)  # segments end at up to so many
    order = draw.draw(st.permutations(range(values.ndim)))
    stored, sparsity = sparsely(values, tuple(order), dtype)
    padded = np.concatenate([stored, np.ones(3, np.float32)])
    for some in (stored, padded):
        assert np.array_equal(dense(some, sparsity, values.shape), values)


def test_sparse_blocks_are_said_to_be_unknown() -> None:
    stored, sparsity = sparsely(np.eye(4, dtype=np.float32), (0, 1))
    sparsity.blockMap = np.array([0], np.int32)
    with pytest.raises(NotImplementedError, match="blocks"):
        dense(stored, sparsity, (4, 4))


def net_with(half: bool, sparse: bool) -> Net:
    """Return a convolution whose weights are unpacked when it's run."""
    net = Net()
    x = net.input(1, 5, 5, 3)
    net.graph.outputs = [net.convolution(x, 4, (3, 3))]
    (convolution,) = net.operators
    values = net.stored(convolution.inputs[1]).astype(np.float16 if half else np.float32)
    if sparse:
        values = np.where(np.abs(values) < 0.5, 0, values).astype(values.dtype)
    packed, unpacking = net.const(values), []
    if sparse:
        stored, sparsity = sparsely(values, (0, 1, 2, 3))
        net.set_constant(packed, stored)
        net.tensor(packed).shape = np.array(values.shape, np.int32)
        net.tensor(packed).sparsity = sparsity
        full = net.add_tensor("full", values.shape, values.dtype)
        unpacking.append(net.operator("DENSIFY", [packed], [full]))
        packed = full
    if half:
        single = net.add_tensor("single", values.shape)
        unpacking.append(net.operator("DEQUANTIZE", [packed], [single]))
        packed = single
    convolution.inputs[1] = packed
    net.replace(convolution, *unpacking, convolution)
    return net


@pytest.mark.parametrize(
    ("half", "sparse"), [pair for pair in itertools.product([False, True], repeat=2) if any(pair)]
)
def test_unpacking_is_done_once_and_for_all(half: bool, sparse: bool) -> None:
    net = net_with(half, sparse)
    before = net.save()
    inputs = drawn(net)
    expected = run(before, *inputs)
    fold_constants(net)
    after = net.save()
    assert [net.kind(operator) for operator in net.operators] == ["CONV_2D"]
    assert net.stored(net.operators[0].inputs[1]).dtype == np.float32
    assert np.array_equal(run(after, *inputs)[0], expected[0])


def test_what_is_computed_is_not_folded() -> None:
    net = Net()
    x = net.input(1, 4)
    codes = net.add_tensor("codes", (1, 4), np.int8)
    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = [0.1], [0]
    net.tensor(codes).quantization = quantization
    net.append("QUANTIZE", [x], [codes])
    net.ends(net.add("DEQUANTIZE", [codes], 1, 4))
    before = net.save()
    fold_constants(net)
    assert [net.kind(operator) for operator in net.operators] == ["QUANTIZE", "DEQUANTIZE"]
    assert_same(before, net.save())
