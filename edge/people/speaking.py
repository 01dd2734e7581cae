"""Who of the people in view is heard."""

import math
from collections import deque
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from edge.audio.direction import Direction
from edge.audio.turns import Turns, TurnSettings
from edge.audio.voice_activity import Activity
from edge.audio.voices import Voice
from edge.graph.node import Context, Node, Packet, Window
from edge.io.frames import Frame
from edge.io.sounds import Sound
from edge.paths import resource
from edge.people.agreement import Agreement, AgreementSettings
from edge.people.lip_sync import FILE, LipSync, competed
from edge.people.lips import TICK_US
from edge.people.results import FrameResult, Person
from edge.people.voices import Bindings, BindingSettings
from edge.vision.faces import Meshes
from edge.vision.targets import Floats

SECOND = 1_000_000


class SpeakingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When somebody is taken for the speaker."""

    speaks: float = 0.5
    """From this probability on somebody is seen to speak."""
    doubt: float = 1.0
    """Taken from everybody's log odds: lips that move to something else than what is heard seem to
    go with it for a while, and to name nobody is the smaller mistake."""
    share: float = 0.7
    """How much the others' odds count against one's own; below 1, for two may speak at once."""
    toward: float = 1.5
    """Added to the log odds of whom sound comes from, and taken from those far off: as much as a
    second of agreeing lips. Where two microphones hear only noise it is far less."""
    beside_deg: float = 12.0
    """So far beside a face sound may seem to come from: what rooms and two microphones leave."""
    sure: float = 0.3
    """The confidence from which on a direction is believed: voices at 20 dB above the noise."""
    own_voice: float = 1.0
    """Added to the log odds of whom a voice is known to belong to, taken from the others'."""
    denied: float = 0.1
    """Below this probability lips outweigh whose voice it seems to be: voices are taken for one
    another where they are new."""
    unseen: float = 0.8
    """The probability of somebody whose lips can't be seen, and whose voice this is."""
    pause_us: int = 300_000
    """Speech goes on after so short a pause; what was said before it counts."""
    fading: float = 0.4
    """Where a voice is less likely than this, so is that anybody is heard, in proportion."""


class Waiting(NamedTuple):
    t: int
    people: FrameResult


