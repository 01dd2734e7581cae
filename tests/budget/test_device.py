"""Which profile stands for this device, and the profiles that come with edge."""

from pathlib import Path

import msgspec
import pytest

from calibration.boards import BOARDS, estimate
from edge.budget import device
from edge.budget.device import modelled, nearest_shipped, own_path, own_profile, watts_per_core
from edge.errors import UserError
from edge.graph.profile import Profile
from edge.inference.manifest import shipped
from edge.paths import resource

SHIPPED = sorted(Path(resource("calibration/profiles")).glob("*.yaml"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder for settings in which nothing has been calibrated."""
    monkeypatch.setenv("EDGE_CONFIG", str(tmp_path))
    own_profile.cache_clear()
    yield tmp_path
    own_profile.cache_clear()


def test_what_was_calibrated_here_is_taken_before_what_is_shipped(home):
    assert own_profile() == Profile.load(nearest_shipped())
    own_profile.cache_clear()
    (home / "device.yaml").write_text("{name: mine, watts_per_core: 1.25}")
    assert own_path() == home / "device.yaml"
    assert own_profile().name == "mine"
    assert watts_per_core(own_profile()) == 1.25


def test_a_profile_without_watts_takes_those_of_the_nearest(home):
    (home / "device.yaml").write_text("{name: mine}")
    expected = Profile.load(nearest_shipped()).watts_per_core
    assert watts_per_core(own_profile()) == expected


def test_a_damaged_profile_is_named(home):
    (home / "device.yaml").write_text("{name: mine, watts: 3}")
    with pytest.raises(UserError, match=r"device\.yaml.*watts") as failure:
        own_profile()
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("board", "machine", "name"),
    [
        (None, "x86_64", "x86"),
        (None, "aarch64", "rpi4"),
        ("Raspberry Pi 5 Model B Rev 1.0\0", "aarch64", "rpi5"),
        ("Raspberry Pi 4 Model B Rev 1.4\0", "aarch64", "rpi4"),
        ("Freescale i.MX8MQ Phanbell Coral\0", "aarch64", "coral_dev_board"),
    ],
)
def test_a_board_is_known_by_its_name(tmp_path, monkeypatch, board, machine, name):
    path = tmp_path / "model"
    if board is not None:
        path.write_text(board)
    monkeypatch.setattr(device, "BOARD", path)
    monkeypatch.setattr(device.platform, "machine", lambda: machine)
    assert nearest_shipped().stem == name


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_profile_says_where_it_is_from_and_knows_the_models(path):
    profile = Profile.load(path)
    assert profile.name == path.stem
    assert len(profile.source) > 20
    assert profile.estimate is (path.stem != "x86")
    assert profile.watts_per_core is not None
    known = {f"{model.name}/{variant.name}" for model in shipped().models
             for variant in model.variants}  # fmt: skip
    assert set(profile.models) <= known
    assert set(profile.accelerated) <= known
    assert {"people", "face_landmarks", "silhouette"} <= set(profile.around_ms | profile.cost_ms)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_estimates_are_what_their_script_makes(board):
    made = estimate(board, Profile.load(resource("calibration/profiles/x86.yaml")))
    text = msgspec.yaml.encode(made, order="deterministic")
    assert Path(resource(f"calibration/profiles/{board.name}.yaml")).read_bytes() == text


def test_an_edge_tpus_calls_have_their_energy():
    profile = Profile.load(resource("calibration/profiles/coral_usb.yaml"))
    unit, call = next(iter(profile.accelerated.items()))
    assert modelled(profile).joules(0.0, {unit: 1000}) == pytest.approx(call.mj)
