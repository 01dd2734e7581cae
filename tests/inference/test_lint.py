"""What an Edge TPU would run of a model: multiply-adds, the list's rules, the partition."""

import functools
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st

from calibration.flatbuffer import Network as Builder
from edge.errors import UserError
from edge.inference.lint import Obstacle, Verdict, compiler, lint, multiply_adds
from edge.inference.lint.compiler import verdict as compiler_verdict
from edge.inference.lint.edgetpu import OPERATORS
from edge.inference.manifest import shipped
from edge.inference.registry import list_models
from edge.paths import resource

RELU = schema.ActivationFunctionType.RELU
SHUFFLED = schema.FullyConnectedOptionsWeightsFormat.SHUFFLED4x16INT8


class Data(NamedTuple):
    """A tensor that is computed: int8 and quantized unless said otherwise."""

    shape: tuple[int, ...]
    dtype: Any = np.int8
    quantized: bool = True


def ints(*values: Any) -> np.ndarray:
    return np.array(values, np.int32)


def weights(*shape: int) -> np.ndarray:
    return np.ones(shape, np.int8)


class Net(Builder):
    """A network built operator by operator; data that nothing makes is its input."""

    def __init__(self) -> None:
        super().__init__()
        self.made: set[int] = set()

    def data(self, data: Data) -> int:
        index = self.add_tensor(f"t{len(self.graph.tensors)}", data.shape, data.dtype)
        if data.quantized and data.dtype != np.float32:
            scale = schema.QuantizationParametersT()
            scale.scale, scale.zeroPoint = [0.5], [0]
            self.tensor(index).quantization = scale
        return index

    def add(self, kind: str, inputs: Sequence[Any], output: Data, **options: Any) -> int:
        """Append an operator, its inputs being data, constants or earlier outputs."""
        taken = [self._input(value) for value in inputs]
        self.graph.outputs = [self.data(output)]
        if kind.isupper():
            self.append(kind, taken, self.graph.outputs, **options)
        else:
            self._append_custom(kind, taken)
        self.made.add(self.graph.outputs[0])
        return self.graph.outputs[0]

    def _append_custom(self, kind: str, taken: list[int]) -> None:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode, code.version = kind.encode(), 1
        self.model.operatorCodes.append(code)
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = taken, self.graph.outputs
        self.operators.append(operator)

    def _input(self, value: Any) -> int:
        if isinstance(value, np.ndarray):
            return self.add_constant(f"t{len(self.graph.tensors)}", value)
        if isinstance(value, int):
            return value
        self.graph.inputs.append(self.data(value))
        return self.graph.inputs[-1]

    def lint(self) -> Verdict:
        return lint(self.save(), "net", compiler())


PICTURE = Data((1, 8, 8, 4))
ROW = Data((1, 10))


def one(kind: str, inputs: Sequence[Any], output: Data, **options: Any) -> Net:
    net = Net()
    net.add(kind, inputs, output, **options)
    return net


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (
            one("CONV_2D", [PICTURE, weights(6, 3, 3, 4), ints(*range(6))], Data((1, 4, 4, 6))),
            4 * 4 * 6 * 3 * 3 * 4,
        ),
        (  # two groups: each output sees half of the inputs
            one("CONV_2D", [PICTURE, weights(6, 3, 3, 2)], Data((1, 8, 8, 6))),
            8 * 8 * 6 * 3 * 3 * 2,
        ),
        (
            one("DEPTHWISE_CONV_2D", [PICTURE, weights(1, 5, 3, 4)], Data((1, 8, 8, 4))),
            8 * 8 * 4 * 5 * 3,
        ),
        (
            one(
                "TRANSPOSE_CONV",
                [ints(1, 16, 16, 2), weights(2, 2, 2, 4), PICTURE],
                Data((1, 16, 16, 2)),
            ),
            8 * 8 * 4 * 2 * 2 * 2,
        ),
        (
            one(
                "Convolution2DTransposeBias",
                [PICTURE, weights(2, 2, 2, 4), ints(0, 0)],
                Data((1, 16, 16, 2)),
            ),
            8 * 8 * 4 * 2 * 2 * 2,
        ),
        (one("FULLY_CONNECTED", [ROW, weights(3, 10)], Data((1, 3))), 30),
        (one("ADD", [PICTURE, PICTURE], PICTURE), 0),
    ],
    ids=lambda value: "" if isinstance(value, int) else value.kind(value.operators[0]),
)
def test_multiply_adds_of_known_layers(net: Net, expected: int) -> None:
    assert multiply_adds(net.save()) == expected


