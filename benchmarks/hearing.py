"""What hearing costs: `python -m benchmarks.hearing`, with the real data at hand.

Two people in view at 25 frames a second, who take turns; the time of each node, as a share of one
core. And a quiet room, in which only the gate listens.
"""

import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from calibration.conversation.talkers import NAMES
from edge.audio.voice_activity import WINDOW, VoiceActivity
from edge.graph import Graph
from edge.graph.node import Context
from edge.paths import resource
from tests.accuracy.tiles import FPS, RATE, compose

HEARS = ("activity", "voices", "speaking")
GOALS = {"conversation": 5.0, "activity in quiet": 0.5}
"""Percent of a core."""
QUIET_S = 60
QUIET_DB = -60
"""Of full scale: a room at night."""


def shares(graph: Graph, source: Path, seconds: float) -> dict[str, float]:
    """Return what each node takes, percent of a core."""
    run = graph.run(str(source), offline=True)
    for _ in run:
        pass
    return {
        name: 100 * busy_s / seconds for name, (_, _, busy_s, _) in run.statistics.nodes.items()
    }


def silero_alone(seconds: float = 10) -> float:
    """Return what Silero's network takes where it always listens, percent of a core."""
    node = VoiceActivity(VoiceActivity.Settings())
    node.open(Context("activity", lambda: 0, False, lambda *_, **__: None, lambda *_, **__: None))
    window = np.zeros(WINDOW, np.int16)
    begin = time.process_time()
    for _ in range(round(seconds * RATE / WINDOW)):
        node._call(window)
    taken = time.process_time() - begin
    node.close()
    return 100 * taken / seconds


def quiet(path: Path) -> None:
    draw = np.random.default_rng(0)
    noise = draw.normal(0, 32768 * 10 ** (QUIET_DB / 20), QUIET_S * RATE).astype(np.int16)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(noise[None], "s16", "mono")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode())


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        clip = compose(Path(folder) / "talk.mkv", "listen", list(NAMES[:2]), list(NAMES[2:]),
                       np.random.default_rng(0))  # fmt: skip
        conversation = Graph.load(resource("graphs/conversation.yaml"))
        found = shares(conversation, clip.path, clip.truth.shape[1] / FPS)
        quiet(Path(folder) / "quiet.wav")
        hearing = Graph.load(resource("graphs/hearing.yaml"))
        calm = shares(hearing, Path(folder) / "quiet.wav", QUIET_S)
    print(f"{'two people, 25 fps':24} {'% of a core':>12}")
    for name in HEARS:
        print(f"{name:24} {found[name]:12.2f}")
    print(f"{'all of hearing':24} {sum(found[name] for name in HEARS):12.2f}"
          f"   goal {GOALS['conversation']:g}")  # fmt: skip
    print(f"{'the rest, pictures':24} "
          f"{sum(share for name, share in found.items() if name not in HEARS):12.2f}")  # fmt: skip
    goal = GOALS["activity in quiet"]
    print(f"{'activity in quiet':24} {calm['activity']:12.2f}   goal {goal:g}")
    print(f"{'Silero without a gate':24} {silero_alone():12.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
