"""Where to look for faces: where they just were, on heads, and now and then anywhere."""

from dataclasses import replace

import numpy as np

from edge.graph.node import Context, Previous
from edge.io.frames import Frame
from edge.vision.anchors import FACE_FAR, FACE_NEAR
from edge.vision.bodies import Bodies, heads
from edge.vision.detection import Detections, merge_overlapping
from edge.vision.detector import MERGE_OVERLAP, NOTHING, Detector
from edge.vision.evidence import (
    NEAR_AROUND,
    SETTINGS,
    Candidate,
    Candidates,
    around,
    look_closer,
    look_turned,
    score_of,
)
from edge.vision.faces import QUARTERS, Faces, Meshes, eye_angles, regions_of_boxes
from edge.vision.lookout import SECOND, Looker, Lookout, LookSettings
from edge.vision.motion import Motion
from edge.vision.regions import whole
from edge.vision.targets import (
    Floats,
    Mask,
    centres,
    corners,
    extents,
    follow,
    join,
    newcomers,
    select,
    sizes,
)
from edge.vision.tiles import Tiles

MODELS = {"near": "face_near", "far": "face_far"}
RESOLVED = 16
"""Pixels of its input that the far model finds a face of in 9 of 10 places (a portrait, pasted at
any place of a grey picture, scores 0.76 to 0.93; at 12 pixels 0.67 to 0.89, at 8 0.3 to 0.6)."""
LARGE = 0.3
"""Faces wider than so much of the picture are the near model's."""
SHRUNKEN = 1.7
"""How much larger a face may be found than it is known."""
INNER = 2.0
"""How much larger a surer face is around the middle of what is then a part of it."""
NOWHERE = np.empty((0, 5), np.float32)


