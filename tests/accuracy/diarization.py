"""When somebody speaks and whose voice it is, against what people wrote down: `python -m
tests.accuracy.diarization`, with the real data at hand.

Scored by pyannote.metrics, which has an environment of its own (`make .venv-scoring/.peer`): no
collar, overlap counted.
"""

import json
import subprocess
import sys
from pathlib import Path

from calibration.samples.sources import data_folder
from edge.graph import Event, Graph
from edge.paths import resource

Segments = list[tuple[float, float, str]]
SCORER = Path(".venv-scoring/bin/python")


def references(folder: Path) -> dict[str, Segments]:
    """Return begin, end (s) and speaker of each segment, by recording."""
    found: dict[str, Segments] = {}
    for path in folder.glob("*.rttm"):
        for line in path.read_text().splitlines():
            _, recording, _, begin, length, _, _, who, *_ = line.split()
            segment = float(begin), float(begin) + float(length), who
            found.setdefault(recording, []).append(segment)
    return found


def heard(path: Path) -> tuple[float, Segments]:
    """Return a recording's length, s, and what the graph `hearing` says of it."""
    segments: Segments = []
    begun, seconds = (0.0, ""), 0.0
    graph = Graph.load(resource("graphs/hearing.yaml"))
    graph.set("voices.enrolled", False)
    for item in graph.run(str(path), offline=True).items():
        if not isinstance(item, Event):
            seconds = item.t / 1e6
        elif item.kind == "speech_started":
            begun = item.t / 1e6, item.fields.get("voice", "")
        elif item.kind == "speech_ended":
            segments.append((begun[0], item.t / 1e6, begun[1]))
    return seconds, segments


def main() -> int:
    if not SCORER.exists():
        print(f"diarization: no {SCORER}: make .venv-scoring/.peer", file=sys.stderr)
        return 2
    folder = data_folder() / "speech"
    found = {
        name: (*heard(folder / f"{name}.wav"), truth)
        for name, truth in sorted(references(folder).items())
    }
    scorer = [str(SCORER), str(Path(__file__).with_name("score.py"))]
    return subprocess.run(scorer, input=json.dumps(found), text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
