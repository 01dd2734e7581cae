import json
import resource

import msgspec
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.part_file import PartFile
from edge.io.results_file import ResultsWriter


class Line(msgspec.Struct, tag="frame"):
    frame: int
    box: object


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_are_there_as_they_come_and_the_name_with_the_summary(tmp_path):
    path, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    with ResultsWriter(path) as results:
        results.write(Line(0, np.array([1.5, 2], np.float32)))
        assert read(part) == [{"type": "frame", "frame": 0, "box": [1.5, 2.0]}]
        results.write(Line(1, np.int64(7)))
        assert len(read(part)) == 2
        assert not path.exists()
        results.finish({"type": "summary", "frames": 2})
    assert [line["type"] for line in read(path)] == ["frame", "frame", "summary"]
    assert not part.exists()


def test_without_summary_a_file_does_not_pass_for_whole(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("yesterday's\n")

    def interrupted():
        with ResultsWriter(path) as results:
            results.write({"frame": 0})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "yesterday's\n"
    assert read(tmp_path / "r.jsonl.part") == [{"frame": 0}]


def test_a_full_disk_leaves_whole_lines_and_says_where(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    results = ResultsWriter(tmp_path / "r.jsonl")
    results.write({"frame": 0})
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))  # fits a part of the second line
    try:
        with pytest.raises(UserError, match=r"can't go on writing .*r\.jsonl\.part"):
            results.write({"frame": 1, "long": "x" * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    results.close()
    assert read(tmp_path / "r.jsonl.part") == [{"frame": 0}]


def test_lines_go_to_standard_output_without_a_path(capfdbinary):
    with ResultsWriter(None) as results:
        results.write({"frame": 0})
        results.finish({"type": "summary"})
    assert capfdbinary.readouterr().out == b'{"frame":0}\n{"type":"summary"}\n'


def test_places_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "file").touch()
    for path, advice in [
        (tmp_path, "it is a folder"),
        (tmp_path / "missing" / "r.jsonl", f"create the folder {tmp_path}/missing"),
        (tmp_path / "file" / "r.jsonl", "choose a place where you may write"),
    ]:
        with pytest.raises(UserError, match=advice):
            ResultsWriter(path)


def test_what_has_no_end_is_written_under_its_name(tmp_path):
    with ResultsWriter("/dev/null") as results:
        results.finish({})
    with pytest.raises(UserError, match="No space left"), ResultsWriter("/dev/full") as results:
        results.write({})
    assert list(tmp_path.iterdir()) == []


def test_a_discarded_file_leaves_nothing(tmp_path):
    target = PartFile(tmp_path / "x")
    target.file.write(b"begun")
    target.discard()
    assert list(tmp_path.iterdir()) == []
