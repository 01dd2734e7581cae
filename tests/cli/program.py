"""`edge` as a user runs it, and a graph that needs no model."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

FRAMES, FPS = 30, 25
"""Of the clip."""
PATIENCE_S = 60
"""For one command; only what hangs takes so long."""

NODES = """
from collections.abc import Iterator

from edge.graph import Node, Packet, Source
from edge.io.frames import Frame
from edge.people.results import FrameResult, Person


class Centre(Node):
    '''Takes the centre of every picture for a person, who enters with the first.'''

    class Settings(Node.Settings):
        landmarks: bool = False
        score: float = 0.5
        '''How sure it claims to be.'''
        fails: bool = False

    def process(self, frame: Frame) -> FrameResult:
        if self.settings.fails:
            raise ValueError("asked to fail")
        if frame.index == 0:
            self.context.event("person_entered", person=1)
        width, height = frame.size
        box = [width / 4, height / 4, width / 2, height / 2]
        person = Person(id=1, box=box, score=self.settings.score, fresh=True)
        return FrameResult(
            frame=frame.index, t=frame.t / 1e6, size=[width, height], people=[person]
        )


class Nothing(Source):
    '''Ends at once.'''

    medium = "picture"

    class Settings(Node.Settings):
        device: str = ""

    def packets(self) -> Iterator[Packet[Frame]]:
        yield from ()
"""
GRAPH = """
nodes:
  camera: {uses: camera}
  people: {uses: "nodes.py:Centre", inputs: {frame: camera}}
outputs: [people]
"""

Finished = subprocess.CompletedProcess[str]
Edge = Callable[..., Finished]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "edge", *map(str, arguments)]


def lines_of(path: Path) -> list[dict]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def is_one_line(finished: Finished) -> bool:
    """Did it end as bad input should: one line that begins with "edge: ", and code 2?"""
    said = finished.stderr.strip()
    return finished.returncode == 2 and said.startswith("edge: ") and "\n" not in said