def test_an_lstm_multiplies_by_each_matrix_at_each_step() -> None:
    gates = [weights(8, 5)] * 4 + [weights(8, 8)] * 4
    net = one("UNIDIRECTIONAL_SEQUENCE_LSTM", [Data((1, 20, 5)), *gates], Data((1, 20, 8)))
    assert multiply_adds(net.save()) == 20 * 4 * (8 * 5 + 8 * 8)


@pytest.mark.parametrize(("first", "turned"), [((1, 5, 7), False), ((1, 7, 5), True)])
def test_a_matrix_product_multiplies_along_the_inner_size(
    first: tuple[int, ...], turned: bool
) -> None:
    net = one("BATCH_MATMUL", [Data(first), Data((1, 7, 2))], Data((1, 5, 2)))
    net.operators[0].builtinOptionsType = schema.BuiltinOptions.BatchMatMulOptions
    net.operators[0].builtinOptions = schema.BatchMatMulOptionsT()
    net.operators[0].builtinOptions.adjX = turned
    assert multiply_adds(net.save()) == 5 * 7 * 2


FITS: dict[str, tuple[list[Any], Data, dict[str, Any]]] = {
    "ADD": ([PICTURE, PICTURE], PICTURE, {}),
    "AVERAGE_POOL_2D": ([PICTURE], Data((1, 4, 4, 4)), {}),
    "CONCATENATION": ([PICTURE, weights(1, 8, 8, 2)], Data((1, 8, 8, 6)), {"axis": 3}),
    "CONV_2D": ([PICTURE, weights(6, 3, 3, 4), ints(*range(6))], Data((1, 8, 8, 6)), {}),
    "FULLY_CONNECTED": ([ROW, weights(3, 10)], Data((1, 3)), {}),
    "MEAN": ([PICTURE, ints(1, 2)], Data((1, 1, 1, 4)), {}),
    "PACK": ([ROW, ROW], Data((1, 2, 10)), {"axis": 1}),
    "PAD": ([PICTURE, ints((0, 0), (1, 1), (1, 1), (0, 2))], Data((1, 10, 10, 6)), {}),
    "PRELU": ([PICTURE, weights(1, 1, 4)], PICTURE, {}),
    "QUANTIZE": ([Data((1, 10), np.uint8)], ROW, {}),
    "REDUCE_MAX": ([PICTURE, ints(-1)], Data((1, 8, 8)), {}),
    "SOFTMAX": ([ROW], ROW, {}),
    "SPLIT": ([ints(3), PICTURE], Data((1, 8, 8, 2)), {"numSplits": 2}),
    "STRIDED_SLICE": (
        [PICTURE, ints(0, 0, 0, 0), ints(1, 8, 8, 2), ints(1, 1, 1, 1)],
        Data((1, 8, 8, 2)),
        {},
    ),
    "TRANSPOSE_CONV": (
        [ints(1, 16, 16, 2), weights(2, 2, 2, 4), PICTURE],
        Data((1, 16, 16, 2)),
        {},
    ),
}


@pytest.mark.parametrize("kind", FITS)
def test_what_keeps_to_the_list_is_mapped(kind: str) -> None:
    inputs, output, options = FITS[kind]
    verdict = one(kind, inputs, output, **options).lint()
    assert (verdict.whole, verdict.mapped, verdict.obstacles) == (True, 1, ())


