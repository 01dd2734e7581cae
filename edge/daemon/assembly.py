"""From settings to the graph that the engine runs."""

from typing import Any

from edge.cli.demo import SAMPLE
from edge.cli.prepare import Sinks, load_graph, parts_of, set_everywhere
from edge.cli.sync import apply as apply_sync
from edge.daemon.config import AUTO, Config, Mute, View
from edge.director.director import Crop
from edge.errors import UserError
from edge.graph.spec import Budget
from edge.io.camera_list import cameras
from edge.io.containers import is_device
from edge.io.sound_device import list_microphones
from edge.paths import resource
from edge.people.people import People
from edge.vision.silhouette import Silhouette

PICTURE = "picture"
"""The output that watchers get."""


class Assembly:
    """A graph with all that shows its pictures, and how to change it while it runs.

    `sources`: names of the cameras and microphones, by medium. `can_frame`, `can_replace`: whether
    it has a director, and silhouettes.
    """

    def __init__(self, config: Config, mute: Mute, view: View) -> None:
        """Raises UserError where the settings don't fit the graph."""
        source, audio = chosen_sources(config)
        self.graph = graph = load_graph(config.graph)
        if config.budget is not None:
            graph.promise(latency_ms=config.budget.latency_ms, power_w=config.budget.power_w)
        if config.max_people is not None:
            set_everywhere(graph, "max_people", parts_of(config.max_people))
        if config.mirrored:
            set_everywhere(graph, "mirrored", {"mirrored": True})
        apply_sync(graph, source, audio)
        for key, value in config.settings.items():
            graph.set(key, value)
        self.sources = {m: list(graph.spec.sources(m)) for m in ("picture", "sound")}
        if not self.sources["picture"]:
            raise UserError(f"graph: {config.graph} has no camera, which the daemon needs")
        self._show(config)
        self.graph = graph = graph.replace_sources(source, audio)
        for name in self.devices():
            graph.set(f"{name}.loop", True)
            graph.set(f"{name}.patient", True)
        if audio is None and is_device(source) and not _hears():
            for name in self.sources["sound"]:  # there is none to wait for
                graph.set(f"{name}.required", False)
                graph.set(f"{name}.patient", False)
        for name, muted in self.muted(mute).items():
            graph.set(f"{name}.muted", muted)
        for key, value in self.shown(view).items():
            graph.set(key, value)

    def devices(self) -> dict[str, str]:
        """Return the device of each source."""
        nodes = self.graph.spec.check()
        return {
            name: str(nodes[name].settings.device)  # type: ignore[attr-defined]
            for names in self.sources.values()
            for name in names
            if name in nodes
        }

    def muted(self, mute: Mute) -> dict[str, bool]:
        """Return which sources are to be muted."""
        pictures, sounds = self.sources["picture"], self.sources["sound"]
        return {**dict.fromkeys(pictures, mute.camera), **dict.fromkeys(sounds, mute.microphone)}

    def shown(self, view: View) -> dict[str, Any]:
        """Return the options of nodes that make a view."""
        options: dict[str, Any] = {
            f"{self._overlay}.boxes": view.boxes,
            f"{self._overlay}.landmarks": view.landmarks,
            f"{self._overlay}.gaze": view.gaze,
            f"{self._overlay}.background": view.background,
        }
        if self._silhouette:
            options[f"{self._silhouette}.enabled"] = view.background != "keep"
        if self._director:
            options[f"{self._director}.enabled"] = view.framing
        return options

    def watched(self, picture: bool, landmarks: bool) -> dict[str, bool]:
        """Return the options of nodes that nobody needs while nobody watches."""
        return {
            f"{self._overlay}.enabled": picture,
            f"{PICTURE}.enabled": picture,
            **{f"{name}.landmarks": landmarks for name in self._people},
        }

    def _show_elsewhere(self, device: str) -> None:
        """Give other programs the camera's picture, framed, with nothing drawn in."""
        if self._director is None:
            raise UserError(f"virtual_camera: {self.graph.spec.name} has no director")
        inputs = {"frame": self.sources["picture"][0], "crop": self._director}
        self.graph.add("framed", "framed", inputs)
        self.graph.add("virtual_camera", "virtual_camera", {"frame": "framed"}, device=device)

    @property
    def can_frame(self) -> bool:
        return self._director is not None

    @property
    def can_replace(self) -> bool:
        return self._silhouette is not None

    def _show(self, config: Config) -> None:
        sinks = Sinks(self.graph)
        self._silhouette = sinks.giving(Silhouette)
        self._director = sinks.giving(Crop)
        self._people = [
            name for name, node in self.graph.spec.check().items() if issubclass(node.node, People)
        ]
        self._overlay = shown = sinks.annotated("page")
        if self._director:
            self.graph.add("shown", "framed", {"frame": shown, "crop": self._director})
            shown = "shown"
        if config.virtual_camera is not None:
            self._show_elsewhere(config.virtual_camera)
        picture = config.picture
        self.graph.add(
            PICTURE, "jpeg_encoder", {"frame": shown}, width=picture.width, quality=picture.quality
        )
        for key, value in self.watched(False, False).items():
            self.graph.set(key, value)
        self.graph.spec.outputs[PICTURE] = Budget()


def chosen_sources(config: Config) -> tuple[str, str | None]:
    """Return which camera and microphone are meant; None: what belongs to that camera."""
    source, audio = str(config.source), None if config.audio == AUTO else str(config.audio)
    if source == AUTO:
        there = [camera for camera in cameras() if camera.permitted]
        source = str(there[0].path) if there else str(resource(SAMPLE))
    return source, audio


def _hears() -> bool:
    try:
        return bool(list_microphones())
    except UserError:
        return False
