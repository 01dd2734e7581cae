"""`edge models lint` and `edge models report`."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from calibration.flatbuffer import Network
from tests.cli.program import Edge


@pytest.fixture
def float_model(tmp_path: Path) -> Path:
    """A model of one addition, in float."""
    net = Network()
    net.graph.inputs, net.graph.outputs = (
        [net.add_tensor("a", (1, 4))],
        [net.add_tensor("b", (1, 4))],
    )
    net.append("ADD", [0, net.add_constant("c", np.ones((1, 4), np.float32))], [1])
    path = tmp_path / "sum.tflite"
    path.write_bytes(net.save())
    return path


def test_lint_names_the_first_operator_in_the_way(edge: Edge, float_model: Path) -> None:
    finished = edge("models", "lint", "--target", "edgetpu", float_model)
    assert finished.returncode == 2
    assert "0 ADD: works on FLOAT32, only INT8 and UINT8 can be mapped" in finished.stdout


def test_lint_gives_json(edge: Edge, float_model: Path) -> None:
    finished = edge("models", "lint", float_model, "--json")
    assert finished.returncode == 2
    (verdict,) = json.loads(finished.stdout)
    assert (verdict["share"], verdict["operators"]) == (0, 1)
    assert verdict["obstacles"][0]["kind"] == "ADD"


def test_lint_gives_the_compilers_word(edge: Edge, float_model: Path, tmp_path: Path) -> None:
    """A stub stands for edgetpu_compiler, which can't be had here."""
    stub = tmp_path / "edgetpu_compiler"
    stub.write_text(
        '#!/bin/sh\necho "Edge TPU Compiler version 0.0.stub"\necho Aborting!\nexit 1\n'
    )
    stub.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    said = edge("models", "lint", float_model, PATH=path).stdout
    assert "edgetpu_compiler 0.0.stub failed: Aborting!" in said
    assert "isn't installed" not in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("face_neer", "edge: unknown model 'face_neer'; did you mean 'face_near'?"),
        ("nowhere.tflite", "edge: nowhere.tflite: no such file"),
        ("face_near/flot", "edge: face_near has no variant 'flot'; did you mean 'float'?"),
    ],
)
def test_lint_of_what_isnt_there_says_so(edge: Edge, name: str, said: str) -> None:
    finished = edge("models", "lint", name)
    assert (finished.returncode, finished.stderr.strip()) == (2, said)


def test_lint_of_a_file_that_is_no_model_says_so(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("not a model")
    finished = edge("models", "lint", tmp_path / "text.tflite")
    assert finished.returncode == 2
    assert finished.stderr.strip().endswith("text.tflite: not a .tflite file")


def test_report_says_where_it_went(edge: Edge, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need it; make bench installs it")
    finished = edge("models", "report", "--out", tmp_path)
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[-1].endswith("models.md")
    assert "## face_near" in (tmp_path / "models.md").read_text()
