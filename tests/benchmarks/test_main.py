"""The command line of the benchmarks, as `make bench` calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def bench(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)


def test_json_names_the_machine_and_what_was_measured():
    done = bench("overhead", "--rounds", 1, "--packets", 100, "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["machine"]["cpu"]
    assert found["machine"]["versions"]["numpy"]
    assert set(found["found"]) == {"overhead"}
    assert found["found"]["overhead"]["rows"][0]["median, µs"]["median"] > 0


def test_the_table_is_followed_by_goals_and_by_what_is_measured(tmp_path):
    pytest.importorskip("matplotlib", reason="make bench installs matplotlib")
    done = bench("overhead", "--rounds", 1, "--packets", 100, "--plot", tmp_path / "plots")
    assert done.returncode == 0, done.stderr
    assert "chain, one core, fast" in done.stdout
    assert "goal  chain, one core, fast, median" in done.stdout
    assert (tmp_path / "plots" / "overhead_p99.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["faces", "--clip", "no_such.mp4"], "no_such.mp4"),
        (["faces", "--start", "1000"], "earlier --start"),
        (["feet"], "there is no command 'feet'"),
        (["faces", "--rounds", "0"], "'--rounds': 0 is not in the range"),
    ],
)
def test_bad_input_is_one_line_and_code_2(arguments, message):
    done = bench(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
