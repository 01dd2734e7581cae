"""Resources are found in a checkout and in a wheel; the cache is where the user wants it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import hatchling.build
import pytest

from edge.paths import cache_dir, resource

CHECKOUT = Path(__file__).parents[1]
SHIPPED = ["graphs/faces.yaml", "models/manifest.yaml", "models/NOTICE", "samples/astronaut.mp4"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_checkout_has_its_resources_beside_the_package(name: str) -> None:
    assert resource(name) == CHECKOUT / name
    assert resource(name).is_file()


def test_a_wheel_carries_its_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    wheel = hatchling.build.build_wheel(str(tmp_path))
    installed = tmp_path / "installed"
    zipfile.ZipFile(tmp_path / wheel).extractall(installed)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    program = "import sys, edge.paths\nfor name in sys.argv[1:]: print(edge.paths.resource(name))"
    command = [sys.executable, "-c", program, *SHIPPED]
    answer = subprocess.check_output(command, cwd=tmp_path, text=True)
    paths = [Path(line) for line in answer.splitlines()]
    assert len(paths) == len(SHIPPED)
    for path, name in zip(paths, SHIPPED, strict=True):
        assert path.is_relative_to(installed)
        assert path.read_bytes() == (CHECKOUT / name).read_bytes()


def test_the_cache_goes_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_CACHE", str(tmp_path / "new" / "cache"))
    assert cache_dir() == tmp_path / "new" / "cache"
    assert cache_dir().is_dir()


def test_the_cache_is_the_users_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGE_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_dir().is_relative_to(tmp_path)
