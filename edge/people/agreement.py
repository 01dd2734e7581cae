"""How well each person's lips go with what is heard."""

import msgspec
import numpy as np

from edge.audio.loudness import SECOND, Loudness
from edge.audio.voice_activity import FULL_SCALE, heard
from edge.io.frames import Frame
from edge.io.sounds import Sound
from edge.people.av_offset import REACH, OffsetMeter
from edge.people.lip_flow import LipFlow
from edge.people.lip_sync import LONGEST, SHIFTS, LipSync, compared, statistics
from edge.people.lips import GAP_US, TICK_US, LipTrack, lip_shapes
from edge.people.results import FrameResult
from edge.people.rows import face_rows
from edge.vision.faces import Meshes
from edge.vision.targets import Floats

ROOM = LONGEST + int(SHIFTS[-1])
"""Ticks of sound that a look back takes."""
LATEST = 15
"""Ticks by which sound may lag behind the picture: 0.6 s, more than wireless microphones do."""
LEAST_FACE = 24
"""Pixels of height: in a smaller face a mouth opens by less than two."""


class AgreementSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How lips are followed, and how late sound is."""

    forget_us: int = 2_000_000
    """Lips not seen for so long are begun anew."""
    follow_offset: bool = True
    """Follow how late sound is, while people speak."""
    drift_us: int = 20_000
    """Sound that seems late by less is left as it is: half a tick is what ten seconds of speech
    can tell."""
    correction: float = 0.5
    """Of what is found, so much is believed each time: drift is slow, speakers are mistaken for
    one another."""


class Agreement:
    """The lips of everybody in view, and the sound of the last few seconds.

    `late_us`: how much later sound arrives than the picture of the same moment.
    """

    def __init__(self, learned: LipSync, settings: AgreementSettings, late_us: int = 0) -> None:
        self.settings = settings
        self.learned = learned
        self.loudness = Loudness((ROOM + 2 * LATEST) * TICK_US / SECOND)
        self.tracks: dict[int, LipTrack] = {}
        self.flows: dict[int, LipFlow] = {}  # of those without landmarks
        self.seen_at: dict[int, int] = {}
        self.first_sound: int | None = None
        self.late_us = late_us
        self.offset = OffsetMeter(learned.weights)

    def hear(self, chunk: Sound) -> None:
        if self.first_sound is None:
            self.first_sound = chunk.t
        self.loudness.add(heard(chunk).astype(np.float32) / np.float32(FULL_SCALE), chunk.t)

    def see(self, t: int, frame: Frame, people: FrameResult, meshes: Meshes | None) -> None:
        """Follow everybody's lips: by landmarks, or by flow where these can't be trusted."""
        rows = face_rows(people, meshes)
        if meshes is not None and rows:
            shapes, sizes = lip_shapes(meshes.landmarks[list(rows.values())])
            for id_, shape, size in zip(rows, shapes, sizes, strict=True):
                self._track(t, id_, self.learned.lips).see(t, shape, float(size))
                self.flows.pop(id_, None)
        for person in people.people:
            if person.face and person.id not in rows and person.face.box[3] >= LEAST_FACE:
                flow = self.flows.setdefault(person.id, LipFlow())
                gone = flow.see(frame.grey, person.face.box)
                self._track(t, person.id, self.learned.flow).see(t, gone, 1.0)
        for id_, seen_at in list(self.seen_at.items()):
            if t - seen_at > self.settings.forget_us:
                del self.tracks[id_], self.seen_at[id_]
                self.flows.pop(id_, None)

    def _track(self, t: int, id_: int, projection: Floats) -> LipTrack:
        """Return what somebody's lips are followed with, begun anew where that is now another."""
        self.seen_at[id_] = t
        track = self.tracks.get(id_)
        if track is None or track.projection is not projection:
            track = self.tracks[id_] = LipTrack(projection, LONGEST + LATEST)
        return track

    def log_odds(
        self, t: int, people: FrameResult, spoken_since: int | None, speaker: int | None
    ) -> dict[int, float]:
        """Return the log odds that each person whose lips are seen is who is heard at t, µs.

        `spoken_since`: when what is heard now began, None where nobody speaks. `speaker`: who is
        taken for the one heard so far.
        """
        if spoken_since is None or self.first_sound is None:
            return {}
        newest = (self.loudness.complete_us - self.late_us) // TICK_US
        spoken_tick = (spoken_since - self.late_us) // TICK_US
        heard_tick = (self.first_sound - self.late_us) // TICK_US
        alone = len(people.people) == 1
        sounds: dict[int, Floats] = {}
        found = {}
        for person in people.people:
            track = self.tracks.get(person.id)
            if track is None or t - self.seen_at[person.id] > GAP_US or not track.known:
                continue
            tick = min(track.tick, newest)
            back = track.tick - tick
            if back > LATEST:
                continue  # what lips did so long ago is no longer held
            if tick not in sounds:
                sounds[tick] = self._sound(tick)
            moves, known = track.moves[: len(track.moves) - back], max(1, track.known - back)
            if alone or person.id == speaker:
                self._measure_offset(tick, moves, sounds[tick], known)
            found[person.id] = statistics(
                moves,
                sounds[tick],
                self.learned.weights,
                max(0, tick - spoken_tick),
                known,
                tick - heard_tick,
            )
        if not found:
            return {}
        odds = self.learned.log_odds(compared(np.array(list(found.values()))))
        return dict(zip(found, odds.tolist(), strict=True))

    def _sound(self, tick: int) -> Floats:
        """Return what lips at the ticks up to this one are compared with."""
        ticks = np.arange(tick - ROOM + 1, tick + 1, dtype=np.int64)
        return self.loudness.features(ticks * TICK_US + self.late_us) @ self.learned.sound

    def _measure_offset(self, tick: int, moves: Floats, sound: Floats, known: int) -> None:
        """Take one more tick of somebody who is surely heard as a witness of how late sound is."""
        if known > 2 * REACH:
            self.offset.add(tick, moves, sound)
        if not self.settings.follow_offset:
            return
        late_us = self.offset.late_us()
        if late_us is None:
            return
        self.offset.reset()
        if abs(late_us) >= self.settings.drift_us:
            self.late_us += round(self.settings.correction * late_us)
