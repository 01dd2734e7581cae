"""Where heads are turned, how far off they are, and where their eyes look."""

import math
from dataclasses import dataclass

import msgspec
import numpy as np

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.io.intrinsics import Intrinsics
from edge.people.eyes import IRIS, IRIS_SEEN, Look, covered, iris_width, look, openness, within
from edge.people.gaze_correction import GazeCorrection, corrected, correction
from edge.people.head_pose import HeadPose, Matrix, angles, direction, head_pose
from edge.people.results import Face, FrameResult, Person
from edge.people.rows import face_rows, hands_of
from edge.people.view import View, ViewSettings
from edge.vision.faces import Meshes
from edge.vision.targets import Floats

FACE_SCATTER = 0.06
"""Faces are larger and smaller than the canonical one by so much, standard deviation."""
IRIS_SCATTER = 0.043
"""And irises than 11.7 mm, by half a millimetre."""
IRIS_OFF = 0.08
"""What an iris's width is off from one look to the next."""
LOOKS = 300
"""So many are remembered: whose face it is may turn out to be another's."""
LEAST_WIDE = 3.0
"""Pixels: a narrower iris's width is a guess."""
FRONTAL = 25.0
"""Degrees: only so far turned is an iris as wide as it is."""


class Display(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A screen in whose plane the camera is, such as a laptop's or a smart display's.

    `size`: width, height, mm. `camera`: where in it the camera is, mm from its top left corner, as
    its viewer sees it; one above the screen has a negative second number.
    """

    size: tuple[float, float]
    camera: tuple[float, float]


@dataclass(slots=True)
class _Size:
    """What a person's irises say of how far off they are, against what their face says:
    the logarithm's mean over `count` looks."""

    count: int = 0
    mean: float = 0.0

    def learn(self, ratio: float) -> None:
        self.count = min(self.count + 1, LOOKS)
        self.mean += (ratio - self.mean) / self.count

    @property
    def factor(self) -> float:
        """How much farther off this person is than a canonical face would be. Either is off by as
        much as people differ in it, so both have their say, by inverse variance."""
        if not self.count:
            return 1.0
        face, iris = FACE_SCATTER**2, IRIS_SCATTER**2 + IRIS_OFF**2 / self.count
        return math.exp(self.mean * face / (face + iris))


class Gaze(Node):
    """Adds to each face how the head is turned, how far off it is, where the eyes look and how
    open they are.

    `frame`: for its size, whether it is mirrored, and whether the eyes are covered. `people`: who
    is in it. `meshes`: their landmarks; gaze and eyes need those with irises (478).
    Output: the same `FrameResult`, with `yaw`, `pitch`, `roll`, `distance_m`, `eyes_open`, `gaze`,
    `gaze_sd`, and `gaze_point` where the display is known. What can't be told is left out: a gaze
    that may be off by more than `unknown_deg`, that of closed eyes, behind sunglasses or a hand.
    """

    class Settings(ViewSettings):
        display: Display | None = None
        """Where the screen is: with it, results say which point of it somebody looks at."""
        corrected: bool = True
        """Of a live camera: set gazes right by what `edge calibrate gaze` measured here."""
        unknown_deg: float = 11.0
        """A gaze that is less certain says no more than the head does: half of all glances go no
        farther from where the head is turned."""
        shut: float = 0.2
        """Of wide open: eyes less open than this look nowhere."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.view = View(self.settings, context)
        own = context.live and self.settings.corrected
        self.correction: GazeCorrection | None = correction() if own else None
        self.sizes: dict[int, _Size] = {}

    def process(self, frame: Frame, people: FrameResult, meshes: Meshes | None) -> FrameResult:
        rows = face_rows(people, meshes)
        for id_ in self.sizes.keys() - {person.id for person in people.people}:
            del self.sizes[id_]
        if meshes is None or not rows:
            return people
        camera = self.view.of(frame)
        held_up = [hand.box for person in people.people for hand in hands_of(person)]
        seen = [
            self._person(frame, person, meshes.landmarks[rows[person.id]], camera, held_up)
            if person.id in rows
            else person
            for person in people.people
        ]
        return msgspec.structs.replace(people, people=seen)

    def _person(
        self,
        frame: Frame,
        person: Person,
        landmarks: Floats,
        camera: Intrinsics,
        held_up: list[list[float]],
    ) -> Person:
        pose = head_pose(landmarks, camera)
        if pose is None:
            return person
        assert isinstance(person.face, Face)
        yaw, pitch, roll = angles(pose.rotation)
        way = -1 if frame.mirrored else 1
        said: dict[str, object] = {
            "yaw": round(way * yaw, 1),
            "pitch": round(pitch, 1),
            "roll": round(way * roll, 1),
        }
        factor = 1.0
        if len(landmarks) > 468:
            factor = self._factor(person.id, landmarks, pose, camera, yaw)
            open_ = openness(landmarks)
            # A mirrored picture's left eye is the right one.
            left_first = open_ if frame.mirrored else open_[::-1]
            said["eyes_open"] = [round(value, 2) for value in left_first]
            hidden = within(landmarks, held_up) or covered(landmarks, frame.grey)
            if max(open_) >= self.settings.shut and not hidden:
                said |= self._looks(frame, look(landmarks, pose, camera, open_), factor)
        distance = float(np.linalg.norm(pose.place)) * factor
        said["distance_m"] = round(distance, 3 if distance < 1 else 2)
        return msgspec.structs.replace(person, face=msgspec.structs.replace(person.face, **said))

    def _factor(
        self, id_: int, landmarks: Floats, pose: HeadPose, camera: Intrinsics, yaw: float
    ) -> float:
        """Return how much farther off this person is than a canonical face would be: what their
        irises say, of all looks together."""
        size = self.sizes.setdefault(id_, _Size())
        wide = iris_width(landmarks)
        if wide > LEAST_WIDE and abs(yaw) < FRONTAL:
            by_iris = camera.focal * IRIS * IRIS_SEEN / wide
            size.learn(math.log(by_iris / float(pose.place[2])))
        return size.factor

    def _looks(self, frame: Frame, seen: Look | None, factor: float) -> dict[str, object]:
        if seen is None or seen.sd > self.settings.unknown_deg:
            return {}
        way = seen.way if not frame.mirrored else seen.way * np.array((-1, 1, 1))
        place = seen.place * factor
        if frame.mirrored:
            place = place * np.array((-1, 1, 1))
        if self.correction is not None:
            way = corrected(way, self.correction)
        said: dict[str, object] = {
            "gaze": [round(angle, 1) for angle in direction(way)],
            "gaze_sd": round(seen.sd, 1),
        }
        point = self._point(way, place)
        if point is not None:
            said["gaze_point"] = [round(value) for value in point]
        return said

    def _point(self, way: Matrix, place: Matrix) -> tuple[float, float] | None:
        """Return where on the screen's plane that is, mm; None where it looks away from it."""
        display = self.settings.display
        if display is None or way[2] > -0.1:
            return None
        x, y = (place + way * (-place[2] / way[2]))[:2] * 1000
        # The viewer's right is the camera's left.
        return display.camera[0] - float(x), display.camera[1] + float(y)
