"""Scores who was said to speak when: run by tests.accuracy.diarization, where pyannote is."""

import json
import sys
from typing import Any

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.detection import DetectionPrecisionRecallFMeasure
from pyannote.metrics.diarization import DiarizationErrorRate

Segments = list[tuple[float, float, str]]


def annotation(segments: Segments, who: str | None = None) -> Annotation:
    made = Annotation()
    for number, (begin, end, speaker) in enumerate(segments):
        made[Segment(begin, end), number] = who or speaker
    return made


def score(recordings: dict[str, Any]) -> None:
    """Print frame F1 and diarization errors of recordings, each its length in s, what was said of
    it, and the reference."""
    speech = DetectionPrecisionRecallFMeasure()
    error, as_one = DiarizationErrorRate(), DiarizationErrorRate()
    print(f"{'':12} {'speech F1':>10} {'error':>8} {'one voice':>10}")
    for name, (seconds, said, truth) in recordings.items():
        whole = Timeline([Segment(0, seconds)])
        reference = annotation(truth)
        scores = [
            metric(reference, annotation(said, who), uem=whole)
            for metric, who in ((speech, None), (error, None), (as_one, "one"))
        ]
        print(f"{name:12} {scores[0]:10.3f} {scores[1]:8.3f} {scores[2]:10.3f}")
    print(f"{'all':12} {abs(speech):10.3f} {abs(error):8.3f} {abs(as_one):10.3f}")


if __name__ == "__main__":
    score(json.load(sys.stdin))
