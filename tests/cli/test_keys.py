"""Keys of the window change a run that goes on."""

from typing import Any, ClassVar

import pytest

from edge.cli.keys import HELP, Keys
from edge.cli.prepare import Sinks
from edge.cli.watched import Watched
from edge.graph import Graph, Node, Result
from edge.io.frames import Frame
from edge.paths import resource


class Window(Node):
    """Stands for a window, where none is: presses a key at each of some frames."""

    pressed: ClassVar = {3: "u", 6: "b", 9: "u", 12: "x"}

    def process(self, frame: Frame) -> Frame:
        if frame.index in self.pressed:
            self.context.event("key", key=self.pressed[frame.index])
        return frame


def test_keys_blur_the_background_and_leave_boxes_away() -> None:
    graph = Graph.load(resource("graphs/people.yaml"))
    shown = Sinks(graph).annotated("--window")
    graph.add("window", f"{__name__}:Window", {"frame": shown})
    graph.spec.outputs = {"window": graph.spec.outputs["people"]}
    run = graph.run(str(resource("samples/astronaut.mp4")), max_frames=15, governed=False)
    seen: list[tuple[bool, str, bool]] = []
    settings: dict[str, Any] = {s.name: s.node.settings for s in run._engine.stations}
    for item in Watched(run):
        assert isinstance(item, Result) or item.kind != "key"  # those are nobody else's
        if isinstance(item, Result):
            overlay = settings["overlay"]
            state = overlay.boxes, overlay.background, settings["silhouette"].enabled
            if not seen or seen[-1] != state:
                seen.append(state)
    assert seen == [
        (True, "dim", True), (True, "blur", True), (False, "blur", True), (False, "keep", False)
    ]  # fmt: skip


def test_each_key_is_in_the_help_and_others_do_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    graph = Graph.load(resource("graphs/hearing.yaml"))
    keys = Keys(graph.run(str(resource("samples/astronaut.mp4"))))
    for letter in "abcdefghijklmnopqrstuvwxyz":
        keys.press(letter)
    assert {text.split()[0] for text in HELP.split(", ")} == set("blgdurq")
    assert "can't be changed" in caplog.text or "no option" in caplog.text
