"""`edge run` where all goes well."""

import fcntl
import json
import os
import struct
import subprocess
import termios
from pathlib import Path

import av
import cv2
import jsonschema
import numpy as np
import pytest

from tests.cli.program import FRAMES, PATIENCE_S, Edge, command, is_one_line, lines_of

SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"
SAMPLE = Path(__file__).parents[2] / "samples" / "astronaut.mp4"


def test_results_are_a_line_for_each_frame_its_events_before_it_and_a_summary(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    assert edge("run", graph, "--source", clip, "--out", "r.jsonl").returncode == 0
    first, *frames, summary = lines_of(tmp_path / "r.jsonl")
    assert first == {"type": "event", "t": 0.0, "kind": "person_entered", "person": 1}
    assert [line["frame"] for line in frames] == list(range(FRAMES))
    assert all(line["age_ms"] >= 0 for line in frames)
    assert summary["type"] == "summary"
    assert (summary["frames"], summary["dropped"], summary["dropped_by"]) == (FRAMES, 0, {})
    ages = sorted(line["age_ms"] for line in frames)
    assert summary["latency_ms"]["p50"] == pytest.approx(ages[FRAMES // 2 - 1])
    assert summary["cpu_ms_per_frame"] > 0


def test_without_out_results_go_to_standard_output(edge: Edge, graph: Path, clip: Path) -> None:
    finished = edge("run", graph, "--source", clip, "--max-frames", 4)
    assert finished.stderr == ""
    kinds = [json.loads(line)["type"] for line in finished.stdout.splitlines()]
    assert kinds == ["event", *["frame"] * 4, "summary"]


def test_offline_runs_give_the_same_bytes_and_nothing_measured(
    edge: Edge, graph: Path, clip: Path
) -> None:
    first, second = (edge("run", graph, "--source", clip, "--offline").stdout for _ in range(2))
    assert first == second
    assert len(first.splitlines()) == 1 + FRAMES + 1
    assert "_ms" not in first


def test_a_profile_gives_offline_runs_their_times(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "slow.yaml").write_text('{name: slow, cost_ms: {"nodes.py:Centre": 7}}')
    done = edge("run", graph, "--source", clip, "--offline", "--profile", "slow.yaml")
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["latency_ms"]["p50"] == 7
    assert summary["cpu_ms_per_frame"] == pytest.approx(7, rel=0.05)


@pytest.mark.parametrize(
    ("graph", "shown"),
    [
        ("faces", {"face"}),
        ("hands", set()),
        ("body", {"body"}),
        ("silhouette", {"mask"}),
        ("people", {"face", "body", "mask"}),
    ],
)
def test_every_line_of_every_graph_follows_the_schema(
    edge: Edge, graph: str, shown: set[str]
) -> None:
    masks = ["--masks"] if "mask" in shown else []
    done = edge("run", graph, "--source", SAMPLE, "--landmarks", *masks, "--max-frames", 12)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines if line["type"] != "event"] == ["frame"] * 12 + [
        "summary"
    ]
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    for line in lines:
        validator.validate(line)
    for line in lines:
        if line["type"] == "frame":
            assert ("mask" in line) == ("mask" in shown)
            parts = {"face": 478, "body": 33}
            found = {
                part: person[part] for person in line["people"] for part in parts if part in person
            }
            assert set(found) == shown - {"mask"}
            assert all(len(part["landmarks"]) == parts[name] for name, part in found.items())


def test_people_in_a_real_clip_keep_their_ids(edge: Edge, data: Path) -> None:
    source = data / "people" / "four_people_720p.mp4"
    done = edge("run", "faces", "--source", source, "--max-frames", 40, "--offline")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    seen = [{person["id"] for person in line["people"]} for line in lines if "people" in line]
    assert len(seen) == 40
    assert all({1, 2} <= ids for ids in seen[1:])


def test_video_keeps_every_frame_and_the_sound(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    done = edge("run", graph, "--source", clip, "--out", "r.jsonl", "--video", "v.mp4")
    assert done.returncode == 0
    with av.open(str(tmp_path / "v.mp4")) as video:
        assert [stream.type for stream in video.streams] == ["video", "audio"]
        assert sum(1 for _ in video.decode(video=0)) == FRAMES


def test_a_recording_plays_back_as_it_happened(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    edge("run", graph, "--source", clip, "--out", "a.jsonl", "--record", "a.mcap")
    edge("run", graph, "--source", "a.mcap", "--out", "b.jsonl")
    assert edge("diff", "a.jsonl", "b.jsonl").stdout.startswith(f"the same: {FRAMES + 2} lines")


def test_a_trace_is_json_with_a_span_for_each_call(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    edge("run", graph, "--source", clip, "--out", "r.jsonl", "--trace", "t.json")
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    spans = [event for event in events if event["ph"] == "X" and event["name"] == "people"]
    assert len(spans) >= FRAMES


def test_settings_change_what_nodes_do(edge: Edge, graph: Path, clip: Path) -> None:
    options = ("--max-frames", 1, "--set", "people.score=0.25", "--rotate", 90)
    done = edge("run", graph, "--source", clip, *options)
    frame = json.loads(done.stdout.splitlines()[1])
    assert frame["people"][0]["score"] == 0.25
    assert frame["size"] == [48, 64]


def test_fps_makes_a_sequence_of_images(edge: Edge, graph: Path, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        picture = np.full((48, 64, 3), number, np.uint8)
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), picture)
    done = edge("run", graph, "--source", "images", "--fps", 10)
    frames = [line for line in map(json.loads, done.stdout.splitlines()) if "frame" in line]
    assert [line["t"] for line in frames] == [0, 0.1, 0.2]


def test_json_prints_the_summary_that_the_file_ends_with(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    done = edge("run", graph, "--source", clip, "--out", "r.jsonl", "--json")
    assert json.loads(done.stdout) == lines_of(tmp_path / "r.jsonl")[-1]


def test_realtime_pace_takes_as_long_as_the_clip(edge: Edge, graph: Path, clip: Path) -> None:
    done = edge("run", graph, "--source", clip, "--pace", "realtime")
    *_, last, summary = (json.loads(line) for line in done.stdout.splitlines())
    assert summary["frames"] == FRAMES
    assert summary["dropped"] == FRAMES - sum('"frame"' in li for li in done.stdout.splitlines())
    assert last["t"] > 0.9


def test_a_reader_that_leaves_ends_the_run_quietly(graph: Path, clip: Path, tmp_path: Path) -> None:
    run = command("run", graph, "--source", clip)
    with subprocess.Popen(run, cwd=tmp_path, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(PATIENCE_S) == 1
    assert said == b""
    assert not list(tmp_path.glob("*.part"))


def test_a_terminal_sees_progress_and_a_table_but_no_json(
    graph: Path, clip: Path, tmp_path: Path
) -> None:
    try:
        ours, theirs = os.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be made here ({error}): mount devpts on /dev/pts")
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    run = command("run", graph, "--source", clip)
    with subprocess.Popen(run, cwd=tmp_path, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 4096):
                shown += block
        except OSError:  # how a terminal ends
            pass
        assert process.wait(PATIENCE_S) == 0
    os.close(ours)
    text = shown.decode()
    assert f"/{FRAMES} " in text
    assert "people=1" in text
    assert "frames     30" in text
    assert '"type"' not in text


def test_a_pipe_gets_all_lines(edge: Edge, graph: Path, clip: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=-1) as reader:
        edge("run", graph, "--source", clip, "--out", "pipe")
        read, _ = reader.communicate(timeout=PATIENCE_S)
    assert len(read.splitlines()) == 1 + FRAMES + 1


def test_rules_are_followed_as_events_come(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said.json"
    (tmp_path / "rules.yaml").write_text(
        f'rules:\n  - on: person_entered\n    do: [{{command: [tee, "{said}"]}}]\n'
    )
    assert edge("run", graph, "--source", clip, "--rules", "rules.yaml").returncode == 0
    assert json.loads(said.read_text())["kind"] == "person_entered"


@pytest.mark.parametrize(
    "table", ["rules: [{on: gesture}]", "rules: [{on: gesture, do: [{mail: x}]}]", "rules: ["]
)
def test_a_table_that_is_none_is_said_before_anything_runs(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path, table: str
) -> None:
    (tmp_path / "rules.yaml").write_text(table)
    finished = edge("run", graph, "--source", clip, "--rules", "rules.yaml", "--out", "r.jsonl")
    assert is_one_line(finished)
    assert "rules.yaml" in finished.stderr
    assert not (tmp_path / "r.jsonl").exists()
