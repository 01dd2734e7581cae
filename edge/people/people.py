"""Turns what was seen into people who keep their ids."""

from msgspec import UNSET

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.people.results import Face, FrameResult, Person, rounded
from edge.people.tracks import SECOND, Tracks, TrackSettings
from edge.vision.bodies import Bodies
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.silhouette import Silhouette


class People(Node):
    """Says who is in each frame.

    `frame`: for its number, time and size. `faces`: what `face_landmarks` saw in it.
    Output: one `FrameResult` for every frame, people in the order of their ids; positions in
    pixels, t in seconds from the first frame that came here.
    Events: `person_entered` when a person is confirmed, `person_left` once they have been out of
    view for `tracks.forget_s`; who comes back before keeps the id, without an event. Pictures on
    their own (`frame.still`) show new people each.
    """

    class Settings(Node.Settings):
        landmarks: bool = False
        """Write the landmarks into the results: 15 kB a face and frame."""
        tracks: TrackSettings = TrackSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.tracks = Tracks(self.settings.tracks)
        self.first_t: int | None = None

    def process(
        self,
        frame: Frame,
        faces: Meshes | None,
        hands: Hands | None,
        bodies: Bodies | None,
        silhouette: Silhouette | None,
    ) -> FrameResult:
        assert faces is not None
        if self.first_t is None:
            self.first_t = self.t
        before = self.tracks.restart() if frame.still else []
        ids, entered, left, _ = self.tracks.update(self.t, faces.boxes)
        for kind, persons in (("person_left", before + left), ("person_entered", entered)):
            for person in persons:
                self.context.event(kind, person=person)
        return FrameResult(
            frame=frame.index,
            t=(self.t - self.first_t) / SECOND,
            size=list(frame.size),
            people=self._people(ids, faces),
        )

    def _people(self, ids: list[int], faces: Meshes) -> list[Person]:
        """Return the confirmed people."""
        rows = sorted((row for row, id_ in enumerate(ids) if id_), key=ids.__getitem__)
        boxes, scores = rounded(faces.boxes, 1), rounded(faces.scores, 3)
        people = []
        for row in rows:
            landmarks = rounded(faces.landmarks[row], 1) if self.settings.landmarks else UNSET
            face = Face(box=boxes[row], score=scores[row], landmarks=landmarks)
            people.append(
                Person(id=ids[row], box=face.box, score=face.score, fresh=True, face=face)
            )
        return people
