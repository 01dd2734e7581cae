"""The faces graph beside MediaPipe's FaceMesh: CPU time per frame, on the same frames."""

import json
import sys
import tempfile
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tqdm import tqdm

from benchmarks.clip import Clip, decode
from benchmarks.figures import Figure, Goal
from benchmarks.process import CHECKOUT, Process
from benchmarks.worker import MODEL, Round
from edge.inference.manifest import shipped

PEER_PYTHON = CHECKOUT / ".venv-mediapipe" / "bin" / "python"
WARM_UP = 30
"""Frames before the first round: the face is found, memory touched."""

NOTES = [
    "Every process has the same decoded frames in memory, in the order of colours that it takes. "
    "They play them forward and backward, a round each in turns, so all meet the same noise. Each "
    "frame is copied just before it is used, where a decoder would write it.",
    "Not counted: that copy, loading, the search for the face in the first frame.",
    "CPU: user and system time of the whole process, all its threads, per frame; both "
    "sides give their caller every landmark as Python objects.",
    "graph: graphs/faces.yaml at fast pace, max_faces as said, workers as by default where no "
    "number is said; counting its parts is in it (10 µs). Its models: the variant "
    "named above, one thread each. FaceMesh: float models, video mode, max_num_faces as "
    "said; refined: 478 landmarks.",
    "One face is in view. Room for two: whether there is a second has to be looked for.",
    "ratio: to FaceMesh, not refined, with the same room, in the same round.",
    "Each figure is the median of the rounds and, in brackets, what half of the rounds lay "
    "between.",
]


class Contestant(NamedTuple):
    """A way to see faces: a module of this package, and what its `main` takes beside the clip."""

    name: str
    module: str
    options: dict[str, Any]
    against: str
    """The name of the peer whose CPU time is 1."""
    goal: float | None = None
    """What the ratio to that is to stay under."""

    def command(self, clip: Clip, variant: str) -> list[str]:
        """Return what starts it; `variant` is of our models, the peer has but one of each."""
        if self in PEERS:
            python, frames, options = str(PEER_PYTHON), clip.rgb, self.options
        else:
            python, frames, options = sys.executable, clip.bgr, self.options | {"variant": variant}
        return [python, "-m", f"benchmarks.{self.module}", str(frames), json.dumps(options)]


def _facemesh(max_faces: int, refine: bool = False) -> Contestant:
    name = FACEMESH[max_faces] + (", refined" if refine else "")
    options = {"max_faces": max_faces, "refine": refine}
    return Contestant(name, "facemesh", options, FACEMESH[max_faces])


def _graph(
    points: int, max_faces: int = 1, workers: int | None = None, goal: float | None = None
) -> Contestant:
    room = ", room for two" if max_faces == 2 else ""
    how = f", {workers} worker" if workers else ""
    options = {"model": f"face_landmarks_{points}", "max_faces": max_faces, "workers": workers}
    name = f"graph, {points} points{room}{how}"
    return Contestant(name, "faces_graph", options, FACEMESH[max_faces], goal)


FACEMESH = {1: "FaceMesh", 2: "FaceMesh, room for two"}
PEERS = [_facemesh(1), _facemesh(1, refine=True), _facemesh(2)]
OURS = [
    _graph(468, goal=0.8),
    _graph(468, workers=1),
    _graph(478, goal=1.3),
    _graph(478, workers=1),
    _graph(468, max_faces=2),
]


class Row(msgspec.Struct, frozen=True):
    """A contestant's rounds, summed up. `faces`: seen per frame, over all rounds.

    `parts_ms`: of the CPU time, what each node had, its model's part of that by itself, and
    the rest as "graph": the runtime, the source and the loop that reads the results.
    """

    name: str
    faces: float
    cpu_ms: Figure
    ratio: Figure | None
    parts_ms: dict[str, Figure]


class Faces(msgspec.Struct, frozen=True):
    clip: str
    variant: str
    size: tuple[int, int]
    rounds: int
    frames: int
    rows: list[Row]
    goals: list[Goal]
    notes: list[str]


def measure(path: Path, start_s: float, frames: int, rounds: int, variant: str = "float") -> Faces:
    """Have all contestants play `rounds` rounds of `frames` frames. Raises UserError.

    `variant`: of our models. Without the peer's environment, ours are measured alone.
    """
    for model in ("face_far", *(contestant.options["model"] for contestant in OURS)):
        shipped().model(model).variant(variant)  # before the long work, a mistake is one line
    contestants = [*PEERS, *OURS] if PEER_PYTHON.exists() else OURS
    with tempfile.TemporaryDirectory(prefix="edge-benchmark-") as folder, ExitStack() as stack:
        clip = decode(path, start_s, Path(folder))
        processes = {}
        for number, contestant in enumerate(contestants):
            process = Process(contestant.command(clip, variant), Path(folder, f"{number}.log"))
            stack.callback(process.close)
            process.play(WARM_UP)
            processes[contestant.name] = process
        played = _in_turns(processes, frames, rounds)
    rows = [_row(c.name, played[c.name], played.get(c.against)) for c in contestants]
    goals = [
        Goal.of(f"{row.name}, of {contestant.against}", row.ratio, contestant.goal)
        for contestant, row in zip(contestants, rows, strict=True)
        if contestant.goal and row.ratio
    ]
    return Faces(clip.name, variant, clip.size, rounds, frames, rows, goals, NOTES)


def _in_turns(processes: dict[str, Process], frames: int, rounds: int) -> dict[str, list[Round]]:
    """Return the rounds of each process. Another begins each turn."""
    played: dict[str, list[Round]] = {name: [] for name in processes}
    names = deque(processes)
    for _ in tqdm(range(rounds), desc="faces", unit="round", disable=None):
        for name in names:
            played[name].append(processes[name].play(frames))
        names.rotate()
    return played


def _row(name: str, rounds: list[Round], peer: list[Round] | None) -> Row:
    ratios = [own.cpu_s / other.cpu_s for own, other in zip(rounds, peer or rounds, strict=True)]
    parts_ms = [_parts_ms(played) for played in rounds]
    return Row(
        name=name,
        faces=sum(played.faces for played in rounds) / sum(played.frames for played in rounds),
        cpu_ms=Figure.of([1e3 * played.cpu_s / played.frames for played in rounds]),
        ratio=Figure.of(ratios) if peer else None,
        parts_ms={part: Figure.of([ms[part] for ms in parts_ms]) for part in parts_ms[0]},
    )


def _parts_ms(played: Round) -> dict[str, float]:
    """Return ms per frame of each node's model, of the rest of each node, and of the graph."""
    parts_s = dict(played.parts_s)
    if not parts_s:
        return {}
    rest_s = played.cpu_s - sum(s for part, s in parts_s.items() if not part.endswith(MODEL))
    for part in played.parts_s:
        if part.endswith(MODEL):
            parts_s[part.removesuffix(MODEL)] -= parts_s[part]
    return {part: 1e3 * s / played.frames for part, s in (parts_s | {"graph": rest_s}).items()}
