"""`python -m benchmarks.carry`: how far off is what was carried, and what does carrying cost?"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import cv2
import msgspec
import numpy as np

from benchmarks.clip import SAMPLE
from edge.cli.options import print_json, print_table
from edge.cli.prepare import load_graph
from edge.errors import UserError
from edge.inference import load_model
from edge.io.frames import Frame
from edge.vision.carry import VISIBLE, carried, carried_mask, mask_thumbnail
from edge.vision.detection import intersection_over_union
from edge.vision.silhouette import PERSON, Silhouette
from edge.vision.silhouette import intersection_over_union as shared_area
from edge.vision.targets import Seen, corners, select

KINDS = {"meshes": "face", "hands": "hand", "bodies": "body"}
MODELS = {
    "face": "face_landmarks_478",
    "hand": "hand_landmarks_full",
    "body": "body_landmarks_full",
    "mask": "selfie_landscape",
}
AGES = (1, 3, 5)
"""Frames after which is looked, as the plan has it."""
SAME = 0.3
"""Boxes of neighbouring frames that share more of their area are of one thing."""
SURE = 0.9
"""Where the model itself is less sure that the thing is there, its answer is no reference."""
NOTES = [
    "What the model saw in a frame, carried on, against what it sees in the later frame itself: "
    "mean distance of the landmarks, % of the longer side of their box (bodies: of those that are "
    "visible), where the model is sure of both; the median. Its own jitter is in it. Mask: area "
    "not shared, % of both.",
    "chained: from frame to frame, as `every` does. jump: at once. stay: not carried at all.",
    "p90: a tenth of the chained ones is farther off.",
    "CPU ms: to carry one thing by one frame, and of its model's call (int8, one thread).",
]


class Row(msgspec.Struct, frozen=True):
    """Medians over the `count` things of one kind that were carried by `age` frames.

    Not means: now and then the model jumps from one hand to the other that it lies on.
    """

    kind: str
    age: int
    count: int
    chained: float
    p90: float
    jump: float
    stay: float


class Cost(msgspec.Struct, frozen=True):
    kind: str
    carry_ms: float
    model_ms: float


class Carry(msgspec.Struct, frozen=True):
    clips: list[str]
    rows: list[Row]
    costs: list[Cost]
    notes: list[str]


class _Chain(NamedTuple):
    """One thing on its way: what was seen of it at first, what became of it, its last true box."""

    kind: str
    frame: Frame
    first: Any
    now: Any
    truth: Any
    age: int


def measure(clips: list[Path], frames: int, step: int) -> Carry:
    """Carry what is seen in every `step`-th of the first `frames` frames. Raises UserError."""
    errors: dict[tuple[str, int], list[tuple[float, float, float]]] = defaultdict(list)
    spent: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        chains: list[_Chain] = []
        before: Frame | None = None
        for index, (frame, seen) in enumerate(_watch(clip, frames)):
            chains = [
                moved
                for chain in chains
                if before and (moved := _moved(chain, before, frame, seen[chain.kind], spent))
            ]
            for chain in chains:
                if chain.age in AGES and (far := _errors(chain, frame)) is not None:
                    errors[chain.kind, chain.age].append(far)
            chains = [chain for chain in chains if chain.age < max(AGES)]
            if index % step == 0:
                chains += _started(frame, seen)
            before = frame
    rows = [_row(kind, age, errors[kind, age]) for kind, age in sorted(errors)]
    costs = [
        Cost(kind, 1e3 * float(np.mean(times)), _model_ms(kind)) for kind, times in spent.items()
    ]
    return Carry([clip.name for clip in clips], rows, costs, NOTES)


def _watch(clip: Path, frames: int) -> Iterator[tuple[Frame, dict[str, Any]]]:
    """Give the frames of a clip with what the models see in each, by kind."""
    graph = load_graph("people")
    for node in ("faces", "meshes", "persons", "bodies", "palms", "hands", "silhouette"):
        graph.set(f"{node}.variant", "int8")
    outputs = ["camera", *KINDS, "silhouette"]
    graph.spec.outputs.clear()
    graph.spec.outputs.update(dict.fromkeys(outputs, graph.spec.budget))
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    run = graph.run(source=str(clip), offline=True, max_frames=frames)
    for result in run:
        values = found[result.t]
        values[result.name] = result.value
        if len(values) == len(outputs):
            seen = {kind: values[name] for name, kind in KINDS.items()}
            yield values["camera"], seen | {"mask": values["silhouette"]}
            del found[result.t]


def _started(frame: Frame, seen: dict[str, Any]) -> list[_Chain]:
    chains = []
    for kind in KINDS.values():
        for row in range(len(seen[kind])):
            thing = select(seen[kind], np.array([row]))
            if thing.fresh[0] and _is_sure(thing):
                chains.append(_Chain(kind, frame, thing, thing, thing, 0))
    mask = seen["mask"]
    if mask.fresh and (mask.mask > PERSON).any():
        chains.append(_Chain("mask", frame, mask, mask, mask, 0))
    return chains


def _moved(
    chain: _Chain, before: Frame, now: Frame, seen: Any, spent: dict[str, list[float]]
) -> _Chain | None:
    """Return what has become of a thing; None where the model doesn't see it any more."""
    truth = seen if chain.kind == "mask" else _same(chain.truth, seen)
    if truth is None:
        return None
    for frame in (before, now):
        _carry(chain.now, frame, frame)  # whatever is made once for a frame is made
    start = time.process_time()
    moved = _carry(chain.now, before, now)
    spent[chain.kind].append(time.process_time() - start)
    return chain._replace(now=moved, truth=truth, age=chain.age + 1)


