"""What a run takes: energy, by the best meter that the device has, and whether it is too hot."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

SYSFS = Path("/sys")
EVERY_S = 0.1


class PowerMeter(Protocol):
    """`source`: as results name it, "rapl", "hwmon", "battery" or "model".

    All but the last measure the whole device, other programs too: a budget is then one for all.
    """

    source: str

    def joules(self, cpu_s: float, calls: Mapping[str, int]) -> float:
        """Return the energy used so far. `cpu_s`: this process's CPU time so far. `calls`: how
        often it has called each model, "MODEL/VARIANT"."""


class Model:
    """Where nothing measures: CPU time by what a busy core takes (`watts_per_core`), and calls of
    models on an accelerator by what each takes (`accelerated_mj`)."""

    source = "model"

    def __init__(self, watts_per_core: float, accelerated_mj: Mapping[str, float]) -> None:
        self._watts, self._accelerated_mj = watts_per_core, accelerated_mj

    def joules(self, cpu_s: float, calls: Mapping[str, int]) -> float:
        mj = sum(each * calls.get(unit, 0) for unit, each in self._accelerated_mj.items())
        return cpu_s * self._watts + mj / 1000


class Rapl:
    """Running Average Power Limit: what Intel's and AMD's processors count themselves, in µJ.

    Each package's counter begins again at `max_energy_range_uj`. Since 2020 only root may read it
    (CVE-2020-8694).
    """

    source = "rapl"

    def __init__(self, zones: list[Path]) -> None:
        self._zones = [(zone / "energy_uj", _number(zone / "max_energy_range_uj"))
                       for zone in zones]  # fmt: skip
        self._last = [_number(path) for path, _ in self._zones]
        self._sum_uj = 0.0

    def joules(self, cpu_s: float, calls: Mapping[str, int]) -> float:
        for i, (path, most) in enumerate(self._zones):
            now = _number(path)
            self._sum_uj += now - self._last[i] + (most if now < self._last[i] else 0)
            self._last[i] = now
        return self._sum_uj / 1e6


class Sampled:
    """Power that is read, in watts, and added up: every reading stands for the time since the
    last. It is read `EVERY_S` at most: a bus's answer may take a millisecond."""

    def __init__(
        self, source: str, watts: Callable[[], float], now: Callable[[], float] = time.monotonic
    ) -> None:
        self.source = source
        self._watts, self._now = watts, now
        self._last, self._sum = now(), 0.0
        self._now_w = watts()

    def joules(self, cpu_s: float, calls: Mapping[str, int]) -> float:
        passed = self._now() - self._last
        if passed >= EVERY_S:
            self._now_w = self._watts()
            self._sum += self._now_w * passed
            self._last += passed
            return self._sum
        return self._sum + self._now_w * passed


class Thermal(NamedTuple):
    """`temperature_c`: of the hottest zone. `throttled`: by what part the slowest core's clock is
    held below what it could do. None where the device doesn't say."""

    temperature_c: float | None
    throttled: float | None


def power_meter(model: Model, sysfs: Path = SYSFS) -> PowerMeter:
    """Return the best meter here: RAPL, else an INA or like sensor of the hardware monitor, else
    the battery's gauge while it discharges, else `model`.

    `sysfs`: where Linux shows its devices.
    """
    zones = [zone for zone in sorted((sysfs / "class/powercap").glob("intel-rapl:*"))
             if zone.name.count(":") == 1 and _readable(zone / "energy_uj")]  # fmt: skip
    if zones:
        return Rapl(zones)
    for name, watts in (("hwmon", _hwmon(sysfs)), ("battery", _battery(sysfs))):
        if watts is not None:
            return Sampled(name, watts)
    return model


def thermal(sysfs: Path = SYSFS) -> Thermal:
    """Return how hot the device is, and whether that holds it back."""
    zones = (sysfs / "class/thermal").glob("thermal_zone*/temp")
    temperatures = [_number(path) / 1000 for path in zones if _readable(path)]
    clocks = []
    for folder in (sysfs / "devices/system/cpu").glob("cpu[0-9]*/cpufreq"):
        limit, most = folder / "scaling_max_freq", folder / "cpuinfo_max_freq"
        if _readable(limit) and _readable(most):
            clocks.append(1 - _number(limit) / _number(most))
    return Thermal(max(temperatures, default=None), max(clocks, default=None))


def _hwmon(sysfs: Path) -> Callable[[], float] | None:
    """Return a reader of the first sensor of power, or of current and voltage (an INA219)."""
    for folder in sorted((sysfs / "class/hwmon").glob("hwmon*")):
        if _readable(folder / "power1_input"):
            return lambda path=folder / "power1_input": _number(path) / 1e6  # type: ignore[misc]
        if _readable(folder / "curr1_input") and _readable(folder / "in1_input"):
            return lambda at=folder: (  # type: ignore[misc]
                _number(at / "curr1_input") * _number(at / "in1_input") / 1e6
            )
    return None


def _battery(sysfs: Path) -> Callable[[], float] | None:
    for folder in _batteries(sysfs):
        if _readable(folder / "power_now"):
            return lambda path=folder / "power_now": _number(path) / 1e6  # type: ignore[misc]
        if _readable(folder / "current_now") and _readable(folder / "voltage_now"):
            return lambda at=folder: (  # type: ignore[misc]
                _number(at / "current_now") * _number(at / "voltage_now") / 1e12
            )
    return None


def _batteries(sysfs: Path) -> Iterator[Path]:
    """Yield those that supply the device now: while one charges, its gauge says nothing of it."""
    for folder in sorted((sysfs / "class/power_supply").glob("BAT*")):
        status = folder / "status"
        if _readable(status) and status.read_text().strip() == "Discharging":
            yield folder


def _readable(path: Path) -> bool:
    try:
        path.read_text()
    except OSError:
        return False
    return True


def _number(path: Path) -> float:
    return float(path.read_text())
