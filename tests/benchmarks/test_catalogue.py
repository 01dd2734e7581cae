"""All benchmarks have a command that explains itself, and the small ones run."""

import itertools
import json

import av
import numpy as np
import pytest

from benchmarks.catalogue import BENCHMARKS
from benchmarks.live import Options
from benchmarks.planning import planning
from benchmarks.program import Program, repeated, steady
from edge.errors import UserError
from edge.paths import resource
from tests.benchmarks.test_main import bench

SAMPLE = resource("samples/astronaut.mp4")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_says_in_a_line_what_it_measures(name):
    about = BENCHMARKS[name].help.strip().splitlines()[0]
    assert 20 < len(about) < 120


def test_help_lists_all_of_them():
    said = bench("--help").stdout
    for name in (*BENCHMARKS, "all", "compare"):
        assert f"  {name} " in said


def test_the_solver_finds_the_best_plans_of_small_graphs(tmp_path):
    found = planning(Options(None, None, True, lambda doing: None), tmp_path)
    assert found.rows[0]["worst of the best, %"] == pytest.approx(100)
    assert len(found.rows) == 3


def test_a_short_start_is_measured_and_written(tmp_path):
    path = tmp_path / "startup.json"
    done = bench("startup", "--short", "--json", path)
    assert done.returncode == 0, done.stderr
    found = json.loads(path.read_text())["found"]["startup"]
    assert {row[""] for row in found["rows"]} >= {"people, fast", "people, realtime"}
    assert all(0 < row["slowest, s"] < 60 for row in found["rows"])


def test_a_clip_is_repeated_without_gaps(tmp_path):
    path = repeated(SAMPLE, tmp_path, frames=700)
    program = Program("silhouette", "--source", str(path), "--max-frames", "700", "--set",
                      "silhouette.every=100")  # fmt: skip
    try:
        times = [line["t"] for line in program.lines() if line["type"] == "frame"]
    finally:
        program.close()
    assert len(times) == 700
    assert max(b - a for a, b in itertools.pairwise(times)) < 0.06
    assert program.peak_mb > 50


def test_a_clip_in_a_unit_of_time_that_the_copy_lacks_is_repeated_too(tmp_path):
    """Frames sent out of order, with times from below zero, in twenty-fifths of a second."""
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w", container_options={"video_track_timescale": "25"}) as container:
        stream = container.add_stream("h264", rate=25, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(40):
            picture = np.full((48, 64, 3), 5 * shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    folder = tmp_path / "copy"
    folder.mkdir()
    with av.open(str(repeated(clip, folder, seconds=4))) as copy:
        times = [frame.time for frame in copy.decode(video=0)]
        assert copy.duration == pytest.approx(4_800_000, abs=50_000)
    np.testing.assert_allclose(times, np.arange(120) / 25, atol=0.002)


def test_what_has_no_picture_isnt_repeated(tmp_path):
    odd = tmp_path / "odd.mp4"
    odd.write_bytes(b"neither")
    with pytest.raises(UserError, match="can't repeat"):
        repeated(odd, tmp_path, frames=5)


def test_a_run_is_measured_after_its_warm_up():
    found = steady(["faces", "--source", str(SAMPLE), "--pace", "realtime"], frames=40, warm_up=10)
    assert 30 <= len(found.ages_ms) <= 40
    assert found.summary["frames"] == 50
    assert found.peak_mb > 50
    assert found.cpu_ms > 0
