"""Whose voice is heard."""

from dataclasses import dataclass

import numpy as np

from edge.audio.clustering import Clustering, ClusteringSettings, Floats
from edge.audio.enrolled import enrolled
from edge.audio.features import SETTINGS as FEATURES
from edge.audio.features import mel_spectra, raised
from edge.audio.voice_activity import FULL_SCALE, RATE, SECOND, Activity, heard
from edge.graph.node import Context, Node
from edge.inference import load_model
from edge.io.sounds import Sound
from edge.paths import resource

STEPS = 160
"""Mel spectra that the voice encoder takes: 1.6 s."""
LEAST = 5
"""Stretches of a voice before it is compared with those enrolled: a single one is half noise."""
MEAN = "models/voice_mean.npy"


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose voice was heard in `begin` to `end`, µs.

    `number`: from 1 on. `name`: "voice-1" and so on, or as enrolled once it is known to be that.
    `embedding` (256,): of what was heard, of length 1. `whole`: there was as much of it as is
    listened to.
    """

    t: int
    begin: int
    end: int
    number: int
    name: str
    embedding: Floats
    whole: bool


class Voices(Node):
    """Says whose voice is heard, by name where it is enrolled, else by numbers that stay.

    `sound`: 16 kHz. `activity`: when somebody speaks.
    Output: a `Voice` each `every_s` of speech, about the middle of what it was told by; nothing
    while nobody speaks, or for speech shorter than `least_s`.
    """

    class Settings(Node.Settings):
        every_s: float = 0.2
        """So often it is asked whose voice this is: the shortest turns of a conversation."""
        window_s: float = 1.2
        """Of speech are listened to: shorter tells less of a voice, longer more often holds two.
        Less is only compared with what is known; it is like any other short stretch."""
        least_s: float = 0.4
        """Of speech, at least: below, it isn't the voice that decides."""
        pause_s: float = 0.4
        """After so long a pause somebody else may speak."""
        enrolled: bool = True
        """Know the voices of `edge voices`."""
        same_as_enrolled: float = 0.8
        """A voice so like an enrolled one, as a cosine about the mean of all, is that: one voice in
        two halves of a talk comes to 0.85 to 0.9, two of one sex in one room to 0.65 to 0.8."""
        clustering: ClusteringSettings = ClusteringSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = load_model("voice_embedding", threads=1, timed=False, work=context.work)
        self.mean = np.load(resource(MEAN))
        self.clustering = Clustering(self.mean, self.settings.clustering)
        known = enrolled() if self.settings.enrolled else {}
        self.known = {name: self._about(stretches) for name, stretches in known.items()}
        size = round((self.settings.window_s + 1.0) * RATE)
        self.recent = np.zeros(size, np.float32)  # the newest sound, up to `end`
        self.since: int | None = None
        self.told = self.spoken = 0  # up to when a voice was told, and speech heard, µs

    def process(self, sound: Sound, activity: Activity) -> Voice | None:
        samples = heard(sound)
        self.recent = np.roll(self.recent, -len(samples))
        self.recent[-len(samples) :] = samples / np.float32(FULL_SCALE)
        settings = self.settings
        if activity.since is None:
            return None
        if self.since is None or activity.since - self.spoken > settings.pause_s * SECOND:
            self.since = self.told = activity.since
        self.spoken = activity.end
        spoken_s = (activity.end - self.since) / SECOND
        if spoken_s < settings.least_s or activity.end - self.told < settings.every_s * SECOND:
            return None
        begin = max(self.since, activity.end - round(settings.window_s * SECOND))
        self.told = activity.end
        embedding = self._embedding((activity.end - begin) / SECOND)
        whole = begin > self.since
        number = self.clustering.voice(embedding, whole)
        if number == 0:
            return None
        name = self._name(number)
        return Voice(activity.t, begin, activity.end, number, name, embedding, whole)

    def _name(self, number: int) -> str:
        """Return what a voice is called: as the enrolled one that it is like, if there is one."""
        if self.known and len(stretches := self.clustering.stretches(number)) >= LEAST:
            here = self._about(stretches)
            likeness = {name: float(here @ voice) for name, voice in self.known.items()}
            name = max(likeness, key=lambda name: likeness[name])
            if likeness[name] >= self.settings.same_as_enrolled:
                return name
        return f"voice-{number}"

    def _about(self, stretches: Floats) -> Floats:
        """Return the direction (256,) in which a voice is unlike others."""
        own = stretches.mean(axis=0) - self.mean
        return np.asarray(own / max(float(np.linalg.norm(own)), 1e-9))

    def close(self) -> None:
        self.model.close()

    def _embedding(self, seconds: float) -> Floats:
        """Return the embedding (256,) of the newest sound, repeated where there is too little."""
        newest = self.recent[-round(seconds * RATE) :]
        spectra = mel_spectra(raised(newest))[: len(newest) // FEATURES.step]
        self.model.input()[0] = np.resize(spectra, (STEPS, FEATURES.bands))
        (embedding,) = self.model.invoke()[0]
        return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-9), np.float32)
