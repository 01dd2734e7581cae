"""An empty, still room in real time: what does watching nothing cost?"""

from pathlib import Path

from benchmarks.clip import noisy_room
from benchmarks.contests import FOUR
from benchmarks.figures import Figure, Goal
from benchmarks.findings import Cell, Findings, Rows
from benchmarks.live import CLIP_NOTE, Options, task
from benchmarks.realtime import Played
from benchmarks.trials import Length, Ours, Theirs, in_turns, peer_is_here

GOAL_PERCENT = 3.0
"""What is asked for: of one core, capture and decoding apart."""
FULL, SHORT = Length(1024, rounds=3, warm_up=300), Length(90, rounds=1, warm_up=60)
"""Ten seconds of warm-up: a room counts as empty only when it has been for a while."""
NOTES = [
    CLIP_NOTE.replace("first two seconds", "first ten seconds (--short: two)"),
    "One picture without anybody, by default the sample's wall, with fresh sensor noise of 3 "
    "levels in each frame. people: graphs/people.yaml as it is, under its own budget, int8 models.",
    "without capture: without the thread that hands over frames and wakes the graph. MediaPipe's "
    "four has its newest frame at hand at no cost.",
]


def idle(options: Options, folder: Path) -> Findings:
    """Per cent of a core of the people graph in an empty room with sensor noise, in real time."""
    clip = noisy_room(options.clip, options.start_s, folder)
    length = SHORT if options.short else FULL
    ours = Ours("people", {"graph": "people", "variant": "int8"})
    players: list[Ours | Theirs] = [ours]
    if peer_is_here():
        players.append(Theirs(FOUR))
    played = in_turns(players, lambda each: task(clip, each, length), length.rounds, folder,
                      options.report)  # fmt: skip
    rows: Rows = []
    for player in players:
        found = played[player.name]
        row: dict[str, Cell] = {
            "": player.name,
            "without capture, % of a core": Figure.of([busy(each) for each in found]),
            "with it, % of a core": Figure.of(
                [100 * each.cpu_s / each.measured_s for each in found]
            ),
            "and with decoding, % of a core": Figure.of(
                [100 * each.all_s / each.measured_s for each in found]
            ),
            "worked on, % of the frames": worked_on(found),
        }
        rows.append(row)
    percent = float(Figure.of([busy(each) for each in played[ours.name]]))
    goals = [Goal.at_most("an empty room, of one core", percent, GOAL_PERCENT, "%")]
    width, height = clip.size
    title = f"An empty room: {clip.name}, {width} × {height}, 30 frames a second"
    return Findings(title, rows, goals, NOTES)


def busy(played: Played) -> float:
    """Return how much of a core was used, capture and decoding apart, %."""
    return 100 * (played.cpu_s - played.capture_s) / played.measured_s


def worked_on(played: list[Played]) -> float:
    """Return of how many frames there was a result, %; a rest is none."""
    results = sum(len(each.emissions) for each in played)
    lost = sum(sum(each.dropped.values()) for each in played)
    return 100 * results / (results + lost)