@pytest.mark.parametrize(
    ("kind", "inputs", "options", "reason"),
    [
        ("HARD_SWISH", [PICTURE], {}, "isn't on the Edge TPU's list"),
        ("Landmarks2TransformMatrix", [ROW], {}, "isn't on the Edge TPU's list"),
        ("ADD", [Data((1, 10), np.int16)] * 2, {}, "works on INT16, only INT8 and UINT8"),
        ("ADD", [Data((1, 10), quantized=False)] * 2, {}, "the network isn't quantized"),
        ("ADD", [Data((2, 8, 8, 4))] * 2, {}, "only the three innermost sizes may exceed 1"),
        ("MUL", [ROW, np.ones((1, 10), np.float32)], {}, "has a constant of FLOAT32"),
        ("AVERAGE_POOL_2D", [PICTURE], {"fusedActivationFunction": RELU}, "a fused activation"),
        ("MAX_POOL_2D", [PICTURE], {"fusedActivationFunction": RELU}, "a fused activation"),
        ("CONCATENATION", [ROW, ROW, weights(1, 2)], {}, "a constant with more than one other"),
        ("CONCATENATION", [ROW, np.array([[1, 2]], np.int8)], {}, "that isn't all zeros"),
        ("CONV_2D", [PICTURE, Data((1, 3, 3, 4))], {}, "is computed, it has to be a constant"),
        ("CONV_2D", [PICTURE, weights(6, 3, 3, 4)], {"dilationWFactor": 2}, "dilation 1 × 2"),
        ("FULLY_CONNECTED", [ROW, weights(3, 10)], {"weightsFormat": SHUFFLED}, "shuffled"),
        ("MEAN", [Data((1, 8, 8, 6)), ints(3)], {}, "averages 6 channels, not a multiple of 4"),
        ("MEAN", [PICTURE, ints(0, 1)], {}, "reduces the batch"),
        ("REDUCE_MIN", [PICTURE, ints(-4)], {}, "reduces the batch"),
        ("PACK", [ROW, ROW], {"axis": 0}, "packs along the batch"),
        ("PAD", [PICTURE, ints((1, 0), (0, 0), (0, 0), (0, 0))], {}, "pads the batch"),
        ("PRELU", [PICTURE, weights(1, 8, 4)], {}, "has slopes of (1, 8, 4)"),
        ("SOFTMAX", [PICTURE], {}, "only one size may exceed 1"),
        ("SOFTMAX", [Data((1, 16_001))], {}, "16001 elements, 16000 are the most"),
        ("SPLIT", [ints(0), PICTURE], {}, "splits the batch"),
        (
            "STRIDED_SLICE",
            [PICTURE, ints(0, 0, 0, 0), ints(1, 8, 8, 4), ints(1, 2, 2, 1)],
            {},
            "strides other than 1",
        ),
        (
            "STRIDED_SLICE",
            [PICTURE, ints(0, 0, 0, 0), ints(1, 8, 8, 4), ints(1, 1, 1, 1)],
            {"newAxisMask": 1},
            "adds axes",
        ),
        ("TRANSPOSE_CONV", [ints(1, 16, 16, 1), Data((1, 2, 2, 4)), PICTURE], {}, "is computed"),
    ],
)
def test_what_breaks_a_rule_stays_on_the_cpu(
    kind: str, inputs: list[Any], options: dict[str, Any], reason: str
) -> None:
    verdict = one(kind, inputs, Data((1, 3)), **options).lint()
    assert not verdict.whole
    assert [obstacle.kind for obstacle in verdict.obstacles] == [kind]
    assert reason in verdict.obstacles[0].reason


def test_a_wide_matrix_product_stays_on_the_cpu() -> None:
    verdict = one("FULLY_CONNECTED", [Data((5, 10)), weights(3, 10)], Data((5, 3))).lint()
    assert "an output of (5, 3)" in verdict.obstacles[0].reason


def test_a_size_left_open_stays_on_the_cpu() -> None:
    net = one("ADD", [PICTURE, PICTURE], PICTURE)
    net.tensor(0).shapeSignature = [1, -1, 8, 4]
    assert "a size that isn't fixed" in net.lint().obstacles[0].reason


def test_the_list_names_operators_that_there_are() -> None:
    assert set(OPERATORS) <= set(vars(schema.BuiltinOperator))


