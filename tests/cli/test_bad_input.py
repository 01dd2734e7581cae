"""Whatever is wrong with the input: one line that says so, code 2, nothing half-written."""

from pathlib import Path

import av
import pytest

from edge.inference import manifest
from edge.inference.fetch import cached_name
from tests.cli.program import GRAPH, Edge, is_one_line, lines_of

OUT = ("--out", "r.jsonl", "--video", "v.mp4", "--record", "r.mcap", "--trace", "t.json")
MADE = {"centre.yaml", "nodes.py", "__pycache__"}


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - MADE


def test_no_such_file(edge: Edge, graph: Path, clip: Path, tmp_path: Path) -> None:
    finished = edge("run", graph, "--source", clip.with_name("clap.mp4"), *OUT)
    assert is_one_line(finished)
    assert "no such file" in finished.stderr
    assert "did you mean 'clip.mp4'?" in finished.stderr
    assert left_behind(tmp_path) == set()


@pytest.mark.parametrize("content", [b"", b"neither picture nor sound\n" * 99])
def test_a_file_that_is_no_video(edge: Edge, graph: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.mp4").write_bytes(content)
    finished = edge("run", graph, "--source", "odd.mp4", *OUT)
    assert is_one_line(finished)
    assert "odd.mp4" in finished.stderr
    assert ("empty" in finished.stderr) == (not content)
    assert left_behind(tmp_path) == {"odd.mp4"}


def test_a_video_that_breaks_off_is_reported_up_to_there(
    edge: Edge, graph: Path, clip: Path, tmp_path: Path
) -> None:
    content = clip.read_bytes()  # with the index in front, as videos for the web have it
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    finished = edge("run", graph, "--source", "cut.mp4", *OUT)
    assert is_one_line(finished)
    assert "cut off" in finished.stderr
    *_, last, summary = lines_of(tmp_path / "r.jsonl")
    assert 0 < summary["frames"] < 30
    assert last["frame"] == summary["frames"] - 1
    with av.open(str(tmp_path / "v.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == summary["frames"]
    assert not [name for name in left_behind(tmp_path) if name.endswith(".part")]


def test_a_source_that_ends_at_once(edge: Edge, graph: Path, tmp_path: Path) -> None:
    graph.write_text(GRAPH.replace("uses: camera", "uses: 'nodes.py:Nothing'"))
    finished = edge("run", graph, *OUT[:2], *OUT[6:])
    assert is_one_line(finished)
    assert "before its first frame" in finished.stderr
    assert left_behind(tmp_path) == set()


@pytest.mark.parametrize("option", ["--out", "--video", "--record", "--trace"])
def test_no_write_permission_is_found_before_work_starts(
    edge: Edge, graph: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").touch()
    finished = edge("run", graph, "--source", "isn't looked at", option, "file/r.mp4")
    assert is_one_line(finished)
    assert "can't write file/r.mp4" in finished.stderr


def test_an_output_never_overwrites_the_source(edge: Edge, graph: Path, clip: Path) -> None:
    before = clip.read_bytes()
    finished = edge("run", graph, "--source", clip, "--video", clip)
    assert is_one_line(finished)
    assert "is the source" in finished.stderr
    assert clip.read_bytes() == before


def test_a_model_with_a_wrong_hash(edge: Edge, clip: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "models").mkdir(parents=True)
    variant = manifest.shipped().model("face_far").variant("float")
    (cache / "models" / cached_name(variant)).write_bytes(b"not a model")
    for arguments in (
        (
            "run",
            "faces",
            "--source",
            clip,
            "--out",
            "r.jsonl",
            "--set",
            "faces.variant=float",
            "--set",
            "faces.model=far",
        ),
        ("models", "verify"),
    ):
        finished = edge(*arguments, EDGE_CACHE=str(cache))
        assert is_one_line(finished)
        assert "sha256" in finished.stderr
        assert "edge models fetch face_far" in finished.stderr
    assert left_behind(tmp_path) == {"cache"}


def test_a_variant_that_there_is_not(edge: Edge, clip: Path, tmp_path: Path) -> None:
    setting = ("--set", "faces.variant=flaot", "--set", "faces.model=far")
    finished = edge("run", "faces", "--source", clip, "--out", "r.jsonl", *setting)
    assert is_one_line(finished)
    assert "face_far has no variant 'flaot'; did you mean 'float'?" in finished.stderr
    assert left_behind(tmp_path) == set()


def test_a_cache_that_cannot_be_written(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    finished = edge("models", "fetch", "face_near", EDGE_CACHE="file/cache")
    assert is_one_line(finished)
    assert "can't keep files in file/cache" in finished.stderr
    assert "EDGE_CACHE" in finished.stderr
    listed = edge("models", "list", "face_near", EDGE_CACHE="file/cache")
    assert (listed.returncode, listed.stderr) == (0, "")


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        ("uses: camera}", "3", ["camra", "did you mean 'camera'?"]),
        ("inputs: {frame: camera}", "4", ["frame"]),
        ("{uses: camera}", "3", ["devise", "did you mean 'device'?"]),
        ("outputs: [people]", "5", ["peple", "did you mean 'people'?"]),
    ],
    ids=["unknown node", "missing input", "unknown option", "unknown output"],
)
def test_a_graph_that_does_not_hold(
    edge: Edge, graph: Path, wrong: str, line: str, words: list[str]
) -> None:
    replacement = {
        "uses: camera}": "uses: camra}",
        "inputs: {frame: camera}": "inputs: {}",
        "{uses: camera}": "{uses: camera, with: {devise: 1}}",
        "outputs: [people]": "outputs: [peple]",
    }[wrong]
    graph.write_text(GRAPH.replace(wrong, replacement))
    for arguments in (("graph", "check", graph), ("run", graph)):
        finished = edge(*arguments)
        assert is_one_line(finished)
        assert f"centre.yaml:{line}:" in finished.stderr
        assert all(word in finished.stderr for word in words)


CIRCLE = """
nodes:
  camera: {uses: camera}
  faces: {uses: face_detector, inputs: {frame: camera}}
  a: {uses: face_landmarks, inputs: {frame: b, faces: faces}}
  b: {uses: overlay, inputs: {frame: b, people: people}}
  people: {uses: people, inputs: {frame: camera, faces: a}}
outputs: [people]
"""
MISMATCH = """
nodes:
  camera: {uses: camera}
  faces: {uses: face_detector, inputs: {frame: camera}}
  people: {uses: people, inputs: {frame: camera, faces: faces}}
outputs: [people]
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [(CIRCLE, ["circle", "Previous"]), (MISMATCH, [":5:", "takes Meshes", "gives Faces"])],
    ids=["circle", "type mismatch"],
)
def test_wires_that_do_not_fit(edge: Edge, tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "wrong.yaml").write_text(text)
    finished = edge("graph", "check", "wrong.yaml")
    assert is_one_line(finished)
    assert "wrong.yaml:" in finished.stderr
    assert all(word in finished.stderr for word in words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], "did you mean 'run'?"),
        (["models", "lost"], "did you mean 'list'?"),
        (["run", "fases"], "did you mean 'faces'?"),
        (["run", "faces", "--sorce", "x"], "--source"),
        (["run", "faces", "--masks"], "--masks"),
        (["run", "faces", "--audio", "a.wav"], "--audio"),
        (["run", "faces", "--set", "faces"], "NODE.KEY=VALUE"),
        (["run", "faces", "--set", "fases.threads=1"], "did you mean 'faces'?"),
        (["run", "faces", "--offline", "--profile", "rpi9"], "rpi9"),
        (["run", "faces", "--profile", "rpi4"], "--offline"),
        (["run", "faces", "--source", "/dev/video99"], "/dev/video99"),
        (["run", "faces", "--out", "x", "--trace", "x"], "twice"),
        (["nodes", "camra"], "did you mean 'camera'?"),
        (["models", "fetch", "face_fra"], "did you mean 'face_far'?"),
        (["models", "fetch", "face_far/flaot"], "did you mean 'float'?"),
        (["diff", "a.jsonl", "b.jsonl"], "a.jsonl"),
        (["demo", "--no-window", "--out-dir", "/dev/null/x"], "--out-dir"),
    ],
    ids=" ".join,
)
def test_a_slip_gets_one_line_that_helps(edge: Edge, arguments: list[str], words: str) -> None:
    finished = edge(*arguments)
    assert is_one_line(finished)
    assert words in finished.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_is_named(edge: Edge, graph: Path, clip: Path) -> None:
    finished = edge("run", graph, "--source", clip, "--out", "/dev/full")
    assert is_one_line(finished)
    assert "No space left" in finished.stderr


def test_pictures_are_no_results(edge: Edge, graph: Path, clip: Path, tmp_path: Path) -> None:
    graph.write_text("{nodes: {camera: {uses: camera}}, outputs: [camera]}")
    finished = edge("run", graph, "--source", clip, "--out", "r.jsonl")
    assert is_one_line(finished)
    assert "Frame has no place in a result" in finished.stderr
