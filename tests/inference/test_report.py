"""The report: what is computed from the manifest's figures, the page, and when nothing is kept."""

import builtins
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.inference.manifest import Accuracy, Manifest, ModelSpec, TensorSpec, Variant
from edge.inference.report import write
from edge.inference.report.page import markdown, part_of_limit, rows

KILOBYTES = 200  # the most that a picture may have in the repository


def variant(name: str, file: str, ms: float | None, *accuracy: Accuracy) -> Variant:
    return Variant(
        name=name,
        file=file,
        sha256="0" * 64,
        bytes=1_500_000,
        tensors=("out",),
        accuracy=accuracy,
        ms=ms,
    )


def distance(value: float) -> Accuracy:
    return Accuracy(metric="mean distance", value=value, at_most=1.0)


def overlap(value: float) -> Accuracy:
    return Accuracy(metric="IoU", value=value, at_least=0.9)


def model(name: str, *variants: Variant, **more: Any) -> ModelSpec:
    return ModelSpec(
        name=name,
        job="a test",
        licence="MIT",
        card="https://example.org/card",
        inputs=(TensorSpec(name="picture", shape=(1, 8, 8, 3)),),
        outputs=(TensorSpec(name="points", shape=(1, 10)),),
        variants=variants,
        **more,
    )


@pytest.fixture
def manifest() -> Manifest:
    """Of two models, one with variants that pass and fail, one with nothing but its parent."""
    return Manifest(
        archives=(),
        measured_on="a made-up machine",
        models=(
            model(
                "hand",
                variant("float", "hand", 8.0),
                variant("int8", "hand.int8", 4.0, distance(0.5), overlap(0.98)),
                variant("edgetpu", "hand.edgetpu", 5.0, distance(0.2), overlap(0.85)),
                multiply_adds=332_800_000,
            ),
            model("voice", variant("float", "voice", None), blocked={"edgetpu": "it has an LSTM"}),
        ),
    )


def test_a_row_is_what_the_figures_say(manifest: Manifest) -> None:
    parent, int8, edgetpu, voice = rows(manifest)
    assert (parent.is_parent, parent.speed_up, parent.worst) == (True, None, None)
    # 332.8 million at 64 a cycle and 2.6 GHz take 2 ms.
    assert (parent.floor, int8.floor) == (pytest.approx(4), pytest.approx(2))
    assert (int8.speed_up, int8.worst, int8.passed) == (2.0, pytest.approx(0.5), True)
    assert (edgetpu.speed_up, edgetpu.worst, edgetpu.passed) == (1.6, pytest.approx(1.5), False)
    assert (voice.ms, voice.speed_up, voice.floor) == (None, None, None)


@pytest.mark.parametrize(
    ("figure", "part"),
    [
        (distance(0.25), 0.25),
        (distance(3), 3),
        (overlap(1.0), 0),
        (overlap(0.95), 0.5),
        (overlap(0.8), 2),
        (Accuracy(metric="misses", value=0, at_most=0), 0),
        (Accuracy(metric="misses", value=1, at_most=0), float("inf")),
        (Accuracy(metric="recall", value=0.9, at_least=1), float("inf")),
    ],
)
def test_figures_of_all_kinds_are_parts_of_their_limits(figure: Accuracy, part: float) -> None:
    assert part_of_limit(figure) == pytest.approx(part)


def test_the_page_has_every_figure_and_says_what_fails(manifest: Manifest) -> None:
    page = markdown(manifest, {("hand", "edgetpu"): 1.0}, {"Speed": "images/speed.png"})
    for line in (
        "![Speed](images/speed.png)",
        "| [hand](#hand) | int8 | 4.00 | 2.00 | 2.0 | 0.50 |  | 1.50 |",
        "| [hand](#hand) | edgetpu (fails) | 5.00 | 1.60 | 2.5 | 1.50 | 100% | 1.50 |",
        "| [voice](#voice) | float |  |  |  |  |  | 1.50 |",
        "| int8 | mean distance | 0.5 | ≤ 1 |  |",
        "| edgetpu | IoU | 0.85 | ≥ 0.9 | fails |",
        "No edgetpu variant: it has an LSTM",
        "Never chosen, for their accuracy: hand/edgetpu.",
    ):
        assert line in page.splitlines()
    assert "Measured on: a made-up machine." in page
    assert "An int8 variant is 2.00 times as fast" in page


def test_a_report_is_written_whole(manifest: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need it; make bench installs it")
    folder = tmp_path / "new"
    written = write(manifest, {}, folder)
    assert sorted(written) == sorted(path for path in folder.rglob("*") if path.is_file())
    page = (folder / "models.md").read_text()
    pictures = [path for path in written if path.suffix == ".png"]
    assert len(pictures) == 2
    for path in pictures:
        assert f"](images/{path.name})" in page
        assert path.stat().st_size < KILOBYTES * 1024
        picture = cv2.imread(str(path))
        assert picture is not None
        assert len(np.unique(picture)) > 2


def test_what_isnt_measured_isnt_drawn(manifest: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need it; make bench installs it")
    bare = Manifest(archives=(), models=manifest.models[1:])
    assert write(bare, {}, tmp_path) == [tmp_path / "models.md"]


def test_without_matplotlib_nothing_is_written(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="plots need matplotlib: pip install matplotlib"):
        write(manifest, {}, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cant_be_is_named(manifest: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need it; make bench installs it")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"can't write to .*file .*: --out FOLDER"):
        write(manifest, {}, tmp_path / "file")
