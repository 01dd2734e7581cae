"""What a node's settings say of its model."""

import shutil
from pathlib import Path

import pytest

from edge.errors import UserError
from edge.inference import choice, registry
from edge.vision.face_detector import FaceDetector
from edge.vision.models import ModelSettings, open_model
from tests.vision.driving import context


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with nothing but face_near's float parent, on a device of two cores."""
    (info,) = registry.fetch(["face_near/float"])
    assert info.path
    (tmp_path / "models").mkdir()
    shutil.copy(info.path, tmp_path / "models")
    monkeypatch.setenv("EDGE_CACHE", str(tmp_path))
    monkeypatch.setattr(choice, "_cores", lambda: 2)
    return tmp_path


def test_models_are_timed_but_not_on_the_virtual_clock(cache: Path) -> None:
    simulated = context()
    assert simulated.simulated
    open_model("face_near", ModelSettings(), simulated, (-1, 1)).close()
    assert not (cache / choice.FILE).exists()
    open_model("face_near", ModelSettings(), simulated._replace(simulated=False), (-1, 1)).close()
    assert (cache / choice.FILE).exists()


def test_a_node_runs_the_variant_it_is_told_to(cache: Path) -> None:
    settings = FaceDetector.Settings(model="near", variant="float", threads=1)
    detector = FaceDetector(settings)
    detector.open(context()._replace(simulated=False))
    assert detector.far.model.variant == "float"
    detector.close()
    assert not (cache / choice.FILE).exists()
    detector = FaceDetector(FaceDetector.Settings(model="near", variant="flaot"))
    with pytest.raises(UserError, match="face_near has no variant 'flaot'; did you mean 'float'"):
        detector.open(context())