def test_what_depends_on_an_obstacle_follows_it_and_other_branches_dont() -> None:
    """Two convolutions on a branch that HARD_SWISH cuts in two, one on a branch beside it."""
    net = Net()
    first = net.add("CONV_2D", [PICTURE, weights(4, 1, 1, 4)], PICTURE)  # 256 × 4
    cut = net.add("HARD_SWISH", [first], PICTURE)
    after = net.add("CONV_2D", [cut, weights(4, 1, 1, 4)], PICTURE)  # 256 × 4
    beside = net.add("CONV_2D", [first, weights(4, 2, 1, 4)], PICTURE)  # 256 × 8
    net.add("ADD", [after, beside], PICTURE)
    verdict = net.lint()
    assert verdict.obstacles == (
        Obstacle(
            place=1, kind="HARD_SWISH", tensor=net.name(cut), reason="isn't on the Edge TPU's list"
        ),
    )
    assert (verdict.operators, verdict.mapped) == (5, 2)
    assert verdict.share == pytest.approx(12 / 16)
    assert not verdict.whole


def test_conversions_at_both_ends_do_no_harm() -> None:
    net = Net()
    codes = net.add("QUANTIZE", [Data((1, 10), np.float32)], ROW)
    row = net.add("FULLY_CONNECTED", [codes, weights(3, 10)], Data((1, 3)))
    net.add("DEQUANTIZE", [row], Data((1, 3), np.float32))
    verdict = net.lint()
    assert (verdict.whole, verdict.mapped, verdict.edges, verdict.share) == (True, 1, 2, 1.0)


def test_a_conversion_in_the_middle_does() -> None:
    net = Net()
    row = net.add("FULLY_CONNECTED", [ROW, weights(3, 10)], Data((1, 3)))
    number = net.add("DEQUANTIZE", [row], Data((1, 3), np.float32))
    codes = net.add("QUANTIZE", [number], Data((1, 3)))
    net.add("FULLY_CONNECTED", [codes, weights(10, 3)], ROW)
    verdict = net.lint()
    assert [obstacle.kind for obstacle in verdict.obstacles] == ["DEQUANTIZE", "QUANTIZE"]
    assert verdict.obstacles[0].reason == "goes back to float for QUANTIZE"
    assert (verdict.mapped, verdict.share) == (1, 0.5)


def test_unpacking_weights_is_no_operator() -> None:
    net = Net()
    filters = net.add("DEQUANTIZE", [np.ones((3, 10), np.float16)], Data((3, 10), np.float32))
    net.add("FULLY_CONNECTED", [Data((1, 10), np.float32), filters], Data((1, 3), np.float32))
    verdict = net.lint()
    assert (verdict.operators, verdict.obstacles[0].kind) == (1, "FULLY_CONNECTED")
    assert verdict.multiply_adds == 30


@pytest.mark.parametrize(("mebibytes", "fits"), [(5, "yes"), (7, "perhaps"), (9, "no")])
def test_parameters_are_held_against_the_memory_on_the_chip(mebibytes: int, fits: str) -> None:
    size = mebibytes * 2**20 // 10
    verdict = one("FULLY_CONNECTED", [ROW, weights(size, 10)], Data((1, size))).lint()
    assert (verdict.parameter_bytes, verdict.on_chip) == (size * 10, fits)


def test_parameters_behind_the_flatbuffer_are_read() -> None:
    """Large files keep their constants there: a buffer then holds a place and a size."""
    net = one("SPLIT", [ints(0), PICTURE], Data((1, 8, 8, 2)), numSplits=2)
    buffer = net.model.buffers[net.tensor(net.operators[0].inputs[0]).buffer]
    buffer.data, buffer.offset, buffer.size = None, 4096, 4
    content = net.save().ljust(4096, b"\0") + ints(0).tobytes()
    assert lint(content, "net").obstacles[0].reason == "splits the batch"


def test_operators_with_undisclosed_limits_are_counted() -> None:
    net = Net()
    row = net.add("RESHAPE", [PICTURE, ints(1, 256)], Data((1, 256)), newShape=[1, 256])
    net.add("RESHAPE", [row, ints(256)], Data((256,)), newShape=[256])
    assert net.lint().undisclosed == {"RESHAPE": 2}