class FaceDetector(Looker):
    """Says where in each frame faces are to be looked for.

    `frame`: any size. `last`: what `face_landmarks` saw in the preceding frame; without it the
    detector runs on every frame that its beat allows and nothing is followed. `motion`: where
    something moves; without it anything may. `bodies`: those of the preceding frame; on their
    heads there should be faces.
    Output: one `Faces` for every frame, in pixels; followed faces first, then newly found ones,
    the largest first, at most `max_faces` together.
    The faces of the preceding frame are followed by their landmarks at no cost. The model looks at
    the whole picture only when there is a reason; see `edge.vision.lookout.Lookout`. Beyond its
    reasons there are `head` (a body's head has no face), `weak` (something that may be a face is
    looked at again, until it is one or not), `tile` (a part of the picture, at full resolution, for
    small faces) and `turned` (the picture lying on its side, or upside down).
    """

    class Settings(LookSettings):
        model: str = "auto"
        """`near` (BlazeFace short range: faces within about 2 m, a third of the cost), `far`
        (full range: about 5 m), the path of a model with the same outputs, or `auto`: each by the
        size that faces are expected to have where it looks."""
        max_faces: int = 4
        """A family on a sofa. Each face costs a run of the landmark model on every frame."""
        min_score: float = 0.4
        """Lower than the 0.5 or 0.6 that are usual: what passes by mistake costs one run of the
        landmark model, which refuses it; what is missed here is missed altogether."""
        weak_score: float = 0.1
        """What scores less isn't looked at again."""
        smallest: float = 40
        """Width in pixels of the smallest faces that tiles are made for."""
        tile_s: float = 0.1
        """Between tiles while something moves in them: all of a 1080p picture in 1.5 s."""
        tile_beat_s: float = 4.0
        """Between tiles while nothing moves: a face that was always there is found in a minute."""
        same_overlap: float = 0.4
        """A detection whose region shares more with a followed face's is that face: regions are
        half as large again as the faces, and two people cheek to cheek share less."""

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        settings = self.settings
        chosen = settings.model
        names = MODELS if chosen == "auto" else {"far": MODELS.get(chosen, chosen)}
        self.models = {
            place: Detector(
                name,
                (FACE_NEAR, FACE_FAR),
                settings,
                context,
                (-1, 1),
                "face detector",
                self.counts,
            )
            for place, name in names.items()
        }
        self.far = self.models["far"]
        self.near = self.models.get("near", self.far)
        self.lookout = Lookout(settings, settings.max_faces, context, self.counts)
        smallest = settings.smallest
        self.tiles = Tiles(smallest * self.far.side / RESOLVED, 2 * smallest)
        self.candidates = Candidates()
        self.tile_at = self.head_at = self.turned_at = 0
        self.turns = 0

    def process(
        self,
        frame: Frame,
        last: Previous[Meshes],
        motion: Motion | None,
        bodies: Previous[Bodies] = None,
    ) -> Faces:
        followable = self.lookout.followable(frame, self.t, last)
        known = follow(Faces, followable, self.t)
        room = self.settings.max_faces - len(known)
        reason = self.lookout.reason(frame, self.t, last, known, motion, may=self.may_look)
        if room > 0 and (reason is not None or self.may_look):
            known = self._with_more(frame, known, motion, bodies, reason, room)
        self.weigh(len(known))
        return known

    def _with_more(
        self,
        frame: Frame,
        known: Faces,
        motion: Motion | None,
        bodies: Bodies | None,
        reason: str | None,
        room: int,
    ) -> Faces:
        """Return what is known and what else the models find."""
        if frame.still:
            found = self._look_everywhere(frame)
        else:
            parts = self._look_for_more(frame, known, motion, bodies, reason)
            found = merged(parts)
            found = rows_of(found, found.scores >= self.settings.min_score)
        known = select(known, ~_shrunken(known.boxes, sizes(found.boxes)))
        found = rows_of(found, ~_inside(found.boxes, corners(known.boxes)))
        new = newcomers(self._faces(found), known, self.settings.same_overlap, room)
        return join(known, self._upright(frame, new))

    def close(self) -> None:
        for model in self.models.values():
            model.close()

    def _look_everywhere(self, frame: Frame) -> Detections:
        """Return the faces of a picture on its own: at all sizes, and however it is turned."""
        least = self.settings.min_score
        everything = whole(frame.size)[None]
        tiles = self.tiles.all(frame.size) if self.settings.model != "near" else NOWHERE
        parts = [self.far.look(frame, everything, least), self.near.look(frame, everything, least)]
        parts.append(self._in_tiles(frame, tiles, least))
        found = merged(parts)
        if not len(found.scores):
            found = merged([self._look_turned(frame, angle, least) for angle in QUARTERS])
        return found

    def _upright(self, frame: Frame, new: Faces) -> Faces:
        """Return new faces as they are turned: the detectors take those on their side for upright
        ones, and so would the landmark model."""
        boxes, regions = new.boxes.copy(), new.regions.copy()
        for row, box in enumerate(corners(new.boxes)):
            found = look_turned(self.near, frame, box, float(regions[row, 4]))
            if len(found.scores):
                boxes[row] = sizes(found.boxes)[0]
                regions[row] = regions_of_boxes(boxes[row][None], eye_angles(found.keypoints))[0]
        return replace(new, boxes=boxes, regions=regions)

    def _in_tiles(self, frame: Frame, tiles: Floats, least: float) -> Detections:
        """Return the small faces in tiles: larger ones are cut off, and seen in the whole."""
        if not len(tiles):
            return NOTHING
        self.counts["tiles"] += len(tiles)
        found = self.far.look(frame, tiles, least)
        small = np.ptp(found.boxes.reshape(-1, 2, 2), axis=1).max(axis=1, initial=0)
        return rows_of(found, small < tiles[0, 2] / 2)

    def _look_turned(self, frame: Frame, angle: float, least: float) -> Detections:
        return self.far.look(frame, turned(frame.size, angle)[None], least)

    def _look_for_more(
        self,
        frame: Frame,
        known: Faces,
        motion: Motion | None,
        bodies: Bodies | None,
        reason: str | None,
    ) -> list[Detections]:
        """Return what the models see where there is a reason to look at this frame."""
        parts = []
        if reason is not None:
            parts += self._look_at_all(frame, known, reason)
        elif (place := self.candidates.next(corners(known.boxes))) is not None:
            parts.append(self._again(frame, place))
        if bodies is not None and self.t - self.head_at >= self.settings.search_s * SECOND:
            parts += self._on_heads(frame, known, motion, bodies)
        if self.settings.model == "auto" and reason is None:
            parts += self._tile(frame, known, motion)
        return parts

    def _look_at_all(self, frame: Frame, known: Faces, reason: str) -> list[Detections]:
        everything, weak = whole(frame.size)[None], self.settings.weak_score
        parts = [self.far.look(frame, everything, weak)]
        widest = known.boxes[:, 2].max(initial=0)
        if not len(parts[0].scores) or widest > LARGE * min(frame.size):
            parts.append(self.near.look(frame, everything, self.settings.min_score))
        # Under a governor a frame has to be in time, and tiles have turns of their own.
        at_once = reason in ("first", "gap") and self.turn is None
        if at_once and self.settings.model == "auto":
            parts.append(self._in_tiles(frame, self.tiles.all(frame.size), weak))
        found = merged(parts)
        parts.append(self.candidates.see(self.t, found, everywhere=True))
        if (found.scores >= self.settings.min_score).any():
            return parts
        return [*parts, *self._turned_in_turn(frame, known)]

    def _turned_in_turn(self, frame: Frame, known: Faces) -> list[Detections]:
        """Look at the picture turned by one of three quarters, once a beat, while it's empty."""
        if len(known) or self.t - self.turned_at < self.settings.newcomers_s * SECOND:
            return []
        self.turned_at = self.t
        self.turns += 1
        self.lookout.note("turned")
        angle = QUARTERS[self.turns % len(QUARTERS)]
        return [self._look_turned(frame, angle, self.settings.min_score)]

    def _again(self, frame: Frame, place: Candidate) -> Detections:
        """Look again at what may be a face; return what has passed.

        The near model is quick to tell in most cases. Where it says no to what was more likely than
        not so far, the far one looks at all there is once more: blur and noise hide a face from the
        near model first.
        """
        self.lookout.note("weak")
        was_likely, box = place.total >= 0, place.box
        found = look_closer(self.near, frame, around(box, NEAR_AROUND), box, place.near)
        if was_likely and score_of(found) < SETTINGS.neutral:
            everything = whole(frame.size)[None]
            found = self.far.look(frame, everything, self.settings.weak_score)
            return self.candidates.see(self.t, found, everywhere=True)
        if not self.candidates.weigh(self.t, place, score_of(found)):
            return NOTHING
        return found._replace(scores=np.maximum(found.scores, np.float32(SETTINGS.passed)))

    def _on_heads(
        self, frame: Frame, known: Faces, motion: Motion | None, bodies: Bodies
    ) -> list[Detections]:
        boxes, angles, seen = heads(bodies)
        missing = seen & ~_taken(boxes, known.boxes)
        if motion is not None and self.t - self.head_at < self.settings.beat_s * SECOND:
            missing &= motion.inside(corners(boxes))
        if not missing.any():
            return []
        self.head_at = self.t
        places = zip(corners(boxes[missing]), angles[missing], strict=True)
        regions = np.array([around(box, NEAR_AROUND, angle) for box, angle in places])
        for _ in regions:
            self.lookout.note("head")
        return [self.near.look(frame, regions, self.settings.min_score)]

    def _tile(self, frame: Frame, known: Faces, motion: Motion | None) -> list[Detections]:
        """Look at the next tile if it is time, where something moves that isn't known first."""
        waited = (self.t - self.tile_at) / SECOND
        if waited < self.settings.tile_s:
            return []
        due = None
        if waited < self.lookout.calm * self.settings.tile_beat_s:
            if motion is None:
                return []
            due = _moving(motion, corners(known.boxes), self.tiles.all(frame.size))
        tile = self.tiles.next(frame.size, due)
        if not len(tile):
            return []
        self.tile_at = self.t
        self.lookout.note("tile")
        found = self._in_tiles(frame, tile, self.settings.weak_score)
        return [found, self.candidates.see(self.t, found, everywhere=False)]

    def _faces(self, found: Detections) -> Faces:
        boxes = sizes(found.boxes)
        regions = regions_of_boxes(boxes, eye_angles(found.keypoints.reshape(-1, 6, 2)))
        return Faces(self.t, boxes, regions, found.scores, np.zeros(len(boxes), bool))


