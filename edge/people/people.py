"""Turns what was seen into people who keep their ids."""

import itertools

import numpy as np
from msgspec import UNSET, UnsetType

from edge.graph.node import Context, Node
from edge.io.frames import Frame
from edge.people.appearance import looks, make_tables
from edge.people.association import (
    AssociationSettings,
    Costs,
    joined_faces,
    joined_hands,
    reach_costs,
    wrist_costs,
)
from edge.people.owners import HandOwners, HandSettings, Owned
from edge.people.parts import NO_BODIES, NO_FACES, NO_HANDS, Parts, Rows, S, Sight, clean
from edge.people.results import FrameResult, Person
from edge.people.smoothing import Smoother, SmoothingSettings
from edge.people.tracks import SECOND, Tracks, TrackSettings, Update
from edge.vision.bodies import Bodies, heads
from edge.vision.detection import intersection_over_union
from edge.vision.faces import Meshes
from edge.vision.hands import Hands
from edge.vision.silhouette import Silhouette, at_size, png_base64
from edge.vision.targets import Floats, Mask, corners, select

SAME = 0.3
"""A face or body whose box shares so much with one of the preceding frame may be that one."""


class People(Node):
    """Says who is in each frame.

    `frame`: for its number, time and size. `faces`, `hands`, `bodies`, `silhouette`: what was seen
    in it; any may be unwired, or None on a frame.
    Output: one `FrameResult` for every frame, people in the order of their ids; positions in
    pixels, smoothed, t in seconds from the first frame that came here. Faces, bodies and hands of
    one human are one person (`edge.people.association`), who is known by their head
    (`edge.people.tracks`). A hand that belongs to nobody in view is a person who has nothing else;
    a person who is then seen with it takes over its id. Rows that aren't finite are dropped and
    counted as `invalid`.
    Events: `person_entered` when a person is confirmed, `person_left` once they have been out of
    view for `tracks.forget_s`; who comes back before keeps the id, without an event. Hands on their
    own make none. Pictures on their own (`frame.still`) show new people each, unsmoothed.
    """

    class Settings(Node.Settings):
        landmarks: bool = False
        """Write the landmarks into the results: 15 kB a face and frame."""
        masks: bool = False
        """Write the silhouette into the results: 5 kB a frame."""
        predict: bool = False
        """In real time say where all should be as the result comes out, not where they were as the
        frame was captured: for what reacts to people, not for what is drawn over that frame."""
        appearance: bool = True
        """Tell people apart by the colours of their clothes where motion doesn't."""
        faceless_s: float = 0.5
        """Where faces are looked for, a body without one is somebody once it was seen for so long:
        dolls, and clothes on a chair, are taken for bodies for 0.2 to 0.5 s. On the first frame
        it is somebody at once."""
        sure_face: float = 0.85
        """So sure a face may begin somebody without a body, too, though its landmarks can't be
        trusted: in noise, in the dark, turned away."""
        sure_face_s: float = 2.0
        """But only after so long, with a body or without: patterns of curtains pass for faces for
        up to a second, and dolls have bodies, too."""
        tracks: TrackSettings = TrackSettings()
        association: AssociationSettings = AssociationSettings()
        hands: HandSettings = HandSettings()
        smoothing: SmoothingSettings = SmoothingSettings()

    settings: Settings
    changeable = ("landmarks",)

    @classmethod
    def unread(cls, settings: Settings) -> tuple[str, ...]:
        return () if settings.masks else ("silhouette",)

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        if settings.appearance:
            make_tables()
        self.tracks = Tracks(settings.tracks)
        self.owners = HandOwners(settings.hands)
        self.smoother = Smoother(settings.smoothing)
        self.parts = Parts(self.smoother, landmarks=settings.landmarks)
        self.first_t: int | None = None
        self.ids = itertools.count(1)
        self.known: dict[int, int] = {}  # track: id of the person
        # By track: since when, and when last, somebody was seen without a trusted face, µs.
        self.faceless: dict[int, tuple[int, int]] = {}
        self.before: int | None = None
        self.passed = 0
        self.has_faces = False
        self.pairs: tuple[Floats, Floats] | None = None

    def process(
        self,
        frame: Frame,
        faces: Meshes | None,
        hands: Hands | None,
        bodies: Bodies | None,
        silhouette: Silhouette | None,
    ) -> FrameResult:
        if self.first_t is None:
            self.first_t = self.t
        self.parts.landmarks = self.settings.landmarks
        if frame.still:
            self._restart()
        first = self.before is None or frame.still
        self.passed = 10 * SECOND if first else self.t - (self.before or 0)  # nobody waits at first
        self.before = self.t
        self.has_faces = faces is not None
        sight = Sight(
            self.t,
            frame.size,
            self._clean(faces, NO_FACES),
            self._clean(hands, NO_HANDS),
            self._clean(bodies, NO_BODIES),
            self._age_s() if self.settings.predict else 0.0,
        )
        self.smoother.forget(self.t)
        return FrameResult(
            frame=frame.index,
            t=(self.t - self.first_t) / SECOND,
            size=list(frame.size),
            people=self._people(frame, sight),
            mask=self._mask(frame, silhouette),
        )

    def _age_s(self) -> float:
        """Return how old the frame is; at fast pace results have no age."""
        return max(0, self.context.now() - self.t) / SECOND if self.context.live else 0.0

    def _clean(self, seen: S | None, nothing: S) -> S:
        if seen is None or not len(seen):
            return nothing
        good, bad = clean(seen)
        if bad:
            self.counts["invalid"] += bad
        return good

    def _restart(self) -> None:
        """Begin anew: nobody goes on to the next picture."""
        self._leave(self.tracks.restart())
        self.owners.restart()
        self.smoother.restart()
        self.pairs = None

    def _leave(self, tracks: list[int]) -> None:
        for track in tracks:
            self.faceless.pop(track, None)
            id_ = self.known.pop(track, None)
            if id_ is not None:
                self.context.event("person_left", person=id_)

    def _people(self, frame: Frame, sight: Sight) -> list[Person]:
        """Return the confirmed people."""
        body_heads, _, _ = heads(sight.bodies)
        rows = self._joined(sight, body_heads)
        anchors = np.array(
            [sight.faces.boxes[face] if face >= 0 else body_heads[body] for face, body in rows],
            np.float32,
        ).reshape(-1, 4)
        fresh = [bool(sight.faces.fresh[f] if f >= 0 else sight.bodies.fresh[b]) for f, b in rows]
        update = self.tracks.update(self.t, anchors, self._looks(frame, anchors), fresh)
        self._leave(update.left)
        owned = self._owned(frame, sight, rows, anchors, update)
        found = []
        ids = [self.known.get(track, 0) for track in update.ids]
        for id_, (face, body), box_sd in zip(ids, rows, update.box_sd, strict=True):
            if id_:
                found.append((id_, Rows(face, body, owned.hands.pop(id_, [])), box_sd))
        for id_, hands in owned.hands.items():
            found.append((id_, Rows(-1, -1, hands), self.owners.box_sd[hands[0][0]]))
        found.sort(key=lambda person: person[0])
        return [self.parts.person(id_, sight, parts, box_sd) for id_, parts, box_sd in found]

    def _joined(self, sight: Sight, heads: Floats) -> list[tuple[int, int]]:
        """Return the rows of face and body of everybody seen, -1 for none."""
        faces, bodies = sight.faces, sight.bodies
        if not len(faces) or not len(bodies):
            self.pairs = None
            return [(row, -1) for row in range(len(faces))] + [
                (-1, row) for row in range(len(bodies))
            ]
        found = joined_faces(faces, bodies, heads, self._held(sight), self.settings.association)
        joined = [(face, body) for face, body in enumerate(found) if body >= 0]
        of_faces, of_bodies = ([pair[side] for pair in joined] for side in (0, 1))
        self.pairs = corners(faces.boxes[of_faces]), corners(bodies.boxes[of_bodies])
        taken = set(of_bodies)
        return list(enumerate(found)) + [
            (-1, row) for row in range(len(bodies)) if row not in taken
        ]

    def _held(self, sight: Sight) -> Mask:
        """Return (faces, bodies) which were probably joined in the preceding frame."""
        if self.pairs is None:
            return np.zeros((len(sight.faces), len(sight.bodies)), bool)
        boxes = corners(sight.faces.boxes), corners(sight.bodies.boxes)
        face, body = (
            intersection_over_union(now, then) > SAME
            for now, then in zip(boxes, self.pairs, strict=True)
        )
        return np.asarray((face[:, None] & body[None]).any(axis=2))

    def _looks(self, frame: Frame, anchors: Floats) -> Floats | None:
        """Return what those look like of whom the tracks ask."""
        if not self.settings.appearance or not len(anchors):
            return None
        needed = self.tracks.looks_needed(self.t, anchors)
        if not needed.any():
            return None
        return looks(frame.bgr, np.where(needed[:, None], anchors, np.float32(np.nan)))

    def _owned(
        self,
        frame: Frame,
        sight: Sight,
        rows: list[tuple[int, int]],
        anchors: Floats,
        update: Update,
    ) -> Owned:
        """Give ids to those who need one, and return whose the hands are."""
        hands, owners = sight.hands, self.owners
        owners.follow(self.t, hands)
        ids = [self.known.get(track, 0) for track in update.ids]
        arms = [-1] * len(hands)
        if len(hands) and len(rows):
            held = owners.held(ids)
            costs = self._arm_costs(frame, sight, rows, anchors, held)
            arms = joined_hands(costs, held, self.settings.association)
        for index, track in enumerate(update.ids):
            if (
                track
                and track not in self.known
                and self._is_somebody(frame, sight, track, rows[index])
            ):
                own = [row for row, arm in enumerate(arms) if arm >> 1 == index]
                self._enter(track, owners.alone_before(own))
        ids = [self.known.get(track, 0) for track in update.ids]
        whose = [(ids[arm >> 1], arm & 1) if arm >= 0 else (0, 0) for arm in arms]
        owned = owners.settle(self.t, hands, whose, set(self.known.values()), set(ids))
        for unnamed in [id_ for id_ in owned.hands if id_ < 0]:
            id_ = next(self.ids)
            owners.name(-1 - unnamed, id_)
            owned.hands[id_] = owned.hands.pop(unnamed)
        return owned

    def _is_somebody(self, frame: Frame, sight: Sight, track: int, rows: tuple[int, int]) -> bool:
        """Say whether those rows of face and body are enough to begin a person with.

        A face without landmarks goes on being somebody's; it begins somebody only if it is as sure
        as many looks make it.
        """
        face, body = rows
        if not self.has_faces or (face >= 0 and sight.faces.trusted[face]):
            return True
        if body < 0 and (frame.still or sight.faces.scores[face] < self.settings.sure_face):
            return frame.still
        since, last = self.faceless.get(track, (self.t - self.passed, self.t - self.passed))
        if self.t - last > self.passed:
            since = self.t  # with a gap it begins anew
        self.faceless[track] = since, self.t
        needed = self.settings.faceless_s if face < 0 else self.settings.sure_face_s
        return self.t - since >= needed * SECOND

    def _enter(self, track: int, alone: list[int]) -> None:
        """Give an id to a person: that of their hand, if it was there before."""
        self.known[track] = id_ = min(alone) if alone else next(self.ids)
        self.owners.adopted(id_)
        self.context.event("person_entered", person=id_)

    def _arm_costs(
        self,
        frame: Frame,
        sight: Sight,
        rows: list[tuple[int, int]],
        anchors: Floats,
        held: Mask,
    ) -> Costs:
        """Return how unlikely (hands, arms) it is whose each hand is; two arms a person."""
        settings = self.settings.association
        costs = reach_costs(sight.hands, anchors, settings)
        people = [index for index, (_, body) in enumerate(rows) if body >= 0]
        if not people:
            return costs
        bodies = select(sight.bodies, np.array([rows[index][1] for index in people]))
        arms = np.array([2 * index + side for index in people for side in (0, 1)])
        on_wrists, seen = wrist_costs(
            sight.hands, bodies, anchors[people], held[:, arms], frame.mirrored, settings
        )
        costs[:, arms] = np.where(seen, on_wrists, costs[:, arms])
        return costs

    def _mask(self, frame: Frame, silhouette: Silhouette | None) -> str | UnsetType:
        if silhouette is None or not self.settings.masks:
            return UNSET
        return png_base64(at_size(silhouette.mask, frame.size))
