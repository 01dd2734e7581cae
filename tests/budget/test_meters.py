"""Energy by what Linux shows in sysfs, here made up: none of these devices is in this machine."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.budget.meters import EVERY_S, Model, Sampled, power_meter, thermal

MODEL = Model(5.0, {"face/edgetpu": 20.0})


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{value}\n")


def rapl(sysfs: Path, zone: str, energy_uj: int, most: int = 10_000_000) -> Path:
    folder = sysfs / "class/powercap" / zone
    write(folder / "energy_uj", energy_uj)
    write(folder / "max_energy_range_uj", most)
    return folder / "energy_uj"


def battery(sysfs: Path, status: str, **values: int) -> None:
    folder = sysfs / "class/power_supply/BAT0"
    write(folder / "status", status)
    for name, value in values.items():
        write(folder / name, value)


def test_where_nothing_measures_cpu_time_and_accelerators_calls_count(tmp_path):
    meter = power_meter(MODEL, tmp_path)
    assert meter.source == "model"
    assert meter.joules(2.0, {}) == 10.0
    assert meter.joules(2.0, {"face/edgetpu": 100, "face/int8": 7}) == 12.0


def test_packages_are_added_up_and_their_parts_are_not(tmp_path):
    packages = [rapl(tmp_path, f"intel-rapl:{n}", 1_000_000) for n in (0, 1)]
    part = rapl(tmp_path, "intel-rapl:0:0", 0)
    meter = power_meter(MODEL, tmp_path)
    assert meter.source == "rapl"
    for path in (*packages, part):
        write(path, 3_000_000)
    assert meter.joules(0.0, {}) == 4.0


def test_a_counter_that_begins_again_goes_on(tmp_path):
    path = rapl(tmp_path, "intel-rapl:0", 9_000_000)
    meter = power_meter(MODEL, tmp_path)
    write(path, 500_000)
    assert meter.joules(0.0, {}) == 1.5
    write(path, 1_500_000)
    assert meter.joules(0.0, {}) == 2.5


@given(st.lists(st.integers(0, 9_999_999), min_size=1, max_size=30))
def test_energy_never_falls(readings):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = rapl(Path(folder), "intel-rapl:0", readings[0])
        meter = power_meter(MODEL, Path(folder))
        before = 0.0
        for reading in readings:
            write(path, reading)
            now = meter.joules(0.0, {})
            assert before <= now <= before + 10
            before = now


def test_a_counter_that_may_not_be_read_is_passed_over(tmp_path):
    (tmp_path / "class/powercap/intel-rapl:0/energy_uj").mkdir(parents=True)
    assert power_meter(MODEL, tmp_path).source == "model"


def test_a_sensor_gives_power_or_current_and_voltage(tmp_path):
    for name, files, watts in (
        ("ina226", {"power1_input": 2_500_000}, 2.5),
        ("ina219", {"curr1_input": 500, "in1_input": 5_000}, 2.5),
    ):
        sysfs = tmp_path / name
        for file, value in files.items():
            write(sysfs / "class/hwmon/hwmon0" / file, value)
        meter = power_meter(MODEL, sysfs)
        assert meter.source == "hwmon"
        assert isinstance(meter, Sampled)
        assert meter._watts() == pytest.approx(watts)


@pytest.mark.parametrize(
    ("values", "watts"),
    [({"power_now": 4_000_000}, 4.0), ({"current_now": 800_000, "voltage_now": 5_000_000}, 4.0)],
)
def test_a_battery_tells_only_while_it_supplies_the_device(tmp_path, values, watts):
    battery(tmp_path, "Charging", **values)
    assert power_meter(MODEL, tmp_path).source == "model"
    battery(tmp_path, "Discharging", **values)
    meter = power_meter(MODEL, tmp_path)
    assert meter.source == "battery"
    assert isinstance(meter, Sampled)
    assert meter._watts() == pytest.approx(watts)


def test_the_best_meter_is_taken(tmp_path):
    battery(tmp_path, "Discharging", power_now=1)
    write(tmp_path / "class/hwmon/hwmon0/power1_input", 1)
    assert power_meter(MODEL, tmp_path).source == "hwmon"
    rapl(tmp_path, "intel-rapl:0", 0)
    assert power_meter(MODEL, tmp_path).source == "rapl"


def test_power_is_added_up_over_time_and_read_seldom():
    now, reads = [0.0], []

    def watts() -> float:
        reads.append(now[0])
        return 3.0 if now[0] < 5 else 6.0

    meter = Sampled("hwmon", watts, lambda: now[0])
    for step in range(1, 1001):
        now[0] = step / 100
        last = meter.joules(0.0, {})
    assert last == pytest.approx(5 * 3 + 5 * 6, abs=0.5)
    assert len(reads) <= 10 / EVERY_S + 1


def test_the_hottest_zone_and_the_slowest_clock_count(tmp_path):
    assert thermal(tmp_path) == (None, None)
    for n, temperature in enumerate((41_500, 78_000)):
        write(tmp_path / f"class/thermal/thermal_zone{n}/temp", temperature)
    for n, limit in enumerate((1_800_000, 1_200_000)):
        folder = tmp_path / f"devices/system/cpu/cpu{n}/cpufreq"
        write(folder / "scaling_max_freq", limit)
        write(folder / "cpuinfo_max_freq", 1_800_000)
    assert thermal(tmp_path) == (78.0, pytest.approx(1 / 3))
