"""The examples in the documents run as they stand there."""

import re
from pathlib import Path

from edge import Graph

CHECKOUT = Path(__file__).parents[1]
SAMPLE = CHECKOUT / "samples" / "astronaut.mp4"


def test_the_node_of_the_page_on_writing_nodes_runs(tmp_path):
    page = (CHECKOUT / "docs" / "writing-a-node.md").read_text()
    for language, name in (("python", "brightness.py"), ("yaml", "brightness.yaml")):
        block = re.search(rf"```{language}\n# {name}\n(.*?)```", page, re.DOTALL)
        assert block, name
        (tmp_path / name).write_text(block[1])
    got = list(Graph.load(tmp_path / "brightness.yaml").run(source=SAMPLE, max_frames=5))
    assert len(got) == 5
    assert all(0 < result.value < 255 for result in got)
