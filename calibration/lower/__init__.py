"""Lowering: a published network becomes one that can be quantized and runs well as integers."""

from calibration.flatbuffer import Network
from calibration.lower.activations import fuse_activations, lower_hard_swish, lower_prelu
from calibration.lower.constants import fold_constants
from calibration.lower.convolutions import lower_transpose_convolution
from calibration.lower.header import add_signature, name_tensors, repair_codes

ALWAYS = (
    repair_codes,
    fold_constants,
    lower_transpose_convolution,
    fuse_activations,
    name_tensors,
)


def lower(content: bytes, passes=()) -> bytes:
    network = Network(content)
    for change in ALWAYS:
        change(network)
    for change in passes:
        change(network)
    network.tidy()
    add_signature(network)
    return network.save()
