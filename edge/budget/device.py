"""The profile of the very device that this runs on."""

import functools
import platform
from pathlib import Path

from edge.budget.meters import Model, PowerMeter, power_meter
from edge.graph.profile import Profile
from edge.paths import config_dir, resource

FILE = "device.yaml"
SHIPPED = {"Raspberry Pi 5": "rpi5", "Raspberry Pi 4": "rpi4", "Coral": "coral_dev_board"}
"""Boards by their names, and their profiles. Other ARM boards are taken for a Raspberry Pi 4."""
BOARD = Path("/proc/device-tree/model")


def own_path() -> Path:
    """Return where `edge calibrate device` keeps this device's profile; it may not exist."""
    return config_dir() / FILE


@functools.cache
def own_profile() -> Profile:
    """Return what was calibrated here, else the shipped profile that comes nearest.

    Raises UserError where the former is damaged.
    """
    own = own_path()
    return Profile.load(own if own.exists() else nearest_shipped())


def nearest_shipped() -> Path:
    """Return the path of the shipped profile of a device like this one."""
    board = BOARD.read_text() if BOARD.exists() else ""
    arm = platform.machine() in ("aarch64", "arm64", "armv7l")
    name = next((SHIPPED[known] for known in SHIPPED if known in board), "rpi4" if arm else "x86")
    return resource(f"calibration/profiles/{name}.yaml")


def watts_per_core(profile: Profile) -> float:
    """Return what a busy core takes, by a profile or else by the shipped one."""
    if profile.watts_per_core is not None:
        return profile.watts_per_core
    watts = Profile.load(nearest_shipped()).watts_per_core
    assert watts is not None  # a test holds that shipped ones say
    return watts


def modelled(profile: Profile) -> Model:
    """Return what counts energy by a device's profile."""
    accelerated = {unit: each.mj for unit, each in profile.accelerated.items()}
    return Model(watts_per_core(profile), accelerated)


def own_meter() -> PowerMeter:
    """Return what measures energy here, from now on."""
    return power_meter(modelled(own_profile()))
