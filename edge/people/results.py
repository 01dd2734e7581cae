"""The lines that every graph of people writes. `docs/results.md` describes them for their readers.

Positions are pixels of the source picture, boxes `[x, y, width, height]`, times seconds from the
source's first frame, angles degrees, scores 0 to 1. An optional key is absent where it isn't known.
`python -m edge.people.results` writes the JSON Schema of these types to `docs/`.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType
from numpy.typing import NDArray

SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"

Box = Annotated[list[float], Meta(min_length=4, max_length=4)]
Score = Annotated[float, Meta(ge=0, le=1)]
Point = Annotated[list[float], Meta(min_length=3, max_length=4)]
Pair = Annotated[list[float], Meta(min_length=2, max_length=2)]
Side = Annotated[str, Meta(pattern="^(left|right)$")]
Word = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]


class Part(Struct, frozen=True, kw_only=True):
    """What face, hand and body have in common."""

    box: Box
    """Bounds the landmarks where there are any, else the detector's."""
    score: Score
    fresh: bool | UnsetType = UNSET
    """Only where it differs from the person's."""


class Face(Part, frozen=True, kw_only=True):
    landmarks: list[Point] | UnsetType = UNSET
    """x, y and depth of 478 or 468 points."""
    yaw: float | UnsetType = UNSET
    pitch: float | UnsetType = UNSET
    roll: float | UnsetType = UNSET
    gaze: Pair | UnsetType = UNSET
    """Yaw and pitch."""
    gaze_sd: float | UnsetType = UNSET
    gaze_point: Pair | UnsetType = UNSET
    """Millimetres on the screen's plane."""
    eyes_open: Pair | UnsetType = UNSET
    """Left, right; 0 to 1."""
    mouth_open: Score | UnsetType = UNSET
    expressions: list[str] | UnsetType = UNSET
    blendshapes: dict[str, Score] | UnsetType = UNSET
    distance_m: float | UnsetType = UNSET


class Hand(Part, frozen=True, kw_only=True):
    side: Side
    """The person's own."""
    landmarks: list[Point] | UnsetType = UNSET
    """x, y and depth of 21 points."""
    gesture: str | UnsetType = UNSET
    gesture_score: Score | UnsetType = UNSET


class Body(Part, frozen=True, kw_only=True):
    landmarks: list[Point] | UnsetType = UNSET
    """x, y, depth and visibility of 33 points."""


class Person(Struct, frozen=True, kw_only=True):
    id: Annotated[int, Meta(ge=1)]
    box: Box
    """The whole visible person where a body was seen, else the face, else the hand."""
    score: Score
    fresh: bool
    """True if a model looked at this person on this frame; False if carried here by tracking."""
    box_sd: float | UnsetType = UNSET
    """Standard deviation of the box's position, pixels."""
    face: Face | UnsetType = UNSET
    hands: list[Hand] | UnsetType = UNSET
    body: Body | UnsetType = UNSET
    speaking: Score | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    attention: Score | UnsetType = UNSET


class FrameResult(Struct, frozen=True, kw_only=True, tag="frame"):
    """Who is in one frame."""

    frame: Annotated[int, Meta(ge=0)]
    """Number of the frame in its source, dropped frames included."""
    t: float
    size: Annotated[list[int], Meta(min_length=2, max_length=2)]
    """Width, height."""
    people: list[Person]
    age_ms: float | UnsetType = UNSET
    """From the frame's capture to the emission of this result. Filled in by whoever emits it."""
    mask: str | UnsetType = UNSET
    """Silhouette, 255 is person: an 8-bit PNG in base64."""


class Event(Struct, frozen=True, kw_only=True, tag="event"):
    """Something happened. A kind may have keys of its own beside these."""

    t: float
    kind: Word
    person: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    score: Score | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speech_t: float | UnsetType = UNSET


class Percentiles(Struct, frozen=True):
    p50: float
    p95: float
    p99: float


class Summary(Struct, frozen=True, kw_only=True, tag="summary"):
    """The last line."""

    frames: Annotated[int, Meta(ge=0)]
    dropped: Annotated[int, Meta(ge=0)]
    dropped_by: dict[str, int]
    cpu_ms_per_frame: float | UnsetType = UNSET
    latency_ms: Percentiles | UnsetType = UNSET
    late: int | UnsetType = UNSET
    """Results that were older than the budget's `latency_ms` when they came out."""
    energy_mj_per_frame: float | UnsetType = UNSET
    energy_source: str | UnsetType = UNSET
    counts: dict[str, int] | UnsetType = UNSET
    """What models gave that couldn't be used, "node.invalid" → how often; absent if nothing."""


class Value(Struct, frozen=True, kw_only=True, tag="value"):
    """What an output gave that isn't people: that of a graph of one's own."""

    t: float
    name: str
    """The output's."""
    value: Any
    age_ms: float | UnsetType = UNSET


Line = FrameResult | Event | Value | Summary


def rounded(values: NDArray[np.floating], digits: int) -> Any:
    """Return values as lists of plain numbers, of any depth, that are short to write.

    A tenth of a pixel and a thousandth of a score are well below what the models can tell.
    """
    return np.round(values.astype(np.float64), digits).tolist()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of one line."""
    described = msgspec.json.schema(Line)
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["title"] = "A line of results"
    return described


def schema_text() -> str:
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
