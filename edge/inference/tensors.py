"""Tensors: their description, and how pictures and numbers become their codes and back."""

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class Quantization(NamedTuple):
    """A code q stands for the number scale * (q - zero_point)."""

    scale: float
    zero_point: int


class Tensor(NamedTuple):
    """An input or output of a model. `quantization` is None where values are plain numbers."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    quantization: Quantization | None

    @classmethod
    def of(cls, details: dict[str, Any], name: str | None = None) -> "Tensor":
        """Describe a tensor from the interpreter's details of it."""
        scale, zero_point = details["quantization"]
        return cls(
            name=name or details["name"],
            shape=tuple(int(size) for size in details["shape"]),
            dtype=np.dtype(details["dtype"]),
            quantization=Quantization(float(scale), int(zero_point)) if scale else None,
        )


def numbers(values: NDArray[Any], quantization: Quantization | None) -> NDArray[Any]:
    """Return what a tensor's values stand for: float32 where it is quantized, else the values."""
    if quantization is None:
        return values
    result = values.astype(np.float32)
    result -= np.float32(quantization.zero_point)
    result *= np.float32(quantization.scale)
    return result


def convert(values: NDArray[Any], source: Tensor, target: Tensor) -> NDArray[Any]:
    """Return a tensor's values in the codes of another one of the same shape."""
    if (source.dtype, source.quantization) == (target.dtype, target.quantization):
        return values
    reals = numbers(values, source.quantization)
    if target.quantization is None:
        return reals.astype(target.dtype)
    exact = reals / target.quantization.scale + target.quantization.zero_point
    limits = np.iinfo(target.dtype)
    return np.clip(np.rint(exact), limits.min, limits.max).astype(target.dtype)


PictureWriter = Callable[[NDArray[np.uint8], NDArray[Any]], None]


def picture_writer(tensor: Tensor, low: float, high: float) -> PictureWriter:
    """Return write(picture, view): fills a tensor's view with a picture, both (H, W, 3).

    Pixels are uint8; 0 becomes `low` and 255 `high`, in the tensor's own codes.
    No picture-sized array is made on the way.
    """
    if tensor.dtype == np.float32:
        return _float_writer(low, high)
    if tensor.dtype in (np.uint8, np.int8) and tensor.quantization:
        return _code_writer(_codes(tensor.dtype, tensor.quantization, low, high))
    raise ValueError(f"{tensor.name}: a tensor of {tensor.dtype} can't take a picture")


def _float_writer(low: float, high: float) -> PictureWriter:
    scale = (high - low) / 255

    def write(picture: NDArray[np.uint8], view: NDArray[Any]) -> None:
        # picture * scale + low in one pass, with OpenCV's one function that does that in place.
        cv2.addWeighted(picture, scale, picture, 0.0, low, view, cv2.CV_32F)

    return write


def _code_writer(codes: NDArray[np.uint8]) -> PictureWriter:
    flip = codes[0]
    # Codes are nearly always the pixels themselves (uint8) or with the top bit flipped (int8);
    # that is a tenth of the table's time.
    if np.array_equal(codes, np.arange(256, dtype=np.uint8) ^ flip):

        def write(picture: NDArray[np.uint8], view: NDArray[Any]) -> None:
            np.bitwise_xor(picture, flip, out=view.view(np.uint8))
    else:

        def write(picture: NDArray[np.uint8], view: NDArray[Any]) -> None:
            cv2.LUT(picture, codes, view.view(np.uint8))

    return write


def _codes(
    dtype: np.dtype[Any], quantization: Quantization, low: float, high: float
) -> NDArray[np.uint8]:
    """Return the code, as its bits, of each of the 256 pixel values."""
    reals = low + np.arange(256) * ((high - low) / 255)
    # Halves go up, with room for the scale's float32 rounding: a scale of (high - low) / 255 and
    # a zero point between two pixels makes nothing but halves, and neighbours must stay distinct.
    exact = reals / quantization.scale + quantization.zero_point
    limits = np.iinfo(dtype)
    codes = np.clip(np.floor(exact + 0.501), limits.min, limits.max)
    return codes.astype(dtype).view(np.uint8)