class Speaking(Node):
    """Says who of the people in view is heard, and tells of speech.

    `frame`: the picture. `people`: who is in it. `meshes`: their faces' landmarks. `sound`: 16 kHz.
    `activity`: when somebody speaks. `voices`: whose voice that is; may be unwired. `direction`:
    where it comes from, by two microphones at the camera; may be unwired.
    Output: the same `FrameResult`, in which everybody has `speaking`, the probability that they are
    the one heard, wherever there was sound, and `voice` once it is known whose is whose. In real
    time it looks at what came before; at fast pace also at the 0.2 s after.
    It is how well the movement of somebody's lips explains the sound, against how well chance
    would (`edge.people.lip_sync`); nobody in view may be the one.
    Events: `speech_started`, `speech_ended`, with `person` and `voice` as far as known; of somebody
    out of view, `voice` is "offscreen-N". Their t is when speech began or ended. `sync`, with
    `late_ms`: so much later than the picture sound is taken to be from now on.
    """

    lookahead_ms = 200

    class Settings(Node.Settings):
        learned: str = ""
        """Another file made by `python -m calibration.conversation`, for trying it."""
        sound_late_ms: float = 0.0
        """How much later sound arrives than the picture of the same moment: `edge calibrate sync`
        measures it for a camera and a microphone, and runs with these find it."""
        field_of_view_deg: Annotated[float, Meta(ge=0, lt=180)] = 0.0
        """Of the camera, from side to side, for directions of sound; 0: not known, not used."""
        agreement: AgreementSettings = AgreementSettings()
        speaking: SpeakingSettings = SpeakingSettings()
        binding: BindingSettings = BindingSettings()
        turns: TurnSettings = TurnSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        learned = LipSync.load(self.settings.learned or resource(FILE))
        late_us = round(1000 * self.settings.sound_late_ms)
        self.agreement = Agreement(learned, self.settings.agreement, late_us)
        self.log_odds: dict[int, float] = {}  # of those whose lips are seen
        self.heard: int | None = None  # who was seen to speak last
        self.bindings = Bindings(self.settings.binding)
        self.turns: Turns[int] = Turns(self.settings.turns)
        self.activities: deque[Activity] = deque(maxlen=64)
        self.voice: Voice | None = None
        self.direction: Direction | None = None
        self.names: dict[int, str] = {}  # of voices by number
        self.spoken_since: int | None = None
        self.waiting: deque[Waiting] = deque()
        self.before: int | None = None

    def process(
        self,
        frame: Frame,
        people: FrameResult,
        meshes: Meshes | None,
        sound: Window[Sound],
        activity: Window[Activity],
        voices: Window[Voice],
        direction: Window[Direction],
    ) -> list[Packet[FrameResult]]:
        self._hear(activity)
        if voices:
            self.voice = voices[-1]
            self.names[self.voice.number] = self.voice.name
        self.direction = direction[-1] if direction else None
        for chunk in sound:
            self.agreement.hear(chunk)
        self.agreement.see(self.t, frame, people, meshes)
        since = self.spoken_since if self._loud(self.t) else None
        late_us = self.agreement.late_us
        self.log_odds = self.agreement.log_odds(self.t, people, since, self.heard)
        if self.agreement.late_us != late_us:
            self.context.event("sync", late_ms=round(self.agreement.late_us / 1000))
        self.waiting.append(Waiting(self.t, people))
        patience = 0 if self.context.live else self.lookahead_ms * 1000
        return list(self._settled(self.t - patience))

    def finish(self) -> list[Packet[FrameResult]]:
        settled = list(self._settled(self.t))
        for said in self.turns.finish():
            self._tell(said.kind, said.t, said.who)
        return settled

    def _hear(self, activity: list[Activity]) -> None:
        for now in activity:
            last = self.activities[-1] if self.activities else None
            if now.since is not None and (last is None or last.since is None):
                paused = now.since - (self._last_spoken() or -SECOND)
                if self.spoken_since is None or paused > self.settings.speaking.pause_us:
                    self.spoken_since = now.since
            self.activities.append(now)

    def _last_spoken(self) -> int | None:
        return next((a.end for a in reversed(self.activities) if a.since is not None), None)

    def _loud(self, t: int) -> Activity | None:
        """Return the activity that says somebody speaks at t, if one does."""
        for activity in reversed(self.activities):
            if activity.since is not None and activity.since <= t < activity.end + TICK_US:
                return activity
            if activity.since is None and activity.t <= t:
                return None
        return None

    def _settled(self, until: int) -> Iterator[Packet[FrameResult]]:
        while self.waiting and self.waiting[0].t <= until:
            t, people = self.waiting.popleft()
            yield Packet(t, self._answered(t, people))

    def _answered(self, t: int, people: FrameResult) -> FrameResult:
        """Return the result with who is heard in it, and tell of turns that begin or end."""
        passed_s = min(0.2, (t - self.before) / SECOND) if self.before is not None else 0.0
        self.before = t
        newest = self.activities[-1] if self.activities else None
        if newest is None or t - newest.end > SECOND // 2:
            return people  # no sound
        activity = self._loud(t)
        voice = self.voice
        if activity is None or voice is None or t - voice.end > SECOND // 2:
            voice = None
        speaking = self._probabilities(people, voice) if activity else {}
        if activity is not None:
            heard_at_all = min(1.0, activity.probability / self.settings.speaking.fading)
            speaking = {id_: heard_at_all * p for id_, p in speaking.items()}
        self._follow(t, activity or newest, voice, speaking, passed_s)
        return msgspec.structs.replace(
            people, people=[self._person(person, speaking) for person in people.people]
        )

    def _probabilities(self, people: FrameResult, voice: Voice | None) -> dict[int, float]:
        """Return how likely each person is who is heard, as far as lips or voice tell."""
        settings = self.settings.speaking
        owner = self.bindings.person(voice.number) if voice else None
        ids = [person.id for person in people.people if person.id in self.log_odds]
        odds = np.array([self.log_odds[id_] for id_ in ids], np.float32) - settings.doubt
        if self.direction is not None and self.settings.field_of_view_deg:
            faces = [person for person in people.people if person.id in self.log_odds]
            odds += self._toward(self.direction, faces, people.size[0])
        if owner is not None:
            odds += np.where(np.array(ids) == owner, settings.own_voice, -settings.own_voice)
        found = dict(zip(ids, competed(odds, settings.share).tolist(), strict=True))
        if owner is not None and owner not in found:
            found[owner] = settings.unseen * (1 - max(found.values(), default=0.0))
        return found

    def _toward(self, direction: Direction, people: list[Person], width: int) -> Floats:
        """Return what the direction of sound adds to the log odds of each person."""
        settings = self.settings.speaking
        reach = math.tan(math.radians(self.settings.field_of_view_deg / 2))
        middles = np.array([person.box[0] + person.box[2] / 2 for person in people])
        azimuths = np.degrees(np.arctan((2 * middles / width - 1) * reach))
        beside = (azimuths - direction.azimuth_deg) / settings.beside_deg
        sure = min(1.0, direction.confidence / settings.sure)
        return np.asarray(settings.toward * sure * (2 * np.exp(-(beside**2) / 2) - 1), np.float32)

    def _person(self, person: Person, speaking: dict[int, float]) -> Person:
        voice = self.bindings.voice(person.id)
        known = {} if voice is None else {"voice": self.names[voice]}
        speaks = round(float(speaking.get(person.id, 0.0)), 3)
        return msgspec.structs.replace(person, speaking=speaks, **known)

    def _follow(
        self,
        t: int,
        activity: Activity,
        voice: Voice | None,
        speaking: dict[int, float],
        passed_s: float,
    ) -> None:
        """Learn whose voice this is, and tell of turns; in them, who is out of view is below 0."""
        who = self.bindings.person(voice.number) if voice is not None else None
        if who in self.log_odds and speaking.get(who, 0.0) < self.settings.speaking.denied:
            who = None  # their lips are seen, and say that it isn't them
        self.heard = None
        best = max(speaking, key=lambda id_: speaking[id_], default=None)
        if best is not None and speaking[best] >= self.settings.speaking.speaks:
            who = self.heard = best
            if voice is not None:
                self.bindings.add(voice.number, best, passed_s)
        offscreen = None if voice is None else -voice.number
        for said in self.turns.hear(activity, who, t, otherwise=offscreen):
            self._tell(said.kind, said.t, said.who)

    def _tell(self, kind: str, t: int, who: int | None) -> None:
        if who is None:
            self.context.event(kind, at=t)
        elif who < 0:
            self.context.event(kind, at=t, voice=self.names[-who].replace("voice-", "offscreen-"))
        else:
            voice = self.bindings.voice(who)
            known = {} if voice is None else {"voice": self.names[voice]}
            self.context.event(kind, at=t, person=who, **known)
