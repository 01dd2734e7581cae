"""What lists, shows and compares."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from edge.cli import edge as program
from edge.cli.contracts import contract
from edge.inference import choice, manifest, registry
from tests.cli.program import FRAMES, Edge, lines_of

HEAVY = ("cv2", "av", "ai_edge_litert", "numpy", "sounddevice")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom edge.cli import edge\n"
        "edge.main(['run', '--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_help_of_every_command_explains_and_run_shows_examples(edge: Edge) -> None:
    shown = edge("--help").stdout
    assert all(name in shown for name in program.commands)
    run = edge("run", "--help").stdout
    for heading in ("What comes in:", "What goes out:", "How it runs:", "Examples:"):
        assert heading in run


def test_graph_check_names_the_nodes_in_order(edge: Edge) -> None:
    assert edge("graph", "check", "faces").stdout == (
        "faces: fine (camera → motion → faces → meshes → people)\n"
    )


def test_graph_check_goes_on_after_a_fault(edge: Edge, graph: Path) -> None:
    finished = edge("graph", "check", "nowhere.yaml", graph, "--json")
    assert finished.returncode == 2
    assert [verdict["ok"] for verdict in json.loads(finished.stdout)] == [False, True]


def test_graph_show_draws_mermaid(edge: Edge) -> None:
    shown = edge("graph", "show", "faces").stdout
    assert shown.startswith("flowchart LR\n")
    assert 'meshes -.->|"last: Previous[Meshes]"| faces' in shown


def test_nodes_lists_the_catalog_with_a_line_each(edge: Edge) -> None:
    from edge.catalog import NODES

    listed = edge("nodes").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(NODES)
    assert all(len(line.split()) > 2 for line in listed)


def test_settings_within_settings_are_explained_too() -> None:
    settings = {setting.name: setting for setting in contract("attention").settings}
    assert settings["addressing.near_m"].default == "3.5"
    assert "across the room" in settings["addressing.near_m"].explanation
    assert settings["addressing"].default == "{}"


def test_a_contract_has_wires_settings_and_their_reasons() -> None:
    found = contract("face_detector")
    assert [(w.name, w.takes, w.required) for w in found.inputs] == [
        ("frame", "Frame", True),
        ("last", "Previous[Meshes]", False),
        ("motion", "Motion | None", False),
        ("bodies", "Previous[Bodies]", False),
    ]
    assert found.output == "Faces"
    faces = next(setting for setting in found.settings if setting.name == "max_faces")
    assert (faces.type, faces.default) == ("int", "4")
    assert faces.explanation


def test_a_contract_of_ones_own_node(edge: Edge, graph: Path) -> None:
    shown = json.loads(edge("nodes", "nodes.py:Centre", "--json").stdout)
    assert shown["kind"] == "step"
    score = next(setting for setting in shown["settings"] if setting["name"] == "score")
    assert score == {
        "name": "score",
        "type": "float",
        "default": "0.5",
        "explanation": "How sure it claims to be.",
    }


def test_models_list_says_what_is_here(edge: Edge, tmp_path: Path) -> None:
    listed = json.loads(edge("models", "list", "--json", EDGE_CACHE=str(tmp_path)).stdout)
    assert {"face_near", "face_far", "face_landmarks_478"} <= {model["name"] for model in listed}
    fetched = [model for model in listed if model["cached"]]
    assert all(Path(model["path"]).parent.name == "models" for model in fetched)


def test_models_list_says_what_runs_here_and_why(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for info in registry.fetch(["face_far/float"]):
        shutil.copy(str(info.path), tmp_path / "models")
    parent = manifest.shipped().model("face_far").variant("float")
    others = [v for v in manifest.shipped().model("face_far").variants if v is not parent]
    figures = {f"{parent.sha256}/{threads}": 8 / threads for threads in (1, 2, 4)}
    figures |= {f"{v.sha256}/{threads}": 9 for v in others for threads in (1, 2, 4)}
    (tmp_path / choice.FILE).write_text(json.dumps({choice.device(): figures}))
    listed = edge("models", "list", "face_far", EDGE_CACHE=str(tmp_path)).stdout.splitlines()
    (row,) = [line for line in listed if line.startswith("face_far/float")]
    assert "8, 2: 4, 4: 2" in row
    assert "yes, threads: " in row


def test_diff_says_where_results_part(edge: Edge, graph: Path, clip: Path) -> None:
    edge("run", graph, "--source", clip, "--out", "a.jsonl")
    edge("run", graph, "--source", clip, "--out", "b.jsonl", "--set", "people.score=0.75")
    assert edge("diff", "a.jsonl", "a.jsonl").returncode == 0
    finished = edge("diff", "a.jsonl", "b.jsonl")
    assert finished.returncode == 1
    assert "people[id 1].score" in finished.stdout
    assert "frame 0 at 0.000 s" in finished.stdout
    assert edge("diff", "a.jsonl", "b.jsonl", "--tolerance", 0.3).returncode == 0
    assert json.loads(edge("diff", "a.jsonl", "b.jsonl", "--json").stdout)["differing"] == FRAMES


def test_a_graph_that_always_fails_says_so(edge: Edge, graph: Path, clip: Path) -> None:
    finished = edge("run", graph, "--source", clip, "--set", "people.fails=true")
    assert finished.returncode == 1
    assert "ValueError('asked to fail')" in finished.stderr
    assert "no frame gave a result" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert (
        "Traceback"
        in edge("-v", "run", graph, "--source", clip, "--set", "people.fails=true").stderr
    )


def test_demo_without_a_screen_writes_and_says_where(edge: Edge, tmp_path: Path) -> None:
    finished = edge("demo", "--out-dir", "shown")
    assert finished.returncode == 0, finished.stderr
    assert "shown: results.jsonl, summary.json, video.mp4" in finished.stdout
    *frames, summary = lines_of(tmp_path / "shown" / "results.jsonl")
    assert json.loads((tmp_path / "shown" / "summary.json").read_text()) == summary
    with av.open(str(tmp_path / "shown" / "video.mp4")) as video:
        assert [stream.type for stream in video.streams] == ["video", "audio"]
        assert sum(1 for _ in video.decode(video=0)) == summary["frames"]
    assert any(line.get("people") for line in frames)


@pytest.mark.parametrize("broken", [False, True])
def test_doctor_is_content_where_the_demo_can_run(edge: Edge, tmp_path: Path, broken: bool) -> None:
    (tmp_path / "file").touch()
    cache = tmp_path / ("file" if broken else "cache")
    finished = edge("doctor", "--json", EDGE_CACHE=str(cache))
    checks = json.loads(finished.stdout)
    needed = [c["name"] for c in checks if c["state"] == "problem" and c["needed"]]
    assert needed == (["cache"] if broken else [])
    assert finished.returncode == (1 if broken else 0)
    assert all(check["fix"] for check in checks if check["state"] == "problem")
