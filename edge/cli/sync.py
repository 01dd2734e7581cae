"""How late a microphone is behind a camera: measured once, remembered for the two of them."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec

from edge.errors import UserError
from edge.graph import Event, Graph
from edge.io.camera import Camera
from edge.io.containers import without_secret
from edge.io.microphone import Microphone
from edge.io.part_file import PartFile
from edge.paths import config_dir

FILE = "sync.yaml"
AT_ONCE = {"correction": 1.0, "drift_us": 0}
"""The first measurement is the answer, however small."""
PATIENCE_S = 90
"""Ten seconds of speech are enough; people look away, and pause."""
REPORT_S = 5


def measured_ms(graph: Graph, source: Any, audio: Any, report: Callable[[str], None]) -> int:
    """Return how much later sound arrives than the picture, by whoever speaks.

    Raises UserError where the source ends, or patience, before that is clear.
    """
    graph.set("speaking.agreement", AT_ONCE)
    report("one person, alone in view, is to speak towards the camera until this is done")
    begin, reported = None, 0.0
    with closing(graph.run(source, audio, governed=False).items()) as items:
        for item in items:
            if isinstance(item, Event):
                if item.kind == "sync":
                    return int(item.fields["late_ms"])
                continue
            begin = item.t if begin is None else begin
            seconds = (item.t - begin) / 1e6
            if seconds >= PATIENCE_S:
                break
            if seconds >= reported + REPORT_S:
                reported = seconds
                seen = "somebody is" if item.value.people else "nobody is"
                report(f"{seconds:.0f} s: {seen} in view")
    raise UserError(
        "nobody was seen and heard to speak for ten seconds: have one person speak towards the "
        "camera, alone in view, where it is quiet"
    )


def remembered() -> dict[str, float]:
    """Return how late sound is, ms, by the pair of devices. Raises UserError for a damaged file."""
    path = config_dir() / FILE
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=dict[str, float])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(
            f"{path} can't be read ({error}): delete it, then `edge calibrate sync` again"
        ) from None


def remember(pair: str, late_ms: float) -> str:
    """Keep it and return where. Raises UserError where nothing can be written."""
    path = config_dir() / FILE
    part = PartFile(path)
    part.file.write(msgspec.yaml.encode({**remembered(), pair: late_ms}, order="deterministic"))
    part.complete()
    return str(path)


def apply(graph: Graph, source: Any, audio: Any) -> None:
    """Tell whoever compares sound with pictures how late it is, if that is known."""
    nodes = [name for name, node in graph.spec.check().items()
             if hasattr(node.settings, "sound_late_ms")]  # fmt: skip
    pair = devices(graph, source, audio) if nodes else None
    late_ms = remembered().get(pair) if pair else None
    for name in nodes if late_ms is not None else ():
        graph.set(f"{name}.sound_late_ms", late_ms)


def devices(graph: Graph, source: Any, audio: Any) -> str | None:
    """Return the names of the camera and the microphone; None where either is no live device: in
    a file both have one clock."""
    names = []
    for node in graph.replace_sources(source, audio).spec.check().values():
        if isinstance(node.settings, Camera.Settings | Microphone.Settings):
            made = node.node(node.settings)
            live = isinstance(made, Camera | Microphone) and made.live
            names.append(without_secret(str(node.settings.device)) if live else "")
    return " | ".join(names) if len(names) == 2 and all(names) else None