def rows_of(found: Detections, rows: np.ndarray) -> Detections:
    return Detections(*(part[rows] for part in found))


def merged(parts: list[Detections]) -> Detections:
    """Return what several looks found, each thing once, best first."""
    parts = [part for part in parts if len(part.scores)]
    if not parts:
        return Detections(NOTHING.boxes, np.empty((0, 6, 2), np.float32), NOTHING.scores)
    joined = (np.concatenate(part) for part in zip(*parts, strict=True))
    found = merge_overlapping(Detections(*joined), MERGE_OVERLAP)
    larger = found.boxes[:, 2] - found.boxes[:, 0]
    inner = [np.zeros(1, bool)] + [
        _inside(found.boxes[row : row + 1], found.boxes[:row][larger[:row] > larger[row] * INNER])
        for row in range(1, len(found.scores))
    ]
    return rows_of(found, ~np.concatenate(inner))


def turned(size: tuple[int, int], angle: float) -> Floats:
    """Return the region of a whole picture that is turned by quarters."""
    width, height = size
    if abs(np.sin(angle)) > 0.5:
        width, height = height, width
    return np.array([size[0] / 2, size[1] / 2, width, height, angle], np.float32)


def _taken(heads: Floats, faces: Floats) -> Mask:
    """Return on which heads (n, 4: x, y, width, height) the middle of a face (m, 4) lies."""
    apart = np.linalg.norm(centres(heads)[:, None] - centres(faces)[None], axis=2)
    return np.asarray((apart < heads[:, None, 2]).any(axis=1))


def _shrunken(known: Floats, found: Floats) -> Mask:
    """Return which known faces (n, 4: x, y, width, height) are but a part of one that was found.

    The landmarks of a blurred face shrink from frame to frame, and the model doesn't notice.
    """
    apart = np.linalg.norm(centres(known)[:, None] - centres(found)[None], axis=2)
    part = apart < found[None, :, 2] / 2
    part &= found[None, :, 2:].max(axis=2) > SHRUNKEN * known[:, None, 2:].max(axis=2)
    return np.asarray(part.any(axis=1))


def _moving(motion: Motion, known: Floats, tiles: Floats) -> Mask:
    """Return (n,) in which tiles something moves outside of what is known."""
    rest = Motion(motion.t, motion.rest(known), motion.cell)
    return rest.inside(extents(tiles))


def _inside(found: Floats, known: Floats) -> Mask:
    """Return (n,) which boxes (n, 4) have their middle in a known face (m, 4): parts of it."""
    middles = ((found[:, :2] + found[:, 2:]) / 2)[:, None]
    inside = (middles > known[:, :2]) & (middles < known[:, 2:])
    return np.asarray((inside[..., 0] & inside[..., 1]).any(axis=1))
