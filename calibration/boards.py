"""`python -m calibration.boards`: profiles of boards that aren't here, estimated from x86.yaml.

Each model's time on this processor is multiplied by how much slower a board is at work of its kind
by published measurements; what a node does beside its models by how much slower it is at any work.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec

from edge.graph.profile import Accelerated, Profile

FOLDER = Path(__file__).parent / "profiles"
XNNPACK = (
    "XNNPACK's own end2end-bench (README, 8 February 2022): MobileNet v2, 300 M multiply-adds, on "
    "all four cores"
)
CORAL = "Coral's own table (coral.ai/docs/edgetpu/benchmarks)"
HERE = {"float": 23.9, "int8": 44.7}
"""This processor, one thread: median of the shipped models' multiply-adds, 10⁹ a second."""
FOUR_CORES = 3.2
"""How much faster four cores are than one, where nothing was published of one."""
MOBILENET_V2 = 0.3
"""Multiply-adds, 10⁹."""
EDGE_TPU = ("face_near", "face_landmarks_468", "iris")
"""Models of which a variant runs on an Edge TPU as a whole: `edge models lint`."""
EDGE_TPU_W = 2.0
"""4 TOPS at half a watt each, Coral's table."""


class Board(NamedTuple):
    """`ms`: MobileNet v2 on four cores, by kind of weights. `other`: how many times as long all
    else takes. `tpu_ms`: a small model on the Edge TPU."""

    name: str
    ms: dict[str, float]
    other: float
    idle_w: float
    watts_per_core: float
    source: str
    tpu_ms: float | None = None


PI4_POWER = "2.7 W idle, 6.4 W with four cores busy (stress), measured by users at the plug"
BOARDS = [
    Board("rpi4", {"float": 46, "int8": 17}, 5.0, 2.7, 0.93,
          f"{XNNPACK} of a Raspberry Pi 4 in 64 bits: 46 ms float, 17 ms int8. {PI4_POWER}."),
    Board("rpi5", {"float": 18.4, "int8": 5.7}, 2.2, 3.0, 2.2,
          "Raspberry Pi 4's times by 2.5 (float) and 3.0 (int8, for which Cortex-A76 has an "
          "instruction): the makers say two to three times as fast. Up to 12 W at work and about "
          "3 W idle, as they say."),
    Board("coral_dev_board", {"float": 79, "int8": 30}, 9.0, 2.6, 0.6,
          f"{XNNPACK} of Cortex-A53 cores (Raspberry Pi 3+, 1.4 GHz): 79 ms float, 30 ms int8. "
          f"Edge TPU: {CORAL}: MobileNet v1 and v2 in 2.4 and 2.6 ms.", 2.6),
    Board("coral_usb", {"float": 46, "int8": 17}, 5.0, 3.6, 0.93,
          f"A Raspberry Pi 4 with the USB accelerator. {XNNPACK}. {CORAL}: MobileNet v1 and v2 in "
          f"2.4 and 2.6 ms over USB 3. {PI4_POWER}; the accelerator idle is 0.9 W more.", 2.6),
]  # fmt: skip


def estimate(board: Board, known: Profile) -> Profile:
    """Return a board's profile, from that of this processor."""
    slower = {
        kind: HERE[kind] * board.ms[kind] * FOUR_CORES / (1000 * MOBILENET_V2) for kind in HERE
    }

    def times(unit: str, by_threads: dict[int, float]) -> dict[int, float]:
        factor = slower["int8" if unit.endswith(("int8", "edgetpu", "published")) else "float"]
        return {threads: round(factor * ms, 2) for threads, ms in by_threads.items()}

    def others(costs: dict[str, float]) -> dict[str, float]:
        return {kind: round(board.other * ms, 3) for kind, ms in costs.items()}

    accelerated = {}
    if board.tpu_ms is not None:
        cost = Accelerated(ms=board.tpu_ms, mj=round(board.tpu_ms * EDGE_TPU_W, 2))
        accelerated = {f"{model}/{v}": cost for model in EDGE_TPU for v in ("int8", "edgetpu")}
    return msgspec.structs.replace(
        known,
        name=board.name,
        source="Estimated by calibration/boards.py. " + board.source,
        estimate=True,
        workers=4,
        watts_per_core=board.watts_per_core,
        idle_w=board.idle_w,
        wake_ms=round(board.other * known.wake_ms, 3),
        cost_ms=others(known.cost_ms),
        around_ms=others(known.around_ms),
        models={unit: times(unit, by_threads) for unit, by_threads in known.models.items()},
        accelerated=accelerated,
    )


def main() -> None:
    known = Profile.load(FOLDER / "x86.yaml")
    for board in BOARDS:
        path = FOLDER / f"{board.name}.yaml"
        path.write_bytes(msgspec.yaml.encode(estimate(board, known), order="deterministic"))
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
