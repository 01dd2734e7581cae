"""Who attends to the device, and who speaks to it."""

import msgspec
import numpy as np

from edge.audio.voice_activity import Activity
from edge.graph.node import Context, Latest, Node
from edge.io.frames import Frame
from edge.people.addressing import SECOND, Addressee, AddressingSettings, Angles, Said, Signs
from edge.people.head_pose import Matrix, direction
from edge.people.results import Face, FrameResult, Person
from edge.people.view import View, ViewSettings, ray


class Attention(Node):
    """Says of each person how much they attend to the device, and tells when they speak to it.

    `frame`: for its size, and whether it is mirrored. `people`: who is in it, with what `gaze` and
    `speaking` say of them. `activity`: when somebody speaks, for when speech began; unwired, it is
    known less exactly.
    Output: the same `FrameResult`, in which everybody has `attention`.
    Events: `addressed`, with `person`, `score` and `speech_t`, seconds, when that speech began, so
    that sound can be taken from then on; `addressed_ended`, with `person`.
    """

    class Settings(ViewSettings):
        device_mm: tuple[float, float] = (0.0, 0.0)
        """Where people look who look at the device, such as the middle of its screen: to the right
        of the camera, as they see it, and below."""
        forget_s: float = 3.0
        """Who isn't seen for longer is begun anew."""
        addressing: AddressingSettings = AddressingSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.view = View(self.settings, context)
        x, y = self.settings.device_mm
        # The viewer's right is the camera's left.
        self.device = np.array((-x, y, 0.0)) / 1000
        self.known: dict[int, Addressee] = {}
        self.speaker: tuple[int, int] | None = None  # who was heard last, and when
        self.zero = 0  # when the source's first frame was

    def process(self, frame: Frame, people: FrameResult, activity: Latest[Activity]) -> FrameResult:
        since = None if activity is None else activity.since
        self.zero = self.t - round(people.t * SECOND)
        seen = []
        for person in people.people:
            signs = self._signs(frame, person, since)
            known = self.known.setdefault(person.id, Addressee(self.settings.addressing))
            self._tell(person.id, known.see(signs))
            seen.append(msgspec.structs.replace(person, attention=round(known.attention, 3)))
        self._note_speaker(people)
        self._forget()
        return msgspec.structs.replace(people, people=seen)

    def finish(self) -> None:
        for id_, known in self.known.items():
            self._tell(id_, known.gone(known.t or 0))

    def _signs(self, frame: Frame, person: Person, since: int | None) -> Signs:
        face = person.face
        speaking = person.speaking if isinstance(person.speaking, float) else 0.0
        if since is not None and self.speaker is not None and self.speaker[0] != person.id:
            since = max(since, self.speaker[1])  # before it was somebody else's speech
        if not isinstance(face, Face) or not isinstance(face.yaw, float):
            return Signs(self.t, None, None, None, speaking, since)
        distance = face.distance_m if isinstance(face.distance_m, float) else None
        way = self._to_device(frame, face, distance)
        assert isinstance(face.pitch, float)
        gazing = None
        if isinstance(face.gaze, list):
            gazing = _against((face.gaze[0], face.gaze[1]), way)
        return Signs(
            self.t, _against((face.yaw, face.pitch), way), gazing, distance, speaking, since
        )

    def _to_device(self, frame: Frame, face: Face, distance: float | None) -> Angles:
        """Return where a face has to look to look at the device."""
        x, y, width, height = face.box
        middle = ray(self.view.of(frame), x + width / 2, y + height / 2, frame.mirrored)
        place: Matrix = middle * (distance or 1.0)
        return direction(self.device - place)

    def _note_speaker(self, people: FrameResult) -> None:
        for person in people.people:
            if (
                isinstance(person.speaking, float)
                and person.speaking >= self.settings.addressing.speaks
            ):
                self.speaker = person.id, self.t

    def _forget(self) -> None:
        limit = self.t - self.settings.forget_s * SECOND
        for id_ in [id_ for id_, known in self.known.items() if (known.t or 0) < limit]:
            known = self.known.pop(id_)
            self._tell(id_, known.gone(known.t or 0))

    def _tell(self, id_: int, said: list[Said]) -> None:
        for kind, t, score, speech_t in said:
            began = round((speech_t - self.zero) / SECOND, 3)
            more = {"speech_t": began} if kind == "addressed" else {}
            self.context.event(kind, at=t, person=id_, score=round(score, 3), **more)


def _against(seen: Angles, way: Angles) -> Angles:
    return (seen[0] - way[0] + 180) % 360 - 180, seen[1] - way[1]
