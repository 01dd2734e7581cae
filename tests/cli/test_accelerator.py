"""`edge run --accelerator`: named, wrongly named, missing."""

from pathlib import Path

from tests.cli.program import Edge, is_one_line, lines_of

SAMPLE = Path(__file__).parents[2] / "samples" / "astronaut.mp4"


def test_a_missing_accelerator_is_said_and_the_processor_runs_all(
    edge: Edge, tmp_path: Path
) -> None:
    finished = edge("run", "faces", "--source", SAMPLE, "--max-frames", 3, "--out", "r.jsonl",
                    "--accelerator", "/nowhere/libnpu.so,speed=high")  # fmt: skip
    assert finished.returncode == 0
    (line,) = (line for line in finished.stderr.splitlines() if "libnpu" in line)
    assert line.startswith("edge: libnpu.so: its library can't be loaded (/nowhere/libnpu.so: ")
    lines = lines_of(tmp_path / "r.jsonl")
    lost = [line for line in lines if line.get("kind") == "device"]
    assert {(event["name"], event["state"]) for event in lost} == {("libnpu.so", "lost")}
    assert [line["frame"] for line in lines if line["type"] == "frame"] == [0, 1, 2]


def test_a_wrong_accelerator_is_named(edge: Edge, tmp_path: Path) -> None:
    finished = edge("run", "faces", "--source", SAMPLE, "--out", "r.jsonl",
                    "--accelerator", "edgetpus")  # fmt: skip
    assert is_one_line(finished)
    assert "unknown accelerator 'edgetpus'; did you mean 'edgetpu'?" in finished.stderr
    assert not (tmp_path / "r.jsonl").exists()


def test_a_graph_without_models_has_no_use_for_one(edge: Edge, graph: Path, clip: Path) -> None:
    finished = edge("run", graph, "--source", clip, "--accelerator", "edgetpu")
    assert is_one_line(finished)
    assert "understands --accelerator" in finished.stderr
