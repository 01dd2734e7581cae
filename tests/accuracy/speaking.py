"""Who speaks, in conversations of talkers that nothing was learned from: `python -m
tests.accuracy.speaking [FOLDS [FIRST]]`, with the real data at hand."""

import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from calibration.conversation.__main__ import learned, write
from calibration.conversation.talkers import NAMES
from edge.graph import Graph
from edge.paths import resource
from tests.accuracy.tiles import FPS, KINDS, Clip, Look, compose

FOLDS = 6
SPEAKS = 0.5


class Heard(NamedTuple):
    """`said` (people, frames): the probability of each, 0 where they weren't found."""

    said: NDArray[np.float64]
    truth: NDArray[np.bool_]


def heard(clip: Clip, learned_file: str, landmarks: bool = True, **run: Any) -> Heard:
    """Run the graph on a clip and return what it says of the person in each tile; without
    `landmarks` by flow alone, as where heads are turned away."""
    document = yaml.safe_load(resource("graphs/conversation.yaml").read_text())
    if not landmarks:
        del document["nodes"]["speaking"]["inputs"]["meshes"]
    graph = Graph.parse(document)
    graph.set("speaking.learned", learned_file)
    said = np.zeros((len(clip.truth), clip.truth.shape[1]))
    told = -1
    for result in graph.run(str(clip.path), **run):
        frame = min(round(result.value.t * FPS), said.shape[1] - 1)
        said[:, told + 1 : frame] = said[:, told : told + 1] if told >= 0 else 0.0
        told = frame
        for person in result.value.people:
            x, y, width, height = person.face.box if person.face else person.box
            for row, (left, top, wide, high) in enumerate(clip.tiles):
                if left <= x + width / 2 < left + wide and top <= y + height / 2 < top + high:
                    said[row, frame] = max(said[row, frame], person.speaking or 0.0)
    return Heard(said, clip.truth)


def average_precision(said: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    right = truth[np.argsort(-said, kind="stable")]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float((precision * right).sum() / max(1, right.sum()))


def delays_ms(found: Heard) -> list[float]:
    """Return from each beginning of speech the time until its speaker is named; 3 s for never."""
    delays = []
    for said, truth in zip(found.said, found.truth, strict=True):
        for begin in np.flatnonzero(np.diff(truth.astype(int), prepend=0) == 1):
            end = begin + int(np.argmin(np.append(truth[begin:], False)))
            named = np.flatnonzero(said[begin:end] >= SPEAKS)
            delays.append(1000 * float(named[0]) / FPS if len(named) else 3000.0)
    return delays


def row(name: str, results: list[Heard]) -> str:
    said = np.concatenate([found.said.ravel() for found in results])
    truth = np.concatenate([found.truth.ravel() for found in results])
    wrong = np.concatenate(
        [((found.said >= SPEAKS) & ~found.truth).any(axis=0) for found in results]
    )
    text = f"{name:28} {'':6} {'':6} {'':6} {100 * wrong.mean():6.1f}"
    if truth.any():
        delay = np.median([delay for found in results for delay in delays_ms(found)])
        hit = (said >= SPEAKS)[truth].mean()
        text = (f"{name:28} {average_precision(said, truth):6.3f} {100 * hit:6.0f} {delay:6.0f}"
                f" {100 * wrong.mean():6.1f}")  # fmt: skip
    return text


LOOKS = {
    "listen, without landmarks": Look(),
    "lips, without landmarks": Look(),
    "foreign, without landmarks": Look(),
    "listen, face 60 px": Look(width=216),
    "listen, mouth half hidden": Look(hidden=True),
    "listen, squeezed by 40 %": Look(turned=0.4),
    "lips, face 60 px": Look(width=216),
    "listen, 15 frames a second": Look(fps=15),
    "lips, 15 frames a second": Look(fps=15),
    "lips, mouth half hidden": Look(hidden=True),
    "lips, squeezed by 40 %": Look(turned=0.4),
}


def main(folds: int = FOLDS, first: int = 0) -> int:
    live: dict[str, list[Heard]] = defaultdict(list)
    fast: dict[str, list[Heard]] = defaultdict(list)
    order = [str(name) for name in np.random.default_rng(1).permutation(NAMES)]
    with tempfile.TemporaryDirectory() as folder:
        path, file = Path(folder) / "clip.mkv", str(Path(folder) / "learned.npz")
        for fold in range(first, first + folds):
            test = [order[(3 * fold + i) % len(order)] for i in range(2 + fold % 3)]
            train = tuple(name for name in NAMES if name not in test)
            write(learned(train), file)
            for kind in KINDS:
                draw = np.random.default_rng((fold, KINDS.index(kind)))
                clip = compose(path, kind, test, list(train), draw)
                fast[kind].append(heard(clip, file))
                live[kind].append(heard(clip, file, offline=True, pace="realtime"))
            for name, look in LOOKS.items():
                kind = name.split(",")[0]
                draw = np.random.default_rng((fold, KINDS.index(kind)))
                clip = compose(path, kind, test, list(train), draw, look)
                seen = "landmarks" not in name
                live[name].append(heard(clip, file, seen, offline=True, pace="realtime"))
            print(f"fold {fold + 1 - first} of {folds}", file=sys.stderr, flush=True)
    print(f"{'':28} {'AP':>6} {'hit %':>6} {'ms':>6} {'wrong %':>6}")
    for name, results in live.items():
        print(row(name, results))
    print("with 0.2 s of what comes after")
    for name, results in fast.items():
        print(row(name, results))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
