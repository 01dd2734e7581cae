"""Budgets on the command line, kept on a device that is simulated."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from edge.cli.bench import bench
from edge.errors import UserError
from edge.paths import resource
from edge.people.results import schema
from tests.cli.program import Edge, is_one_line

SAMPLE = resource("samples/astronaut.mp4")
VALIDATOR = jsonschema.Draft202012Validator(schema())
ON_A_PI = ("--source", SAMPLE, "--offline", "--pace", "realtime", "--profile", "rpi4",
           "--max-frames", 100)  # fmt: skip


def lines(edge: Edge, *arguments: object) -> list[dict[str, Any]]:
    done = edge("run", "people", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("50", "latency_ms=50, power_w=2, or off"),
        ("latency=50", "did you mean 'latency_ms'"),
        ("latency_ms=soon", "latency_ms"),
        ("power_w=-1", "power_w"),
        ("power_w=0", "power_w"),
        ("", "off"),
    ],
)
def test_a_budget_that_makes_no_sense(edge: Edge, budget: str, said: str) -> None:
    done = edge("run", "people", "--source", SAMPLE, "--budget", budget)
    assert is_one_line(done)
    assert said in done.stderr


def test_an_unknown_device_is_answered_with_the_nearest(edge: Edge) -> None:
    done = edge("run", "people", "--source", SAMPLE, "--offline", "--profile", "rpi44")
    assert is_one_line(done)
    assert "rpi4" in done.stderr


def test_a_run_as_on_another_device_tells_what_it_would_take(edge: Edge) -> None:
    found = lines(edge, *ON_A_PI)
    for line in found:
        VALIDATOR.validate(line)
    plans = [line for line in found if line.get("kind") == "budget"]
    assert plans
    for plan in plans:
        assert plan["reason"] in ("latency", "rate", "power", "room")
        assert isinstance(plan["plan"], dict)
    summary = found[-1]
    assert summary["energy_source"] == "model"
    assert summary["energy_mj_per_frame"] == pytest.approx(0.93 * summary["cpu_ms_per_frame"], 0.01)
    assert summary["late"] <= summary["frames"] - summary["dropped"]
    assert lines(edge, *ON_A_PI) == found


def test_without_a_budget_nothing_is_planned_nor_late(edge: Edge) -> None:
    found = lines(edge, *ON_A_PI, "--budget", "off")
    assert not [line for line in found if line.get("kind") == "budget"]
    assert found[-1]["latency_ms"]["p50"] > 50


def test_the_governor_off_changes_nothing(edge: Edge, tmp_path: Path) -> None:
    """What the graph would do without a budget, every: 2 in its settings or not."""
    text = Path(resource("graphs/people.yaml")).read_text()
    line = next(line for line in text.splitlines() if line.startswith("budget:"))
    (tmp_path / "plain.yaml").write_text(text.replace(line, ""))
    for settings in ([], ["--set", "meshes.every=2", "--set", "bodies.every=3"]):
        with_it = lines(edge, *ON_A_PI, "--budget", "off", *settings)
        done = edge("run", tmp_path / "plain.yaml", *ON_A_PI, *settings)
        without = [json.loads(each) for each in done.stdout.splitlines()]
        late = with_it[-1].pop("late", None)
        assert late is not None
        assert with_it == without


def test_what_a_budget_saves_is_told_in_the_energy(edge: Edge) -> None:
    held, free = (
        lines(edge, *ON_A_PI, "--budget", budget)[-1]["energy_mj_per_frame"]
        for budget in ("power_w=0.6", "off")
    )
    assert held < 0.8 * free


def test_benchmarks_are_said_to_come_with_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "benchmarks", None)
    done = CliRunner().invoke(bench, ["idle"])
    assert isinstance(done.exception, UserError)
    assert "git clone" in str(done.exception)
