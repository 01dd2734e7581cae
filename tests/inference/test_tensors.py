"""Pictures become a tensor's codes, and codes become numbers."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edge.inference.tensors import Quantization, Tensor, convert, numbers, picture_writer

PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)))
RANGES = st.sampled_from([(-1.0, 1.0), (0.0, 1.0), (0.0, 255.0), (-2.1, 2.6)])
EVERY_PIXEL = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)


def tensor(dtype: type, quantization: Quantization | None = None, size: int = 16) -> Tensor:
    return Tensor("picture", (1, size, size, 3), np.dtype(dtype), quantization)


def wanted(picture: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    return low + picture.astype(np.float64) * (high - low) / 255


@given(PICTURES, RANGES)
def test_a_float_tensor_takes_a_picture_in_the_range(
    picture: np.ndarray, limits: tuple[float, float]
) -> None:
    view: NDArray[Any] = np.full(picture.shape, np.nan, np.float32)
    picture_writer(tensor(np.float32), *limits)(picture, view)
    np.testing.assert_allclose(view, wanted(picture, limits), rtol=0, atol=3e-5)


@given(
    PICTURES,
    RANGES,
    st.sampled_from([np.uint8, np.int8]),
    st.floats(1.0, 40.0),
    st.integers(-20, 20),
)
def test_a_quantized_tensor_takes_a_picture_as_near_as_its_codes_allow(
    picture: np.ndarray,
    limits: tuple[float, float],
    dtype: type,
    coarseness: float,
    shift: int,
) -> None:
    low, high = limits
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    scale = (high - low) / 255 * coarseness
    zero_point = int(np.clip(round(least - low / scale) + shift, least, most))
    quantization = Quantization(scale, zero_point)
    view: NDArray[Any] = np.zeros(picture.shape, dtype)
    picture_writer(tensor(dtype, quantization), low, high)(picture, view)
    back = numbers(view, quantization)
    covered = np.clip(
        wanted(picture, limits), (least - zero_point) * scale, (most - zero_point) * scale
    )
    np.testing.assert_allclose(back, covered, rtol=0, atol=0.502 * scale)


@pytest.mark.parametrize(
    ("dtype", "limits", "zero_point", "first"),
    [
        (np.uint8, (0, 1), 0, 0),
        (np.int8, (0, 1), -128, -128),
        (np.uint8, (-1, 1), 127, 0),
        (np.uint8, (-1, 1), 128, 1),
        (np.int8, (-1, 1), -1, -128),
        (np.int8, (-1, 1), 0, -127),
    ],
)
def test_the_usual_quantizations_keep_neighbouring_pixels_apart(
    dtype: type, limits: tuple[float, float], zero_point: int, first: int
) -> None:
    scale = float(np.float32((limits[1] - limits[0]) / 255))
    view: NDArray[Any] = np.zeros(EVERY_PIXEL.shape, dtype)
    picture_writer(tensor(dtype, Quantization(scale, zero_point)), *limits)(EVERY_PIXEL, view)
    codes = np.minimum(np.arange(256) + first, np.iinfo(dtype).max)
    np.testing.assert_array_equal(view[..., 0].ravel(), codes)


@pytest.mark.parametrize(
    ("dtype", "quantization"),
    [
        (np.float32, None),
        (np.uint8, Quantization(1 / 255, 0)),
        (np.int8, Quantization(1 / 255, -128)),
        (np.int8, Quantization(1 / 200, -100)),
    ],
)
def test_no_picture_is_made_on_the_way(dtype: type, quantization: Quantization | None) -> None:
    picture = np.zeros((256, 256, 3), np.uint8)
    view: NDArray[Any] = np.empty(picture.shape, dtype)
    write = picture_writer(tensor(dtype, quantization, 256), 0.0, 1.0)
    write(picture, view)
    tracemalloc.start()
    write(picture, view)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < picture.nbytes // 16


def test_a_tensor_of_integers_takes_no_picture() -> None:
    with pytest.raises(ValueError, match="int32 can't take a picture"):
        picture_writer(tensor(np.int32), 0, 1)


def test_a_tensor_without_quantization_is_returned_as_it_is() -> None:
    values = np.array([1, 2], np.int32)
    assert numbers(values, None) is values


@given(
    arrays.arrays(np.int8, (1, 4, 4, 3)),
    st.sampled_from([(np.float32, None), (np.uint8, Quantization(0.011, 100)),
                     (np.int16, Quantization(0.0001, 0))]),
)  # fmt: skip
def test_codes_become_another_tensors_codes(
    codes: np.ndarray, how: tuple[type, Quantization | None]
) -> None:
    dtype, quantization = how
    source = tensor(np.int8, Quantization(0.01, -5), size=4)
    target = tensor(dtype, quantization, size=4)
    result = convert(codes, source, target)
    assert result.dtype == dtype
    step = quantization.scale if quantization else 1e-6
    low, high = -1.0, 1.3  # what all of them can hold
    wanted = np.clip(numbers(codes, source.quantization), low, high)
    found = np.clip(numbers(result, quantization), low, high)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0.51 * step + 1e-6)
    assert convert(codes, source, source) is codes