@pytest.mark.parametrize("content", [b"", b"PK\3\4TFL3", b"not a model at all"])
def test_what_is_no_model_is_named(content: bytes) -> None:
    with pytest.raises(UserError, match=r"^thing\.bin: (not a \.tflite file|damaged)"):
        lint(content, "thing.bin")


@functools.cache
def good() -> bytes:
    return one("CONV_2D", [PICTURE, weights(6, 3, 3, 4)], Data((1, 8, 8, 6))).save()


@given(length=st.integers(0, len(good()) - 1))
def test_a_truncated_file_gives_one_line_or_a_verdict(length: int) -> None:
    _lint_or_line(good()[:length])


@given(place=st.integers(8, len(good()) - 1), value=st.integers(0, 255))
def test_a_changed_byte_gives_one_line_or_a_verdict(place: int, value: int) -> None:
    _lint_or_line(good()[:place] + bytes([value]) + good()[place + 1 :])


def _lint_or_line(content: bytes) -> None:
    try:
        said = lint(content, "net").name
    except UserError as error:
        said = str(error)
    assert said.startswith("net")
    assert "\n" not in said


SAID = """Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 96 ms.

On-chip memory used for caching model parameters: 80.00KiB
Off-chip memory used for streaming uncached model parameters: 1.25MiB
Number of Edge TPU subgraphs: 1

Operator                       Count      Status

CONV_2D                        2          Mapped to Edge TPU
SOFTMAX                        1          Operation is otherwise supported, but not mapped
Compilation succeeded!
"""


def test_the_compilers_words_are_read() -> None:
    verdict = compiler_verdict(SAID, True)
    assert verdict.version == "16.0.384591198"
    assert verdict.streamed == "1.25MiB"
    assert verdict.unmapped == ("SOFTMAX × 1: Operation is otherwise supported, but not mapped",)


@pytest.fixture
def stub_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stub for `edgetpu_compiler`, which can't be had here: it copies the model, or fails."""
    stub = tmp_path / "edgetpu_compiler"
    stub.write_text(
        '#!/bin/sh\necho "Edge TPU Compiler version 0.0.stub"\n'
        '[ -e "$0.fails" ] && { echo "Internal compiler error. Aborting!"; exit 1; }\n'
        'cp "$4" "$3/model_edgetpu.tflite"\n'
        'echo "SOFTMAX                        1          Mapped to Edge TPU"\n'
    )
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return stub


def test_the_compiler_is_asked_where_it_is_installed(stub_compiler: Path) -> None:
    verdict = one("SOFTMAX", [ROW], ROW).lint()
    assert verdict.compiler is not None
    assert (verdict.compiler.compiled, verdict.compiler.version) == (True, "0.0.stub")
    assert verdict.whole


def test_a_model_that_the_compiler_refuses_is_not_whole(stub_compiler: Path) -> None:
    Path(f"{stub_compiler}.fails").touch()
    verdict = one("SOFTMAX", [ROW], ROW).lint()
    assert verdict.compiler is not None
    assert verdict.compiler.message == "Internal compiler error. Aborting!"
    assert not verdict.whole


EDGETPU = [v for v in shipped().variants() if v.name == "edgetpu"]


@pytest.mark.parametrize("variant", EDGETPU, ids=lambda variant: variant.file)
def test_every_edgetpu_variant_keeps_to_the_list(variant: Any) -> None:
    verdict = lint(resource("models") / variant.file, variant.file)
    assert (verdict.whole, verdict.share) == (True, 1.0)


LOOPING = "voice_embedding"
"""Of several graphs: a file doesn't say how often a loop goes round."""
COUNTED = [m for m in shipped().models if m.multiply_adds and m.name != LOOPING]


@pytest.mark.parametrize("model", COUNTED, ids=lambda model: model.name)
def test_the_manifests_multiply_adds_are_the_parents(model: Any) -> None:
    """Not the variants', where what was rebuilt as a convolution is counted on top."""
    (parent,) = (i for i in list_models([model.name]) if i.variant == model.parent.name)
    if parent.path is None:
        pytest.skip(f"not here: edge models fetch {model.name}")
    assert multiply_adds(Path(parent.path)) == pytest.approx(model.multiply_adds, rel=0.02)
