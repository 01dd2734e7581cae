"""Quantization of a lowered float network by litert-quantizer, as a recipe says."""

import contextlib
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from litert_quantizer.qtyping import TFLOperationName
from litert_quantizer.quantizer import AlgorithmName, Quantizer

from calibration.flatbuffer import Network
from calibration.ranges import Range

BITS = 8
LARGE = 65_536
"""Weights from which on a convolution that stays float has them in 8 bits all the same: they would
be most of the file. As float16 they'd be unpacked at every call (selfie: 0.45 of 1.8 ms)."""


def quantize(
    content: bytes,
    ranges: dict[str, Range],
    keep_float: Sequence[str] = (),
    pictures: Iterable[tuple[float, float] | None] = (),
    dynamic: bool = False,
) -> bytes:
    """Return the network with int8 weights (one scale a channel) and int8 tensors.

    `ranges`: by tensor. `keep_float`: names of tensors; the operators that make them stay float,
    as does what litert-quantizer can't do. Of those with `LARGE` weights only what goes in and
    comes out stays float. `pictures`: for each input what black and white stand
    for, so that int8 codes are just the pixels, shifted by 128; None for other inputs.
    `dynamic`: tensors stay float; a convolution has int8 weights and rounds what goes in by the
    range that it has in this call.
    """
    quantizer = Quantizer(content)
    if dynamic:
        quantizer.add_dynamic_config(".*", TFLOperationName.CONV_2D, BITS)
    else:
        quantizer.add_static_config(".*", TFLOperationName.ALL_SUPPORTED, BITS, BITS)
    network = Network(content)
    for name in keep_float:
        # It looks for the pattern in the names of an operator's outputs, each closed by ";".
        pattern = f"^{re.escape(name)};"
        quantizer.update_quantization_recipe(
            pattern, TFLOperationName.ALL_SUPPORTED, None, AlgorithmName.NO_QUANTIZE
        )
        layer = network.producer(network.index(name))
        if is_large(network, layer):
            quantizer.add_dynamic_config(pattern, TFLOperationName.CONV_2D, BITS)
    spans = dict(ranges)
    for index, span in zip(network.graph.inputs, pictures, strict=False):
        name = network.name(index)
        if span is not None:
            spans[name] = Range(*span)
        elif not dynamic:
            quantizer.update_quantization_recipe(
                f"^{re.escape(name)};", TFLOperationName.INPUT, None, AlgorithmName.NO_QUANTIZE
            )
    observed = {
        name: {"min": np.array(low, np.float32), "max": np.array(high, np.float32)}
        for name, (low, high) in spans.items()
    }
    with _silence():
        result = quantizer.quantize(None if dynamic else observed, enable_progress_report=False)
    return Network(bytes(result.quantized_model)).save()


def is_large(network: Network, layer: Any) -> bool:
    """Return whether a layer has 8-bit weights even where it stays float."""
    return network.kind(layer) == "CONV_2D" and network.stored(layer.inputs[1]).size >= LARGE


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the library's progress bars and warnings of itself off the terminal."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", message=".*preserve_all_tensors")
        yield
