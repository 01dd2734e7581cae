"""Who is measured beside whom: our graphs, and MediaPipe's solutions for the same work."""

from pathlib import Path
from typing import Any

from benchmarks.clip import Clip, crowds, decode, noisy_room
from benchmarks.contest import Contest, Contestant

MOST_PEOPLE = 6
NOTES = [
    "Every process has the same decoded frames in memory, in the order of colours that it takes. "
    "They play them forward and backward, a round each in turns, so all meet the same noise. Each "
    "frame is copied just before it is used, where a decoder would write it.",
    "Not counted: that copy, loading, what the first frames take.",
    "CPU: user and system time of the whole process, all its threads, per frame; both "
    "sides give their caller every landmark as Python objects, and a mask of the picture's size.",
    "graph: as shipped, at fast pace, workers as by default where no number is said; counting its "
    "parts is in it (10 µs a node). Its models: the variant named above, one thread each. "
    "MediaPipe: float models, video mode.",
    "seen: by a model in the very frame, per frame.",
    "ratio: to MediaPipe's, with the same room, in the same round.",
    "Each figure is the median of the rounds and, in brackets, what half of the rounds lay "
    "between.",
]
FACE_NOTES = [
    "FaceMesh: max_num_faces as said; refined: 478 landmarks. One face is in view. Room for two: "
    "whether there is a second has to be looked for.",
]
FACEMESH = {1: "FaceMesh", 2: "FaceMesh, room for two"}
FOUR = "MediaPipe's four"
SOLUTIONS: dict[str, dict[str, Any]] = {
    "FaceMesh": {"max_num_faces": 2, "refine_landmarks": True},
    "Hands": {"max_num_hands": 2},
    "Pose": {"model_complexity": 1},
    "SelfieSegmentation": {"model_selection": 1},
}


def _one(path: Path | None, start_s: float | None, folder: Path) -> list[Clip]:
    return [decode(path, start_s, folder)]


def _facemesh(max_faces: int, refine: bool = False) -> Contestant:
    name = FACEMESH[max_faces] + (", refined" if refine else "")
    options = {"max_num_faces": max_faces, "refine_landmarks": refine}
    return Contestant(name, {"solutions": {"FaceMesh": options}}, is_peer=True,
                      against=FACEMESH[max_faces])  # fmt: skip


def _faces(
    points: int, max_people: int = 1, workers: int | None = None, goal: float | None = None
) -> Contestant:
    room = ", room for two" if max_people == 2 else ""
    how = f", {workers} worker" if workers else ""
    options = {
        "graph": "faces",
        "max_people": max_people,
        "settings": [f"meshes.model=face_landmarks_{points}"],
        "workers": workers,
    }
    name = f"graph, {points} points{room}{how}"
    return Contestant(name, options, against=FACEMESH[max_people], goal=goal)


FACES = Contest(
    "faces",
    [
        _facemesh(1),
        _facemesh(1, refine=True),
        _facemesh(2),
        _faces(468, goal=0.8),
        _faces(468, workers=1),
        _faces(478, goal=1.3),
        _faces(478, workers=1),
        _faces(468, max_people=2),
    ],
    _one,
    NOTES + FACE_NOTES,
    variant="float",
)
PEOPLE = Contest(
    "people",
    [
        Contestant(FOUR, {"solutions": SOLUTIONS}, is_peer=True, against=FOUR),
        Contestant("graph, one person", {"graph": "people", "max_people": 1}, against=FOUR,
                   goal=0.5),
        Contestant("graph, one person, 1 worker",
                   {"graph": "people", "max_people": 1, "workers": 1}, against=FOUR),
        Contestant("graph, one person, device's choice",
                   {"graph": "people", "max_people": 1, "variant": None}, against=FOUR),
        Contestant("graph, room for two", {"graph": "people", "max_people": 2}, against=FOUR),
    ],
    _one,
    [
        *NOTES,
        "MediaPipe's four: FaceMesh (two faces, refined), Hands (two), Pose (full, one body) and "
        "SelfieSegmentation (landscape), one after the other. graph: graphs/people.yaml with "
        "--max-people 1 (a face, two hands, a body, the silhouette), or 2. device's choice: each "
        "model's variant and threads are what edge run would take here.",
    ],
)  # fmt: skip
HANDS = Contest(
    "hands",
    [
        Contestant("Hands", {"solutions": {"Hands": SOLUTIONS["Hands"]}}, is_peer=True,
                   against="Hands"),
        Contestant("graph, two hands", {"graph": "hands", "max_people": 1}, against="Hands",
                   goal=0.15, without="hands"),
    ],
    _one,
    [*NOTES, "The goal is for a clip without hands."],
)  # fmt: skip
ROOM = Contest(
    "an empty room",
    [
        Contestant(FOUR, {"solutions": SOLUTIONS}, is_peer=True, against=FOUR),
        Contestant("graph", {"graph": "people"}, against=FOUR),
    ],
    lambda path, start_s, folder: [noisy_room(path, start_s, folder)],
    [
        *NOTES,
        "One picture without anybody, by default the sample's wall, with a sensor's noise of 3 "
        "levels. graph: graphs/people.yaml as it is.",
    ],
)
SCALING = Contest(
    "scaling",
    [
        Contestant(f"{n} {'person' if n == 1 else 'people'}",
                   {"graph": "people", "max_people": MOST_PEOPLE}, clip=n - 1)
        for n in range(1, MOST_PEOPLE + 1)
    ],
    lambda path, start_s, folder: crowds(path, start_s, folder, MOST_PEOPLE),
    [
        *NOTES,
        "People in windows of a 720p picture, each from a clip of one person; the other windows "
        f"are grey. graph: graphs/people.yaml with --max-people {MOST_PEOPLE} all along.",
    ],
    per_person=True,
)  # fmt: skip
CONTESTS = {"faces": FACES, "people": PEOPLE, "hands": HANDS, "room": ROOM, "scaling": SCALING}
