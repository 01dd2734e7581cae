"""From what stands on the command line to a graph that is ready to run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge.cli.sync import apply as apply_sync
from edge.document import read_yaml
from edge.errors import UserError, nearest
from edge.graph import Graph
from edge.graph.signature import find, signature
from edge.paths import resource
from edge.people.results import FrameResult
from edge.vision.silhouette import Silhouette

OFF = "off"
"""As --budget: no governor."""
SOUND_RATE = 48_000
"""Of sound that is kept, samples per second: what video usually has."""


def shipped(folder: str, name: str, kind: str) -> Path:
    """Return the path of a YAML file: as given, or by its bare name from a folder of edge's own.

    Raises UserError with the nearest name where there is none.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1 or path.is_file():
        return path
    known = {found.stem: found for found in resource(folder).glob("*.yaml")}
    if name not in known:
        raise UserError(f"there is no {kind} '{name}'{nearest(name, known)}, or give a path")
    return known[name]


def load_graph(name: str) -> Graph:
    """Load a graph by path, or by name where it comes with edge. Raises UserError."""
    return Graph.load(shipped("graphs", name, "graph"))


def set_everywhere(graph: Graph, flag: str, options: dict[str, Any]) -> None:
    """Set options in every node that has them. Raises UserError where no node has any."""
    found = False
    for name, node in graph.spec.check().items():
        for field in msgspec.structs.fields(node.node.Settings):
            if field.name in options:
                graph.set(f"{name}.{field.name}", options[field.name])
                found = True
    if not found:
        raise UserError(f"no node of {graph.spec.name} understands {flag}: leave it away")


def parts_of(people: int) -> dict[str, int]:
    """Return how many faces, bodies and hands so many people have, as nodes' options."""
    return {"max_faces": people, "max_bodies": people, "max_hands": 2 * people}


def set_by_text(graph: Graph, assignment: str) -> None:
    """Apply NODE.KEY=VALUE; VALUE is read as YAML. Raises UserError."""
    key, equals, text = assignment.partition("=")
    if not equals:
        raise UserError(f"--set {assignment}: write it as NODE.KEY=VALUE")
    graph.set(key, read_yaml(text, f"--set {key}")[0])


def _budget(text: str) -> dict[str, Any]:
    """Return the parts of a budget as `--budget` has it. Raises UserError."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise UserError(f"--budget {text}: write latency_ms=50, power_w=2, or off")
    return {name.strip(): read_yaml(value, f"--budget {name}")[0] for name, _, value in pairs}


@dataclass(frozen=True)
class Request:
    """What `edge run` was asked for; `edge run --help` explains each."""

    graph: str
    source: str | None = None
    audio: str | None = None
    mirrored: bool = False
    rotate: str | None = None
    fps: float | None = None
    max_people: int | None = None
    max_frames: int | None = None
    out: str | None = None
    landmarks: bool = False
    masks: bool = False
    predict: bool = False
    video: str | None = None
    window: bool = False
    rules: str | None = None
    record: str | None = None
    trace: str | None = None
    pace: str | None = None
    offline: bool = False
    profile: str | None = None
    budget: str | None = None
    accelerator: str | None = None
    settings: tuple[str, ...] = ()


def prepare(request: Request) -> Graph:
    """Return the graph with all that was asked for set and added. Raises UserError."""
    if request.profile and not request.offline:
        raise UserError("--profile needs --offline: it says what work costs on the virtual clock")
    graph = load_graph(request.graph)
    if request.rotate is not None:
        set_everywhere(graph, "--rotate", {"rotate": int(request.rotate)})
    if request.fps is not None:
        set_everywhere(graph, "--fps", {"fps": request.fps, "images_fps": request.fps})
    if request.max_people is not None:
        set_everywhere(graph, "--max-people", parts_of(request.max_people))
    for flag in ("mirrored", "landmarks", "masks", "predict"):
        if getattr(request, flag):
            set_everywhere(graph, f"--{flag}", {flag: True})
    if request.accelerator is not None:
        set_everywhere(graph, "--accelerator", {"accelerator": request.accelerator})
    if request.budget not in (None, OFF):
        graph.promise(**_budget(request.budget))
    apply_sync(graph, request.source, request.audio)
    for assignment in request.settings:
        set_by_text(graph, assignment)
    sinks = Sinks(graph, request.source, request.audio)
    if request.masks and sinks.giving(Silhouette) is None:
        raise UserError(f"no node of {graph.spec.name} gives silhouettes: leave --masks away")
    if request.video:
        sinks.add_video(request.video)
    if request.window:
        sinks.add_window()
    if request.record:
        sinks.add_recorder(request.record, request.source)
    if request.audio is not None and not graph.spec.sources("sound"):
        raise UserError(f"no node of {graph.spec.name} hears: leave --audio away")
    return graph


class Sinks:
    """Adds to a graph what shows or keeps its pictures.

    Sound goes along where `audio` is given or `source` is a file, which may have some.
    """

    def __init__(self, graph: Graph, source: str | None = None, audio: str | None = None) -> None:
        self._graph = graph
        self._has_sound = audio is not None or (source is not None and Path(source).is_file())
        self._overlay: str | None = None

    def add_video(self, path: str) -> None:
        inputs = {"frame": self.annotated("--video"), **self._sound()}
        self._add("video", "video_writer", inputs, path=path)

    def add_window(self) -> None:
        self._add("window", "display", {"frame": self.annotated("--window")})

    def add_recorder(self, path: str, source: str | None) -> None:
        people = self.giving(FrameResult)
        result = {"result": people} if people else {}
        inputs = {"frame": self._camera("--record"), **result, **self._sound()}
        self._add("recorder", "recorder", inputs, path=path, source=source or "")

    def annotated(self, flag: str) -> str:
        """Return the node that gives pictures with the people drawn in."""
        if self._overlay is None:
            inputs = {"frame": self._camera(flag)}
            wires = signature(find("overlay")).inputs
            for name, wire in wires.items():
                producer = self.giving(wire.type)
                if producer is not None:
                    inputs.setdefault(name, producer)
                elif wire.required:
                    raise UserError(f"{self._graph.spec.name} has nobody to draw: no {flag} here")
            self._overlay = self._add("overlay", "overlay", inputs)
        return self._overlay

    def _camera(self, flag: str) -> str:
        cameras = list(self._graph.spec.sources("picture"))
        if not cameras:
            raise UserError(f"{self._graph.spec.name} has no camera: no {flag} here")
        return cameras[0]

    def _sound(self) -> dict[str, str]:
        microphones = list(self._graph.spec.sources("sound"))
        if not microphones and self._has_sound:
            options = {"rate": SOUND_RATE, "required": False}
            microphones = [self._add("sound", "microphone", {}, **options)]
        return {"sound": microphones[0]} if microphones else {}

    def giving(self, kind: type) -> str | None:
        """Return a node that gives values of this type, an output rather than another."""
        spec = self._graph.spec
        for name in (*spec.outputs, *spec.nodes):
            if signature(find(spec.nodes[name].uses, spec.folder)).output is kind:
                return name
        return None

    def _add(self, name: str, uses: str, inputs: dict[str, str], **options: Any) -> str:
        while name in self._graph.spec.nodes:
            name += "_"
        self._graph.add(name, uses, inputs, **options)
        return name