def _carry(thing: Any, before: Frame, now: Frame) -> Any:
    if isinstance(thing, Silhouette):
        thumbnails = mask_thumbnail(before), mask_thumbnail(now)
        return Silhouette(thing.t, carried_mask(thing.mask, *thumbnails), fresh=False)
    return carried(thing, before, now, thing.t)


def _same(thing: Seen, seen: Seen) -> Seen | None:
    """Return the one of what is seen now that the thing was a frame ago."""
    if not len(seen):
        return None
    shared = intersection_over_union(corners(thing.boxes), corners(seen.boxes))[0]
    row = int(shared.argmax())
    found = select(seen, np.array([row]))
    return found if shared[row] > SAME and np.isfinite(found.landmarks).all() else None


def _is_sure(thing: Seen) -> bool:
    return thing.scores[0] >= SURE and bool(np.isfinite(thing.landmarks).all())


def _errors(chain: _Chain, frame: Frame) -> tuple[float, float, float] | None:
    """Return how far off it is chained, carried at once, and left in place."""
    at_once = _carry(chain.first, chain.frame, frame)
    ways = (chain.now, at_once, chain.first)
    if chain.kind == "mask":
        if not chain.truth.fresh:
            return None
        chained, jump, stay = (100 * (1 - shared_area(w.mask, chain.truth.mask)) for w in ways)
        return chained, jump, stay
    truth = chain.truth.landmarks[0]
    visible = truth[:, 3] > VISIBLE if truth.shape[1] > 3 else np.ones(len(truth), bool)
    if not chain.truth.fresh[0] or not _is_sure(chain.truth) or visible.sum() < 4:
        return None
    side = np.ptp(truth[visible, :2], axis=0).max() / 100
    apart = (np.linalg.norm((w.landmarks[0] - truth)[visible, :2], axis=1).mean() for w in ways)
    chained, jump, stay = (float(distance / side) for distance in apart)
    return chained, jump, stay


def _row(kind: str, age: int, errors: list[tuple[float, float, float]]) -> Row:
    chained, jump, stay = np.median(errors, axis=0).tolist()
    p90 = float(np.percentile([error[0] for error in errors], 90))
    return Row(kind, age, len(errors), chained, p90, jump, stay)


def _model_ms(kind: str) -> float:
    model = load_model(MODELS[kind], "int8", 1)
    calls = 20
    start = time.process_time()
    for _ in range(calls):
        model.invoke()
    spent = time.process_time() - start
    model.close()
    return 1e3 * spent / calls


def print_carry(carry: Carry) -> None:
    click.echo(f"\nCarried against seen, %; {', '.join(carry.clips)}\n")
    head = ("", "frames", "things", "chained", "p90", "jump", "stay")
    rows = []
    for row in carry.rows:
        figures = (row.chained, row.p90, row.jump, row.stay)
        texts = (f"{figure:.2f}" for figure in figures)
        rows.append((row.kind, str(row.age), str(row.count), *texts))
    print_table([head, *rows])
    click.echo("\nCPU ms for one thing and frame\n")
    costs = [
        (c.kind, f"{c.carry_ms:.2f}", f"{c.model_ms:.2f}", f"{c.carry_ms / c.model_ms:.0%}")
        for c in carry.costs
    ]
    print_table([("", "carry", "model", ""), *costs])
    click.echo()
    for note in carry.notes:
        click.echo(note)


@click.command()
@click.argument("clips", nargs=-1, type=Path)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--frames", type=click.IntRange(min=6), default=90, show_default=True)
@click.option("--step", type=click.IntRange(min=1), default=5, show_default=True)
def main(clips: tuple[Path, ...], as_json: bool, frames: int, step: int) -> None:
    """Carry what is seen in every STEP-th frame of each clip on by 1, 3 and 5 frames.

    CLIPS: videos; by default the sample.
    """
    cv2.setNumThreads(1)
    carry = measure(list(clips) or [SAMPLE], frames, step)
    if as_json:
        print_json({"carry": carry})
    else:
        print_carry(carry)


if __name__ == "__main__":
    try:
        main(prog_name="python -m benchmarks.carry")
    except UserError as error:
        print(f"benchmarks.carry: {error}", file=sys.stderr)
        sys.exit(2)
