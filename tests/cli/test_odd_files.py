"""Pictures in files of sizes and kinds that no camera gives."""

from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

from edge.people.results import schema
from tests.cli.program import Edge, lines_of

SCHEMA = jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize(
    ("name", "shape", "levels"),
    [
        ("1x1.png", (1, 1, 3), np.uint8),
        ("grey.png", (48, 64), np.uint8),
        ("alpha.png", (48, 64, 4), np.uint8),
        ("16bit.png", (48, 64, 3), np.uint16),
        ("8k.jpg", (4320, 7680, 3), np.uint8),
    ],
)
def test_an_odd_picture_gives_a_line_like_any_other(
    edge: Edge, tmp_path: Path, name: str, shape: tuple[int, ...], levels: type
) -> None:
    noise = np.random.default_rng(0).integers(0, np.iinfo(levels).max, (45, 80, *shape[2:]))
    picture = cv2.resize(noise.astype(levels), (shape[1], shape[0]))
    assert cv2.imwrite(str(tmp_path / name), picture)
    finished = edge("run", "people", "--source", name, "--out", "r.jsonl", "--masks", "--offline")
    assert finished.returncode == 0, finished.stderr
    lines = lines_of(tmp_path / "r.jsonl")
    assert [line["type"] for line in lines if line["type"] != "event"] == ["frame", "summary"]
    assert lines[0]["size"] == [shape[1], shape[0]]
    for line in lines:
        SCHEMA.validate(line)
